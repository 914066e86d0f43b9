"""The k largest records of each key and window."""

from __future__ import annotations

from functools import partial
from heapq import nlargest, nsmallest
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.errors import PipelineError
from pulse.graph.ops import AggregateOp, FunctionOp
from pulse.graph.ops.grouping import WINDOW_FIELDS
from pulse.model.aggregates import CombineFn, combine
from pulse.transforms.core import Composite, PCollection, Pipeline, one

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

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
        rank: the field that holds the place of a record among the best; not one that the records have.

    Raises:
        PipelineError: when ``k`` is below 1, or the records already have the field ``rank``.

    Example:
        >>> from pulse import Create, DeterministicRunner, KeyBy, Pipeline, TopK
        >>> p = Pipeline()
        >>> scores = [{"team": "a", "n": 1}, {"team": "a", "n": 3}, {"team": "a", "n": 2}]
        >>> best = p | Create(scores) | KeyBy("team") | TopK(2, by="n")
        >>> DeterministicRunner().run(p).records(best)
        [{'team': 'a', 'n': 3, 'rank': 1}, {'team': 'a', 'n': 2, 'rank': 2}]
    """

    def __init__(self, k: int, *, by: str, smallest: bool = False, rank: str = "rank") -> None:
        if k < 1:
            raise PipelineError(f"TopK keeps {k} records, but must keep at least 1")
        if not rank or rank in {name for name, _ in WINDOW_FIELDS}:
            raise PipelineError(f"rank {rank!r} cannot name the field of the rank", hint="rank='place'")
        self.rank = rank
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
            check_rank(self.rank, found.schema.names)
            windows = AggregateOp.window_fields(found.windowing)
            extra = [(name, kind) for name, kind in WINDOW_FIELDS if name in windows]
            fields = {f.name: f.type for f in found.schema} | dict(extra) | {self.rank: pa.int64()}
            schema = pa.schema(list(fields.items()))
        best = combine(_Best(self.k, self.by, smallest=self.smallest), None)
        gathered = pipeline.add(AggregateOp(((_RECORDS, best),)), [before], label="best")
        ranked = FunctionOp(partial(_ranked, rank=self.rank), "flat_map", schema)
        return pipeline.add(ranked, [gathered], label="rank")


def check_rank(rank: str, fields: Iterable[str]) -> None:
    """Raise a ``PipelineError`` when records have the field that is to hold the rank."""
    if rank in fields:
        raise PipelineError(
            f"TopK would overwrite the field {rank!r} of the records",
            hint="name another field for the rank: TopK(..., rank='place')",
        )


class _Best(CombineFn):
    """Keeps the best records, in order."""

    __name__ = "best"

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


def _ranked(result: Mapping[str, Any], *, rank: str) -> Iterator[dict[str, Any]]:
    windows = {name: result[name] for name, _ in WINDOW_FIELDS if name in result}
    for place, record in enumerate(result[_RECORDS], 1):
        check_rank(rank, record)  # of records without a schema, the fields show only here
        yield {**record, **windows, rank: place}
