"""Pairs of records of one key in one window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pulse.engine.joins.base import PairOperator
from pulse.engine.joins.search import PAIRS, spread
from pulse.engine.joins.side import MARK, SEQ, TIME, numbers
from pulse.engine.joins.windowed import WindowedOperator, joint_codes
from pulse.model.bundle import Windows
from pulse.model.time import MAX_EVENT_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.engine.joins.windows import Due
    from pulse.engine.operator import Out
    from pulse.model.bundle import Int64s, Mask


class WindowJoin(WindowedOperator, PairOperator):
    """Executes ``JoinOp``.

    When a window ends, all its pairs are given, and the records without a match among those that were in
    time. A record that comes later gives its own pairs at once; if it never has any, it is given without
    a match when the window takes no more records.
    """

    def give(self, found: list[Due]) -> Iterator[Out]:
        found = [due.pick(_order(due)) for due in found]
        on_time = [numbers(due.table, MARK) < due.ends for due in found]
        lonely = [good.copy() for good in on_time]
        yield from self._pairs(found, lonely, on_time)
        yield from self._lonely(found, lonely)

    def meet(self, position: int, late: Due) -> Iterator[Out]:
        if not len(late.ends):
            return
        other = 1 - position
        low, high = int(late.ends.min()) - 1, int(late.ends.max())
        pending, windows = self.pending[other], self.windows[other]
        there = windows.due(pending.between(low, high + windows.span), low, high)
        there = self._open(there)
        found = [late, there] if position == 0 else [there, late]
        found = [due.pick(_order(due)) for due in found]
        yield from self._pairs(found, [np.zeros(len(due.ends), np.bool_) for due in found])

    def close(self, found: list[Due]) -> Iterator[Out]:
        found = [due.pick(_order(due)) for due in found]
        lonely = [numbers(due.table, MARK) >= due.ends for due in found]
        if any(rows.any() for rows in lonely) and any(self.outer):
            for _ in self._pairs(found, lonely, dry=True):
                pass
            yield from self._lonely(found, lonely)

    def _pairs(
        self, found: list[Due], lonely: list[Mask], within: list[Mask] | None = None, *, dry: bool = False
    ) -> Iterator[Out]:
        """Emit the pairs, and strike the rows that are part of one off the lonely.

        Args:
            found: the rows of both sides, in order.
            lonely: which rows count as having no match yet; changed.
            within: only pairs of rows that are both among these strike them off.
            dry: whether nothing is emitted.
        """
        left, right = found
        codes = joint_codes([due.table for due in found], [side.by for side in self.sides], found)
        for side, due, code, nothing in zip(self.sides, found, codes, (-1, -2), strict=True):
            code[~side.complete(due.table)] = nothing
        by_code = np.argsort(codes[1], kind="stable")
        ordered = codes[1][by_code]
        low, high = np.searchsorted(ordered, codes[0], "left"), np.searchsorted(ordered, codes[0], "right")
        for rows, places in spread(low, high):
            mine, theirs = (left.table, rows), (right.table, by_code[places])
            windows = left.starts[rows], left.ends[rows]
            batch, kept = self.pairs.matching(mine, theirs, windows, verify=False)
            ones, others = rows[kept], theirs[1][kept]
            counts = np.ones(len(ones), np.bool_) if within is None else within[0][ones] & within[1][others]
            lonely[0][ones[counts]] = False
            lonely[1][others[counts]] = False
            if not dry:
                shown = Windows(left.starts[ones], left.ends[ones])
                yield from self.emit(batch, end_times(shown.ends), shown)

    def _lonely(self, found: list[Due], lonely: list[Mask]) -> Iterator[Out]:
        for position, (due, rows) in enumerate(zip(found, lonely, strict=True)):
            if not self.outer[position]:
                continue
            alone = due.pick(rows)
            for start in range(0, len(alone.ends), PAIRS):
                part = alone.pick(np.arange(start, min(start + PAIRS, len(alone.ends))))
                windows = Windows(part.starts, part.ends)
                batch = self.alone(position, part.table, windows)
                yield from self.emit(batch, end_times(part.ends), windows)


def end_times(ends: Int64s) -> Int64s:
    """Return the event time of results: the last moment of their window."""
    return np.minimum(ends - 1, MAX_EVENT_TIME)


def _order(due: Due) -> Int64s:
    """Return rows by their window, time, and order of arrival."""
    table = due.table
    return np.lexsort((numbers(table, SEQ), numbers(table, TIME), due.starts, due.ends))
