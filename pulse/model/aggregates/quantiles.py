"""Quantiles: exact for few different values, in logarithmic buckets for many.

The samples of a group are a multiset of numbers. While it has at most ``EXACT`` different values it is kept
as it is; when it has more, each value is rounded to the middle of its bucket, whose ends differ by 2 %. Both
are functions of the multiset alone, so the estimate depends on no order and no cut, unlike that of the
randomised sketches (KLL, REQ) and of t-digest.

Source: Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch with Relative-Error
Guarantees", VLDB 2019, for the buckets.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from pulse.model.aggregates.combine_fn import CombineFn

if TYPE_CHECKING:
    from collections.abc import Mapping

Doubles: TypeAlias = npt.NDArray[np.float64]

EXACT = 256
"""The most different values that a group keeps exactly."""

ACCURACY = 0.01
"""How far, relative to its size, a rounded value is from the true one at most."""

_BASE = (1 + ACCURACY) / (1 - ACCURACY)
_LOG_BASE = math.log(_BASE)
_TINY = float(np.finfo(np.float64).tiny)
_HUGE = float(np.finfo(np.float64).max)


def rounded(values: Doubles) -> Doubles:
    """Round numbers to the middle of their buckets; rounding twice changes nothing.

    Zero, infinities, and what is too small to have full precision (which becomes zero) have buckets of
    their own.

    Example:
        >>> rounded(np.array([0.0, 1.0, 1.005, -100.0])).round(3).tolist()
        [0.0, 0.99, 1.01, -100.495]
    """
    size = np.abs(values)
    regular = (size >= _TINY) & np.isfinite(values)
    bucket = np.ceil(np.log(np.where(regular, size, 1.0)) / _LOG_BASE)
    middle = np.exp(np.minimum(bucket * _LOG_BASE + math.log(2 / (_BASE + 1)), math.log(_HUGE)))
    result: Doubles = np.where(
        regular, np.copysign(middle, values), np.where(np.isinf(values), values, 0.0)
    ).astype(np.float64)
    return result


class QuantileFn(CombineFn):
    """Estimate a quantile; an accumulator is (number of samples of each value, whether they are rounded)."""

    def __init__(self, q: float) -> None:
        self._q = q

    def create(self) -> tuple[dict[float, int], bool]:
        """Return no samples."""
        return {}, False

    def add(self, accumulator: tuple[dict[float, int], bool], value: Any) -> tuple[dict[float, int], bool]:
        """Take one number in, unless it is None or NaN."""
        if value is None or math.isnan(value):
            return accumulator
        return self.merge(accumulator, ({float(value) + 0.0: 1}, False))

    def merge(
        self, a: tuple[dict[float, int], bool], b: tuple[dict[float, int], bool]
    ) -> tuple[dict[float, int], bool]:
        """Unite the samples, rounded when they are too many."""
        samples, coarse = _united(a[0], b[0]), a[1] or b[1]
        if coarse or len(samples) > EXACT:
            values = rounded(np.array(list(samples), np.float64)).tolist()
            coarse, old, samples = True, samples, {}
            for value, count in zip(values, old.values(), strict=True):
                samples[value] = samples.get(value, 0) + count
        return samples, coarse

    def extract(self, accumulator: tuple[dict[float, int], bool]) -> float | None:
        """Return the least value that at least q of the samples do not exceed."""
        samples = sorted(accumulator[0].items())
        rank = needed_rank(self._q, sum(count for _, count in samples))
        for value, count in samples:
            rank -= count
            if rank <= 0:
                return value
        return None


def needed_rank(q: float, count: int) -> int:
    """Return the 1-based rank of a quantile among sorted samples.

    Example:
        >>> needed_rank(0.5, 4), needed_rank(0.5, 5), needed_rank(0.0, 5)
        (2, 3, 1)
    """
    return max(1, math.ceil(q * count))


def _united(a: Mapping[float, int], b: Mapping[float, int]) -> dict[float, int]:
    return {**a, **{value: a.get(value, 0) + count for value, count in b.items()}}
