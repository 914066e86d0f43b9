"""Aggregates one record at a time, by the functions over Python values that say what each of them means."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

from pulse.engine.aggregation.by_time import ByTime
from pulse.engine.aggregation.values import whole
from pulse.engine.person import describe, line_of
from pulse.errors import PulseError, RecordError, cut
from pulse.model.rows import to_values
from pulse.state.values import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulse.engine.windowing.inputs import Prepared
    from pulse.model.aggregates import Aggregate, CombineFn
    from pulse.model.bundle import Int64s

_ORDERED = ("collect", "combine")
"""The kinds whose result depends on the order of their values."""


class Accumulators:
    """Makes, fills and merges the accumulators of one window of one key: a list, one per aggregate.

    Args:
        aggregates: output name and aggregate of each.
        placed: whether what depends on order is taken by the places of records, not as they arrive.

    Example:
        >>> from pulse.model.aggregates import count, max
        >>> both = Accumulators((("n", count()), ("most", max("x"))))
        >>> found = both.create()
        >>> both.add(found, (None, 3)); both.add(found, (None, 2))
        >>> both.extract(found)
        [2, 3]
    """

    def __init__(self, aggregates: Sequence[tuple[str, Aggregate]], *, placed: bool = False) -> None:
        self.aggregates = tuple(aggregate for _, aggregate in aggregates)
        self.placed = [placed and aggregate.kind in _ORDERED for aggregate in self.aggregates]
        self.functions: list[CombineFn] = [
            ByTime(aggregate.combine_fn()) if by_place else aggregate.combine_fn()
            for aggregate, by_place in zip(self.aggregates, self.placed, strict=True)
        ]
        self.taken = 0

    def values(self, prepared: Prepared, places: Int64s | None) -> list[tuple[Any, ...]]:
        """Return, for each record, what each aggregate takes of it.

        Args:
            prepared: the records.
            places: the place of each, where order is not that of arrival.
        """
        size = len(prepared.bundle)
        columns = []
        for position, aggregate in enumerate(self.aggregates):
            values = self._values(prepared, position, aggregate)
            if self.placed[position] and places is not None:
                values = list(zip(places.tolist(), count(self.taken), values, strict=False))
            columns.append(values)
        self.taken += size
        return list(zip(*columns, strict=True)) if columns else [()] * size

    def _values(self, prepared: Prepared, position: int, aggregate: Aggregate) -> list[Any]:
        if aggregate.input is not None:
            found = to_values(whole(prepared.columns.column(f"in{position}")))
        elif aggregate.fn is not None and prepared.records is not None:
            found = prepared.records
        else:
            found = [True] * len(prepared.bundle)
        if aggregate.by is not None:
            order = to_values(whole(prepared.columns.column(f"in{position}_by")))
            found = list(zip(order, found, strict=True))
        elif aggregate.kind in ("first", "last"):
            found = list(zip(prepared.bundle.times.tolist(), found, strict=True))
        return found

    def create(self) -> list[Any]:
        """Return accumulators of no values."""
        return [function.create() for function in self.functions]

    def add(self, accumulators: list[Any], values: tuple[Any, ...]) -> None:
        """Take a record in.

        Raises:
            RecordError: when a person's function fails; names the person's line.
        """
        for position, function in enumerate(self.functions):
            try:
                accumulators[position] = function.add(accumulators[position], values[position])
            except Exception as error:
                raise self._failed(error, position, "add", values[position]) from error

    def merge(self, accumulators: list[Any], others: list[Any]) -> None:
        """Take the accumulators of other records in; those are given up."""
        for position, function in enumerate(self.functions):
            with self._blame(position, "merge"):
                accumulators[position] = function.merge(accumulators[position], others[position])

    def extract(self, accumulators: list[Any], *, kept: bool = False) -> list[Any]:
        """Return the results.

        Args:
            accumulators: what to take them of.
            kept: whether the accumulators live on, so that results must not change with them.
        """
        results = []
        for position, (function, found) in enumerate(zip(self.functions, accumulators, strict=True)):
            with self._blame(position, "extract"):
                own = function.copy(found) if kept and self.aggregates[position].fn is not None else found
                results.append(function.extract(own))
        return results

    def save(self, accumulators: list[Any]) -> list[Any]:
        """Return accumulators as plain data."""
        return [
            to_plain(function.save(found), str(aggregate))
            for function, aggregate, found in zip(self.functions, self.aggregates, accumulators, strict=True)
        ]

    def load(self, saved: list[Any]) -> list[Any]:
        """Return the accumulators that ``save`` made plain data of."""
        pairs = zip(self.functions, saved, strict=True)
        return [function.load(from_plain(found)) for function, found in pairs]

    @contextmanager
    def _blame(self, position: int, method: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise self._failed(error, position, method) from error

    def _failed(self, error: Exception, position: int, method: str, value: Any = None) -> Exception:
        if isinstance(error, PulseError):
            return error
        aggregate = self.aggregates[position]
        return RecordError(
            f"{aggregate} failed in {method}: {describe(error)}",
            record=cut(repr(value)) if method == "add" else None,
            where=line_of(error, getattr(aggregate.fn or self.functions[position], method)),
        )
