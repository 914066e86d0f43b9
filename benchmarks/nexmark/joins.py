"""Queries that bring several collections together: 3, 13, 20, 23."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse import Filter, Join, Lookup, Select, WithColumns, col

if TYPE_CHECKING:
    from benchmarks.nexmark.site import Site
    from pulse import PCollection

STATES = ["OR", "ID", "CA"]
CATEGORY = 10

BID = ("auction", "bidder", "price", "channel", "url", "bid_date_time", "bid_extra")
"""The columns of a bid, beside those of an auction."""

AUCTION = (
    *("item_name", "description", "initial_bid", "reserve", "auction_date_time"),
    *("expires", "seller", "category", "auction_extra"),
)
"""The columns of an auction, beside those of a bid."""


def q3(site: Site) -> PCollection:
    """Give the auctions of one category by sellers of some states."""
    auctions = site.auctions | Filter(col("category") == CATEGORY) | Select("seller", auction_id="id")
    persons = site.persons | "near" >> Filter(col("state").is_in(STATES))
    return (auctions, persons) | Join({"seller": "id"}) | Select("name", "city", "state", "auction_id")


def q13(site: Site) -> PCollection:
    """Add to each bid the value that a table has for its auction."""
    return (
        site.bids
        | WithColumns(key=col("auction") % 10_000)
        | Lookup(site.side, on="key")
        | Select("auction", "bidder", "price", "date_time", "value")
    )


def q20(site: Site) -> PCollection:
    """Give bids with their auctions, of one category."""
    auctions = _as_auctions(site) | Filter(col("category") == CATEGORY)
    found = (_as_bids(site), auctions) | Join({"auction": "id"})
    return found | Select(*BID, *AUCTION)


def q23(site: Site) -> PCollection:
    """Give bids with the person who bids, and with each auction that this person opened."""
    persons = site.persons | "as persons" >> WithColumns(person_extra="extra")
    by_whom = (_as_bids(site), persons) | "by whom" >> Join({"bidder": "id"})
    own = (by_whom, _as_auctions(site)) | "own auctions" >> Join({"bidder": "seller"})
    return own | Select(
        *("bidder", "price", "channel", "url", "bid_extra"),
        col("bidder").alias("person_id"),
        *("name", "email", "credit_card", "city", "state", "person_extra"),
        *(col("bidder").alias("seller") if name == "seller" else name for name in AUCTION),
    )


def _as_bids(site: Site) -> PCollection:
    """Return bids; the columns that all events have get names of their own."""
    renamed = WithColumns(bid_date_time="date_time", bid_extra="extra")
    return site.bids | renamed | "as bids" >> Select(*BID)


def _as_auctions(site: Site) -> PCollection:
    """Return auctions; the columns that all events have get names of their own."""
    renamed = WithColumns(auction_date_time="date_time", auction_extra="extra")
    return site.auctions | renamed | "as auctions" >> Select("id", *AUCTION)
