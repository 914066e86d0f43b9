"""Counting and collecting over Python values."""

from __future__ import annotations

from typing import Any

from pulse.model.aggregates.combine_fn import CombineFn
from pulse.model.aggregates.ordering import canonical


class CountFn(CombineFn):
    """Count values that are not None; or, with ``records``, whatever comes."""

    def __init__(self, *, records: bool) -> None:
        self._records = records

    def create(self) -> int:
        """Return zero."""
        return 0

    def add(self, accumulator: int, value: Any) -> int:
        """Count the value."""
        return accumulator + (self._records or value is not None)

    def merge(self, a: int, b: int) -> int:
        """Add the counts."""
        return a + b

    def extract(self, accumulator: int) -> int:
        """Return the count."""
        return accumulator


class DistinctFn(CombineFn):
    """Count different values; NaN is one value, and so are ``1`` and ``1.0``, ``0.0`` and ``-0.0``."""

    def create(self) -> set[Any]:
        """Return an empty set."""
        return set()

    def add(self, accumulator: set[Any], value: Any) -> set[Any]:
        """Put the value into the set."""
        if value is not None:
            accumulator.add(canonical(value))
        return accumulator

    def merge(self, a: set[Any], b: set[Any]) -> set[Any]:
        """Unite the sets."""
        a |= b
        return a

    def extract(self, accumulator: set[Any]) -> int:
        """Return the size of the set."""
        return len(accumulator)


class CollectFn(CombineFn):
    """List values in the order of arrival."""

    def __init__(self, *, nulls: bool) -> None:
        self._nulls = nulls

    def create(self) -> list[Any]:
        """Return an empty list."""
        return []

    def add(self, accumulator: list[Any], value: Any) -> list[Any]:
        """Append the value."""
        if value is not None or self._nulls:
            accumulator.append(value)
        return accumulator

    def merge(self, a: list[Any], b: list[Any]) -> list[Any]:
        """Append the later list to the earlier."""
        a.extend(b)
        return a

    def extract(self, accumulator: list[Any]) -> list[Any]:
        """Return a list of its own."""
        return list(accumulator)
