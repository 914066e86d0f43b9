"""The collections of the auction site, read only when a query asks for them."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from pulse import Create, FromSource, Nexmark, Read, Select

if TYPE_CHECKING:
    from pulse import PCollection, Pipeline

FIELDS = {
    "person": ("id", "name", "email", "credit_card", "city", "state", "date_time", "extra"),
    "auction": (
        *("id", "item_name", "description", "initial_bid", "reserve"),
        *("date_time", "expires", "seller", "category", "extra"),
    ),
    "bid": ("auction", "bidder", "price", "channel", "url", "date_time", "extra"),
}
"""The columns of each kind of event."""

SIDE_KEYS = 10_000


class Site:
    """Persons, auctions and bids of one generated auction site, and the table of query 13.

    Args:
        pipeline: what the collections are added to, each when it is first asked for.
        source: the generator; its ``only`` is replaced.
    """

    def __init__(self, pipeline: Pipeline, source: Nexmark) -> None:
        self.pipeline = pipeline
        self.source = source

    @cached_property
    def persons(self) -> PCollection:
        """Persons who registered."""
        return self._events("person")

    @cached_property
    def auctions(self) -> PCollection:
        """Auctions that were opened."""
        return self._events("auction")

    @cached_property
    def bids(self) -> PCollection:
        """Bids that were made."""
        return self._events("bid")

    @cached_property
    def side(self) -> PCollection:
        """The bounded side input: ``key`` and ``value``."""
        return self.pipeline | "side" >> Create(side_table())

    def _events(self, kind: str) -> PCollection:
        read = Read(replace(self.source, only=kind), watermarks=FromSource())
        return self.pipeline | f"{kind}s" >> read | f"{kind} columns" >> Select(*FIELDS[kind])


def side_table() -> pa.Table:
    """Return the side input: the keys 0 to 9,999, each with itself as text.

    Example:
        >>> side_table().slice(7, 1).to_pylist()
        [{'key': 7, 'value': '7'}]
    """
    keys = pa.array(range(SIDE_KEYS), pa.int64())
    return pa.table({"key": keys, "value": keys.cast(pa.string())})
