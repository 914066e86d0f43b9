"""Queries that report on every day: 15, 16, 17.

Bids are ranked by price: 1 below 10,000, 2 below 1,000,000, 3 from there on. A day is a window of event time,
so that its report comes when the day is over, and takes no memory after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse import Aggregate, Calendar, KeyBy, Select, Window, col, count, count_distinct, mean, when
from pulse import max as highest
from pulse import min as lowest
from pulse import sum as total

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.nexmark.site import Site
    from pulse import Expr, PCollection

PRICE = col("price")
RANKS = {
    "rank1": PRICE < 10_000,
    "rank2": (PRICE >= 10_000) & (PRICE < 1_000_000),
    "rank3": PRICE >= 1_000_000,
}


def _by_rank(what: str, aggregate: Callable[[str | Expr], Any], field: str) -> dict[str, Any]:
    """Return an aggregate of a field over all bids, and over those of each rank."""
    ranked = {rank: when(has).then(col(field)).otherwise(None) for rank, has in RANKS.items()}
    return {f"total_{what}": aggregate(field)} | {f"{r}_{what}": aggregate(x) for r, x in ranked.items()}


BIDS = _by_rank("bids", count, "price")
BIDDERS = _by_rank("bidders", count_distinct, "bidder")
AUCTIONS = _by_rank("auctions", count_distinct, "auction")
DAY = col("window_start").dt.strftime("%Y-%m-%d").alias("day")


def q15(site: Site) -> PCollection:
    """Report on the bids of each day."""
    return _days(site) | Aggregate(**BIDS, **BIDDERS, **AUCTIONS) | Select(DAY, *BIDS, *BIDDERS, *AUCTIONS)


def q16(site: Site) -> PCollection:
    """Report on the bids of each channel and day."""
    minute = highest(col("date_time").dt.strftime("%H:%M"))
    return (
        _days(site)
        | KeyBy("channel")
        | Aggregate(minute=minute, **BIDS, **BIDDERS, **AUCTIONS)
        | Select("channel", DAY, "minute", *BIDS, *BIDDERS, *AUCTIONS)
    )


def q17(site: Site) -> PCollection:
    """Report on the bids of each auction and day."""
    prices: dict[str, Any] = {
        "min_price": lowest("price"),
        "max_price": highest("price"),
        "avg_price": mean("price"),
        "sum_price": total("price"),
    }
    return (
        _days(site) | KeyBy("auction") | Aggregate(**BIDS, **prices) | Select("auction", DAY, *BIDS, *prices)
    )


def _days(site: Site) -> PCollection:
    return site.bids | Window(Calendar("day"))
