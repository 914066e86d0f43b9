"""Searching many ranges at once, and spreading ranges into pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.model.bundle import Int64s

PAIRS = 1 << 18
"""About so many pairs are made at once."""


def search(values: Int64s, low: Int64s, high: Int64s, targets: Int64s, *, right: bool) -> Int64s:
    """Return, for each range ``low <= i < high`` of ascending values, where a target would be put.

    Args:
        values: ascending within every range.
        low: first index of each range.
        high: end of each range.
        targets: what is looked for.
        right: behind the values that equal it, not in front of them.

    Example:
        >>> v = np.array([1, 5, 5, 2, 7])
        >>> search(v, np.array([0, 0, 3]), np.array([3, 3, 5]), np.array([5, 5, 3]), right=False).tolist()
        [1, 1, 4]
    """
    low, high = low.copy(), high.copy()
    while (going := low < high).any():
        middle = (low + high) // 2
        found = values[np.minimum(middle, len(values) - 1)]
        below = (found <= targets) if right else (found < targets)
        low = np.where(going & below, middle + 1, low)
        high = np.where(going & ~below, middle, high)
    return low


def spread(low: Int64s, high: Int64s) -> Iterator[tuple[Int64s, Int64s]]:
    """Yield the pairs (number of the range, index in it) of ranges ``low <= i < high``, many at a time.

    Example:
        >>> [(a.tolist(), b.tolist()) for a, b in spread(np.array([0, 9, 3]), np.array([2, 9, 4]))]
        [([0, 0, 2], [0, 1, 3])]
    """
    counts = high - low
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    for start in range(0, total, PAIRS):
        stop = min(start + PAIRS, total)
        places = np.arange(start, stop)
        which = np.searchsorted(ends, places, side="right")
        yield which, low[which] + places - (ends[which] - counts[which])
