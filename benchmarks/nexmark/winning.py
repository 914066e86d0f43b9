"""Queries over the winning bid of each auction: 4, 6, 9.

Winning is the highest price among the bids from the opening of an auction to its expiry, both included; of
several, the earliest; of several at one moment, that of the lowest bidder id.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from benchmarks.nexmark.first import First
from benchmarks.nexmark.site import FIELDS
from pulse import Aggregate, FlatMap, GroupByKey, Join, KeyBy, Select, col, mean
from pulse import max as highest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.nexmark.site import Site
    from pulse import PCollection

CLOSINGS = 10
"""How many of a seller's last closings query 6 averages over."""


def valid_bids(site: Site) -> PCollection:
    """Return each bid that was made while its auction was open, with the columns of the auction.

    The columns of the bid that an auction has too are ``bid_date_time`` and ``bid_extra``.
    """
    bids = site.bids | "as bids" >> Select(
        "auction", "bidder", "price", bid_date_time="date_time", bid_extra="extra"
    )
    in_time = "date_time <= bid_date_time and bid_date_time <= expires"
    return (site.auctions, bids) | "valid bids" >> Join({"id": "auction"}, where=in_time)


def q4(site: Site) -> PCollection:
    """Average the winning prices of each category."""
    return (
        valid_bids(site)
        | KeyBy("id", "category")
        | "final" >> Aggregate(final=highest("price"))
        | "categories" >> KeyBy("category")
        | Aggregate(avg=mean("final"))
    )


def q6(site: Site) -> PCollection:
    """Average, at each closing, the winning prices of the seller's last ten auctions."""
    closings = (
        valid_bids(site) | KeyBy("id", "seller", "expires") | "final" >> Aggregate(final=highest("price"))
    )
    return (
        closings
        | "sellers" >> KeyBy("seller")
        | GroupByKey(output="closings")
        | FlatMap(
            averages,
            schema={"seller": "int64", "auction": "int64", "expires": "timestamp(ms, UTC)", "avg": "double"},
        )
    )


def averages(group: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the closings of one seller in order, each with the average of the last ten."""
    closings = sorted(group["closings"], key=itemgetter("expires", "id"))
    for place, closing in enumerate(closings, 1):
        prices = [each["final"] for each in closings[max(place - CLOSINGS, 0) : place]]
        yield {
            "seller": group["seller"],
            "auction": closing["id"],
            "expires": closing["expires"],
            "avg": sum(prices) / len(prices),
        }


def q9(site: Site) -> PCollection:
    """Give the winning bid of each auction."""
    return (
        valid_bids(site)
        | KeyBy("id")
        | First(1, "-price", "bid_date_time", "bidder", "bid_extra")
        | Select(
            *FIELDS["auction"], col("id").alias("auction"), "bidder", "price", "bid_date_time", "bid_extra"
        )
    )
