"""The first records of each key, in a stated order."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse import CombineFn, CombinePerKey, Composite, FlatMap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse import PCollection, Pipeline

_RECORDS = "records"


class First(Composite):
    """Keep, of each key and window, the first records in an order of several fields.

    Unlike ``TopK``, which orders records of equal value by whatever other fields they have, it takes an order
    in which fields rise and fall as the query says.

    Args:
        k: how many to keep.
        order: fields by which they are ordered, ``-field`` for falling.
        rank: the field that holds the place of a record, from 1; None: none.
    """

    def __init__(self, k: int, *order: str, rank: str | None = None) -> None:
        self.k = k
        self.order = order
        self.rank = rank

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Gather the first records, then let them out one by one."""
        del pipeline
        schema = source.schema
        if self.rank is not None:
            schema = schema.append(pa.field(self.rank, pa.int64()))
        gathered: PCollection = source | CombinePerKey(Ordered(self.k, self.order), output=_RECORDS)
        return gathered | FlatMap(self._ranked, schema=schema)

    def _ranked(self, group: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for place, record in enumerate(group[_RECORDS], 1):
            yield record if self.rank is None else {**record, self.rank: place}


class Ordered(CombineFn):
    """Keeps the first ``k`` records in an order of several fields.

    Example:
        >>> bids = [{"price": 3, "at": 2}, {"price": 5, "at": 9}, {"price": 5, "at": 4}]
        >>> Ordered(2, ("-price", "at")).over(bids)
        [{'price': 5, 'at': 4}, {'price': 5, 'at': 9}]
    """

    def __init__(self, k: int, order: tuple[str, ...]) -> None:
        self.k = k
        # Sorting is stable, so sorting by the least field first orders by all.
        self._sorts = [(itemgetter(f.removeprefix("-")), f.startswith("-")) for f in reversed(order)]

    def create(self) -> list[Any]:
        return []

    def add(self, acc: list[Any], value: Any) -> list[Any]:
        acc.append(value)
        # Sorting now and then costs less than keeping order at every step.
        return self._cut(acc) if len(acc) >= 4 * self.k + 64 else acc

    def merge(self, a: list[Any], b: list[Any]) -> list[Any]:
        return self._cut(a + b)

    def extract(self, acc: list[Any]) -> list[Any]:
        return self._cut([*acc])

    def _cut(self, records: list[Any]) -> list[Any]:
        for key, falling in self._sorts:
            records.sort(key=key, reverse=falling)
        return records[: self.k]
