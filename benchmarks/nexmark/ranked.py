"""Queries that keep the first bids in an order: 18, 19."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.nexmark.first import First
from pulse import KeyBy

if TYPE_CHECKING:
    from benchmarks.nexmark.site import Site
    from pulse import PCollection


def q18(site: Site) -> PCollection:
    """Give the last bid of each person on each auction."""
    return site.bids | KeyBy("bidder", "auction") | First(1, "-date_time", "extra")


def q19(site: Site) -> PCollection:
    """Give the ten highest bids on each auction."""
    order = ("-price", "date_time", "bidder", "extra")
    return site.bids | KeyBy("auction") | First(10, *order, rank="rank_number")
