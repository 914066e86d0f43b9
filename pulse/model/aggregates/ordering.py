"""Smallest, largest, first, last and top values over Python values."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from pulse.model.aggregates.combine_fn import CombineFn

NAN = math.nan
"""The one NaN that ``canonical`` gives, so that NaN is found in a set: by identity."""


def canonical(value: Any) -> Any:
    """Return the one value that stands for all that are equal to it: ``-0.0`` is ``0.0``, NaN is NaN.

    Example:
        >>> canonical(-0.0), canonical(float("nan")) is canonical(-float("nan"))
        (0.0, True)
    """
    if isinstance(value, float):
        return NAN if math.isnan(value) else value + 0.0
    return value


def ordered(values: list[Any], *, largest: bool) -> list[Any]:
    """Sort values, best first, NaN last either way."""
    return _ranked([(v, v) for v in values], largest=largest)


def _ranked(pairs: list[tuple[Any, Any]], *, largest: bool) -> list[Any]:
    """Return the second of each pair in the order of the first; pairs with equal first stay in order."""
    nans = [p for p in pairs if p[0] is NAN]
    rest = [p for p in pairs if p[0] is not NAN]
    return [v for _, v in sorted(rest, key=lambda p: p[0], reverse=largest) + nans]


class ExtremumFn(CombineFn):
    """Keep the smallest or largest value; NaN only when there is nothing else."""

    def __init__(self, *, largest: bool) -> None:
        self._largest = largest

    def create(self) -> Any:
        """Return None: there is no value."""
        return None

    def add(self, accumulator: Any, value: Any) -> Any:
        """Take one value in."""
        return self.merge(accumulator, canonical(value))

    def merge(self, a: Any, b: Any) -> Any:
        """Return the better of two."""
        if a is None or b is None:
            return a if b is None else b
        return ordered([a, b], largest=self._largest)[0]

    def extract(self, accumulator: Any) -> Any:
        """Return the value."""
        return accumulator


Timed: TypeAlias = "tuple[int, Any]"


class EdgeFn(CombineFn):
    """Keep the value with the earliest or latest time, of pairs (time, value).

    Ties go to the smallest or the largest value, so that the order of arrival never matters.
    """

    def __init__(self, *, largest: bool) -> None:
        self._largest = largest

    def create(self) -> Timed | None:
        """Return None: there is no value."""
        return None

    def add(self, accumulator: Timed | None, value: Timed) -> Timed | None:
        """Take one pair in, unless its value is None."""
        return accumulator if value[1] is None else self.merge(accumulator, (value[0], canonical(value[1])))

    def merge(self, a: Timed | None, b: Timed | None) -> Timed | None:
        """Return the better of two."""
        if a is None or b is None:
            return a if b is None else b
        if a[0] == b[0]:
            return a[0], ordered([a[1], b[1]], largest=self._largest)[0]
        return max(a, b, key=_time) if self._largest else min(a, b, key=_time)

    def extract(self, accumulator: Timed | None) -> Any:
        """Return the value without its time."""
        return None if accumulator is None else accumulator[1]


def _time(pair: Timed) -> int:
    return pair[0]


class TopFn(CombineFn):
    """List the k best values, or of pairs (by, value) the values with the best ``by``."""

    def __init__(self, k: int, *, largest: bool, paired: bool) -> None:
        self._k = k
        self._largest = largest
        self._paired = paired

    def create(self) -> list[tuple[Any, Any]]:
        """Return an empty list."""
        return []

    def add(self, accumulator: list[tuple[Any, Any]], value: Any) -> list[tuple[Any, Any]]:
        """Take one value in, unless it or what it is ordered by is None."""
        by, of = value if self._paired else (value, value)
        if by is None or of is None:
            return accumulator
        return self.merge(accumulator, [(canonical(by), canonical(of))])

    def merge(self, a: list[tuple[Any, Any]], b: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
        """Keep the k best of both: sorted by value first, so that equal ``by`` leaves them in that order."""
        by_value = _ranked([(value, (by, value)) for by, value in [*a, *b]], largest=self._largest)
        return _ranked([(pair[0], pair) for pair in by_value], largest=self._largest)[: self._k]

    def extract(self, accumulator: list[tuple[Any, Any]]) -> list[Any]:
        """Return the values, best first."""
        return [value for _, value in accumulator]
