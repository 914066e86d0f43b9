"""The k largest records of each key and window."""

from __future__ import annotations

from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.errors import PipelineError
from pulse.graph.ops import AggregateOp
from pulse.graph.ops.grouping import WINDOW_FIELDS
from pulse.model.aggregates import CombineFn, combine
from pulse.transforms.core import Composite, PCollection, Pipeline, Step, one
from pulse.transforms.elementwise import FlatMap

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RECORDS = "records"


class TopK(Composite):
    """Keep the ``k`` records of each key and window that have the largest value of a field.

    The records come out whole, with ``window_start``, ``window_end`` and ``rank`` (1 is the first). Records
    of equal value are ordered by their other fields, so the order of arrival makes no difference; those whose
    value is null or NaN come last.

    Args:
        k: how many to keep; at least 1.
        by: the field that orders them.
        smallest: whether the smallest values are wanted instead.

    Example:
        >>> from pulse import Create, DeterministicRunner, KeyBy, Pipeline, TopK
        >>> p = Pipeline()
        >>> scores = [{"team": "a", "n": 1}, {"team": "a", "n": 3}, {"team": "a", "n": 2}]
        >>> best = p | Create(scores) | KeyBy("team") | TopK(2, by="n")
        >>> DeterministicRunner().run(p).records(best)
        [{'team': 'a', 'n': 3, 'rank': 1}, {'team': 'a', 'n': 2, 'rank': 2}]
    """

    def __init__(self, k: int, *, by: str, smallest: bool = False) -> None:
        if k < 1:
            raise PipelineError(f"TopK keeps {k} records, but must keep at least 1")
        self.k = k
        self.by = by
        self.smallest = smallest

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Gather the best records of each window, then let them out one by one."""
        before = one(source, self)
        found = pipeline.type_of(before.port)
        found.check_fields(frozenset({self.by}))
        schema = None
        if found.schema is not None:
            windows = AggregateOp.window_fields(found.windowing)
            extra = [(name, kind) for name, kind in WINDOW_FIELDS if name in windows]
            fields = {f.name: f.type for f in found.schema} | dict(extra) | {"rank": pa.int64()}
            schema = pa.schema(list(fields.items()))
        best = combine(_Best(self.k, self.by, smallest=self.smallest), None)
        gathered = before | Step(AggregateOp(((_RECORDS, best),)))
        ranked: PCollection = gathered | FlatMap(_ranked, schema=schema)
        return ranked


class _Best(CombineFn):
    """Keeps the best records, in order."""

    def __init__(self, k: int, by: str, *, smallest: bool) -> None:
        self.k = k
        self.by = by
        self.smallest = smallest

    def create(self) -> list[Any]:
        return []

    def add(self, acc: list[Any], value: Any) -> list[Any]:
        acc.append(value)
        # Sorting now and then costs less than keeping order at every step.
        return self._cut(acc) if len(acc) >= 4 * self.k + 64 else acc

    def merge(self, a: list[Any], b: list[Any]) -> list[Any]:
        return self._cut(a + b)

    def extract(self, acc: list[Any]) -> list[Any]:
        return self._cut(acc)

    def _cut(self, records: list[Any]) -> list[Any]:
        # Null and NaN have no place in the order.
        known = [record for record in records if not _orderless(record[self.by])]
        best = (nsmallest if self.smallest else nlargest)(self.k, known, key=self._order)
        if len(best) < self.k:
            unknown = sorted((r for r in records if _orderless(r[self.by])), key=_rest)
            best += unknown[: self.k - len(best)]
        return best

    def _order(self, record: Mapping[str, Any]) -> tuple[Any, str]:
        return record[self.by], _rest(record)


def _orderless(value: Any) -> bool:
    return value is None or value != value  # noqa: PLR0124 - only NaN differs from itself


def _rest(record: Mapping[str, Any]) -> str:
    """Return something that orders records of equal value, whatever the types of their fields."""
    return repr(sorted(record.items(), key=lambda item: item[0]))


def _ranked(result: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    windows = {name: result[name] for name, _ in WINDOW_FIELDS if name in result}
    for rank, record in enumerate(result[_RECORDS], 1):
        yield {**record, **windows, "rank": rank}
