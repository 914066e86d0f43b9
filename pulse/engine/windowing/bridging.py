"""Which records may meet a session that has fired.

A record that is not behind its watermark never does. One that is behind usually does not either: its session
goes on past the watermark. Only where a session of its key has ended since the record's own time do the two
have to be told apart: what has ended fires first, and then the record is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pulse.engine.windowing.merging import merged_windows
from pulse.model.time import MIN_TIME

if TYPE_CHECKING:
    from pulse.model.bundle import Int64s


def must_fire_before(
    codes: Int64s, starts: Int64s, ends: Int64s, marks: Int64s, state: tuple[Int64s, Int64s, Int64s]
) -> Int64s:
    """Return, for each record, the end up to which sessions must have fired before it is taken.

    ``MIN_TIME`` where the record cannot meet a session that has fired by its watermark; too late an end is
    possible, too early a one is not.

    Sessions are formed of state and of all records that are not behind. Every one of those that ends by some
    watermark is complete by then: a record that would prolong it later would be behind. So a record can only
    meet a fired session whose end is that of one of them, or that of another record that is behind and
    reaches beyond all of them.

    Args:
        codes: the key of each record, as a small integer.
        starts: start of each record's own window.
        ends: end of it.
        marks: the watermark of each record.
        state: key, start and end of each session that is open and ends after some record's start.

    Example:
        >>> codes, marks = np.array([0, 0, 0]), np.array([0, 5, 25])
        >>> nothing = np.empty(0, np.int64)
        >>> starts = np.array([0, 30, 9])  # the last one would join [0, 20), which has fired by 25
        >>> must_fire_before(codes, starts, starts + 20, marks, (nothing, nothing, nothing)).tolist()[2]
        20
    """
    ahead = starts >= marks
    behind = np.flatnonzero(~ahead)
    key, low, high, mark = codes[behind], starts[behind], ends[behind], marks[behind]
    known = zip((codes, starts, ends), state, strict=True)
    owners, begins, overs = (np.concatenate([mine[ahead], held]) for mine, held in known)
    session, order = merged_windows(owners, begins, overs)
    first = np.flatnonzero(np.diff(session, prepend=-1))
    owners, begins = owners[order][first], begins[order][first]
    overs = np.maximum.reduceat(overs[order], first) if len(first) else overs
    over = _Values(owners, overs)
    reaching = _Values(owners, begins).count(key, high - 1) == over.count(key, high)
    found = np.full(len(codes), MIN_TIME, np.int64)
    found[behind] = np.maximum(
        over.last(key, low, mark), _Values(key[reaching], high[reaching]).last(key, low, mark)
    )
    return found


class _Values:
    """Values by key, in order."""

    def __init__(self, codes: Int64s, values: Int64s) -> None:
        self.known, rank = np.unique(values, return_inverse=True)
        self.width = len(self.known) + 1
        self.places = np.sort(codes * self.width + rank)

    def count(self, codes: Int64s, upto: Int64s) -> Int64s:
        """Return how many values there are of the keys before each, and of the key itself up to a value."""
        place = codes * self.width + np.searchsorted(self.known, upto, side="right")
        return np.searchsorted(self.places, place)

    def last(self, codes: Int64s, above: Int64s, upto: Int64s) -> Int64s:
        """Return the last value of each key with ``above < value <= upto``; ``MIN_TIME`` when none."""
        index = self.count(codes, upto) - 1
        found = index >= self.count(codes, above)
        values = np.full(len(codes), MIN_TIME, np.int64)
        values[found] = self.known[self.places[index[found]] - codes[found] * self.width]
        return values
