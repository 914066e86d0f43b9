"""A person's own aggregate over values whose parts interleave in time."""

from __future__ import annotations

from bisect import insort
from typing import Any, TypeAlias

from pulse.model.aggregates import CombineFn

Timed: TypeAlias = "tuple[int, int, Any]"
"""An event time, which of the values of that time it is, and a value."""


def _place(timed: Timed) -> tuple[int, int]:
    return timed[:2]


class ByTime(CombineFn):
    """Keeps values by event time, and gives them to another function in that order when results are wanted.

    Sessions merge when a record bridges them, and then their records interleave in time: no merging of
    accumulators, in any order, gives what taking the records in one order would. Values of one time stay in
    the order of arrival.

    Args:
        fn: the person's function.

    Example:
        >>> from pulse.model.aggregates.numbers import SumFn
        >>> kept = ByTime(SumFn("sum(n)"))
        >>> late, early = kept.add(kept.create(), (20, 0, 5)), kept.add(kept.create(), (10, 1, 7))
        >>> kept.merge(late, early), kept.extract(kept.merge(late, early))
        ([(10, 1, 7), (20, 0, 5)], 12)
    """

    def __init__(self, fn: CombineFn) -> None:
        self.fn = fn

    def create(self) -> list[Timed]:
        """Return no values."""
        return []

    def add(self, accumulator: list[Timed], value: Timed) -> list[Timed]:
        """Put a value in its place."""
        insort(accumulator, value, key=_place)
        return accumulator

    def merge(self, a: list[Timed], b: list[Timed]) -> list[Timed]:
        """Interleave; sorting two sorted lists takes one pass."""
        return sorted([*a, *b], key=_place)

    def extract(self, accumulator: list[Timed]) -> Any:
        """Give the values to the function."""
        return self.fn.over(value for _, _, value in accumulator)

    def copy(self, accumulator: list[Timed]) -> list[Timed]:
        """Return the values; they themselves are never changed here."""
        return list(accumulator)
