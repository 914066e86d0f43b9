"""Which records meet a session that has fired.

A record that is not behind its watermark never does, and the others hardly ever: their session goes on past
the watermark. Where one does, what has ended fires first, and then the record is taken.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from pulse.model.time import MIN_TIME

if TYPE_CHECKING:
    from pulse.model.bundle import Int64s, Mask


def meetings(
    codes: Int64s,
    starts: Int64s,
    ends: Int64s,
    marks: Int64s,
    *,
    held: tuple[Int64s, Int64s, Int64s],
    lateness: int = 0,
) -> tuple[Int64s, Mask]:
    """Follow the bounds of sessions record by record, for the keys of which some record is behind.

    Only bounds are followed; what is in the sessions is aggregated in bulk.

    Args:
        codes: the key of each record, as a small integer.
        starts: start of each record's own window.
        ends: end of it.
        marks: the watermark of each record.
        held: key, start and end of what sessions there are already; they may overlap.
        lateness: allowed lateness, microseconds.

    Returns:
        For each record the watermark that must have passed before it is taken (``MIN_TIME``: none), so that
        what it meets has fired, or is gone; and whether it makes a session fire that had ended.

    Example:
        >>> codes, marks = np.array([0, 0, 0]), np.array([0, 5, 25])
        >>> nothing = np.empty(0, np.int64)
        >>> starts = np.array([0, 30, 9])  # the last one would join [0, 20), which has fired by 25
        >>> passed, late = meetings(codes, starts, starts + 20, marks, held=(nothing, nothing, nothing))
        >>> passed.tolist()[2], late.tolist()
        (20, [False, False, False])
    """
    passed, late = np.full(len(codes), MIN_TIME, np.int64), np.zeros(len(codes), np.bool_)
    wanted = np.zeros(int(max(codes.max(initial=0), held[0].max(initial=0))) + 1, np.bool_)
    wanted[codes[starts < marks]] = True
    chosen = wanted[held[0]]
    open_: dict[int, _Sessions] = defaultdict(_Sessions)
    for key, start, end in zip(*(column[chosen].tolist() for column in held), strict=True):
        open_[key].join(start, end, MIN_TIME)
    # No record from here on starts before this.
    floors = np.minimum.accumulate(starts[::-1])[::-1]
    rows = np.flatnonzero(wanted[codes])
    columns = (column[rows].tolist() for column in (codes, starts, ends, marks, floors))
    for row, key, start, end, mark, floor in zip(rows.tolist(), *columns, strict=True):
        sessions = open_[key]
        gone = sessions.close(mark, lateness, floor, start, end)
        met, late[row] = sessions.join(start, end, mark)
        passed[row] = max(gone, met)
    return passed, late


class _Sessions:
    """The bounds of the sessions of a key: those that a record can join, and those whose time is over."""

    def __init__(self) -> None:
        self.open: list[tuple[int, int]] = []
        self.over: list[tuple[int, int]] = []

    def close(self, mark: int, lateness: int, floor: int, start: int, end: int) -> int:
        """Put aside the sessions whose time is over; return when that of one met by a window was."""
        for session in self.open:
            if session[1] + lateness <= mark:
                self.over += [each for each in self.open if each[1] + lateness <= mark]
                self.open = [each for each in self.open if each[1] + lateness > mark]
                break
        if not self.over:
            return MIN_TIME
        self.over = [session for session in self.over if session[1] > floor]
        met = (over + lateness for begun, over in self.over if begun < end and start < over)
        return max(met, default=MIN_TIME)

    def join(self, start: int, end: int, mark: int) -> tuple[int, bool]:
        """Merge a window with the sessions that it overlaps.

        Returns:
            The last end of one that had ended (``MIN_TIME``: none had), and whether the merged one has.
        """
        ended, kept = MIN_TIME, []
        low, high = start, end
        for session in self.open:
            begun, over = session
            if over <= start or end <= begun:
                kept.append(session)
                continue
            low, high = min(low, begun), max(high, over)
            if over <= mark:
                ended = max(ended, over)
        kept.append((low, high))
        self.open = kept
        return ended, high <= mark
