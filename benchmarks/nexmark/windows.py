"""Queries over windows of event time: 5, 7, 8, 11."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse import Aggregate, Distinct, Join, KeyBy, Select, Session, Sliding, Tumbling, Window, count
from pulse import max as highest

if TYPE_CHECKING:
    from benchmarks.nexmark.site import Site
    from pulse import PCollection


def q5(site: Site) -> PCollection:
    """Give the auctions with most bids of the last ten seconds, every two seconds."""
    counts = (
        site.bids
        | Window(Sliding("10s", "2s"))
        | KeyBy("auction")
        | "counts" >> Aggregate(num=count())
        | Select("auction", "num")
    )
    most = counts | Select("num") | "most" >> Aggregate(num=highest("num")) | "the most" >> Select("num")
    return (counts, most) | Join("num") | Select("window_start", "window_end", "auction", "num")


def q7(site: Site) -> PCollection:
    """Give the highest bids of every ten seconds."""
    bids = site.bids | Window(Tumbling("10s"))
    best = bids | Aggregate(price=highest("price")) | "highest" >> Select("price")
    return (
        (bids, best)
        | Join("price")
        | Select("window_start", "auction", "price", "bidder", "date_time", "extra")
    )


def q8(site: Site) -> PCollection:
    """Give the persons who opened an auction in the ten seconds in which they registered."""
    persons = site.persons | "new persons" >> Window(Tumbling("10s")) | Distinct("id", "name")
    sellers = site.auctions | "new auctions" >> Window(Tumbling("10s")) | Distinct("seller")
    return (persons, sellers) | Join({"id": "seller"}) | Select("id", "name", "window_start")


def q11(site: Site) -> PCollection:
    """Count the bids of a person until ten seconds pass without one."""
    return (
        site.bids
        | Window(Session("10s"))
        | KeyBy("bidder")
        | Aggregate(count=count())
        | Select("bidder", "count", start="window_start", end="window_end")
    )
