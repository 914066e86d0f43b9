"""Sums, means and variances over Python values."""

from __future__ import annotations

import math
from decimal import Context, Decimal
from typing import TypeAlias

from pulse.errors import RecordError
from pulse.model.aggregates.combine_fn import CombineFn
from pulse.model.aggregates.types import DECIMAL_DIGITS

Number: TypeAlias = "int | float | Decimal"

_WIDE = Context(prec=100)
"""Holds any sum of 38-digit decimals exactly, where the default context would round at 28 digits."""


def _plus(a: Number, b: Number) -> Number:
    if isinstance(a, float) or isinstance(b, float):
        return float(a) + float(b)
    if isinstance(a, Decimal) or isinstance(b, Decimal):
        return _WIDE.add(Decimal(a), Decimal(b))
    return a + b


def overflow(label: str, limit: str, group: str = "") -> RecordError:
    """Return the error of a sum that its type cannot hold.

    Args:
        label: text of the aggregate.
        limit: what the result would have to fit into.
        group: the group as ``name=value, ...``, when it is known.
    """
    of = f" of the group {group}" if group else ""
    return RecordError(
        f"{label}{of} does not fit into {limit}",
        record=group or None,
        hint="cast the input to double, or to a decimal with a smaller scale, if an exact sum is not needed",
    )


class SumFn(CombineFn):
    """Add up numbers; integers and decimals exactly."""

    def __init__(self, label: str) -> None:
        self._label = label

    def create(self) -> Number | None:
        """Return None: the sum of no numbers."""
        return None

    def add(self, accumulator: Number | None, value: Number | None) -> Number | None:
        """Add one number."""
        return self.merge(accumulator, value)

    def merge(self, a: Number | None, b: Number | None) -> Number | None:
        """Add two sums."""
        if a is None or b is None:
            return a if b is None else b
        return _plus(a, b)

    def extract(self, accumulator: Number | None) -> Number | None:
        """Return the sum.

        Raises:
            RecordError: when it does not fit into 64 bits, or a decimal into 38 digits.
        """
        if isinstance(accumulator, int) and not -(2**63) <= accumulator < 2**63:
            raise overflow(self._label, "64-bit integers")
        if isinstance(accumulator, Decimal) and len(accumulator.as_tuple().digits) > DECIMAL_DIGITS:
            raise overflow(self._label, f"{DECIMAL_DIGITS} decimal digits")
        return accumulator


class MeanFn(CombineFn):
    """Average numbers from their sum and count."""

    def create(self) -> tuple[Number, int]:
        """Return the sum and count of no numbers."""
        return 0, 0

    def add(self, accumulator: tuple[Number, int], value: Number | None) -> tuple[Number, int]:
        """Add one number."""
        return accumulator if value is None else self.merge(accumulator, (value, 1))

    def merge(self, a: tuple[Number, int], b: tuple[Number, int]) -> tuple[Number, int]:
        """Add sums and counts."""
        return _plus(a[0], b[0]), a[1] + b[1]

    def extract(self, accumulator: tuple[Number, int]) -> float | None:
        """Divide; None when there are no numbers."""
        total, count = accumulator
        return float(total / count) if count else None


Moments: TypeAlias = "tuple[int, float, float]"


class MomentsFn(CombineFn):
    """Compute variance or standard deviation from count, mean, and squared distance from the mean.

    Source: Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances", 1979: no difference of large sums, so no catastrophic cancellation.
    """

    def __init__(self, *, ddof: int, root: bool) -> None:
        self._ddof = ddof
        self._root = root

    def create(self) -> Moments:
        """Return the moments of no numbers."""
        return 0, 0.0, 0.0

    def add(self, accumulator: Moments, value: Number | None) -> Moments:
        """Take one number in."""
        if value is None:
            return accumulator
        number = float(value)
        return self.merge(accumulator, (1, number, number - number))  # NaN for what is not finite

    def merge(self, a: Moments, b: Moments) -> Moments:
        """Unite two samples."""
        if not a[0] or not b[0]:
            return a if a[0] else b
        count = a[0] + b[0]
        distance = b[1] - a[1]
        mean = a[1] + distance * b[0] / count
        return count, mean, a[2] + b[2] + distance * distance * a[0] * b[0] / count

    def extract(self, accumulator: Moments) -> float | None:
        """Divide the squared distance by count - ddof; None when that is not positive."""
        count, _, squares = accumulator
        if count <= self._ddof:
            return None
        value = squares / (count - self._ddof)
        return math.sqrt(value) if self._root else value
