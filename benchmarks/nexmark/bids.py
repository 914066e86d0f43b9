"""Queries that look at one bid at a time: 0, 1, 2, 14, 21, 22."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pulse import Filter, Select, WithColumns, col, lit, when

if TYPE_CHECKING:
    from benchmarks.nexmark.site import Site
    from pulse import PCollection

EUROS = col("price") * lit(Decimal("0.908"))
"""The price in another currency: ``decimal(23, 3)``, exact."""


def q0(site: Site) -> PCollection:
    """Give bids unchanged."""
    return site.bids | Select("auction", "bidder", "price", "date_time", "extra")


def q1(site: Site) -> PCollection:
    """Convert currencies."""
    return site.bids | Select("auction", "bidder", EUROS.alias("price"), "date_time", "extra")


def q2(site: Site) -> PCollection:
    """Select bids on some auctions."""
    return site.bids | Filter(col("auction") % 123 == 0) | Select("auction", "price")


def q14(site: Site) -> PCollection:
    """Compute, filter and classify by the time of day."""
    hour = col("date_time").dt.hour()
    day, night = hour.between(8, 18), (hour <= 6) | (hour >= 20)
    period = when(day).then("dayTime").when(night).then("nightTime").otherwise("otherTime")
    c_counts = col("extra").str.length() - col("extra").str.replace("c", "").str.length()
    return (
        site.bids
        | WithColumns(price=EUROS, bid_time_type=period, c_counts=c_counts)
        | Filter((col("price") > 1_000_000) & (col("price") < 50_000_000))
        | Select("auction", "bidder", "price", "bid_time_type", "date_time", "extra", "c_counts")
    )


def q21(site: Site) -> PCollection:
    """Add the id of the channel, by its name or from the URL."""
    channel = col("channel").str.lower()
    found = (
        when(channel == "apple")
        .then("0")
        .when(channel == "google")
        .then("1")
        .when(channel == "facebook")
        .then("2")
        .when(channel == "baidu")
        .then("3")
        .otherwise(col("url").str.extract("(&|^)channel_id=([^&]*)", 2))
    )
    return (
        site.bids
        | Select("auction", "bidder", "price", "channel", channel_id=found)
        | Filter(col("channel_id").is_not_null())
    )


def q22(site: Site) -> PCollection:
    """Split the URL into its directories."""
    parts = [col("url").str.split("/", n + 2).alias(f"dir{n}") for n in (1, 2, 3)]
    return site.bids | Select("auction", "bidder", "price", "channel", *parts)
