"""In which windows the rows of one input are, and which of those a moving watermark makes due."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pulse.engine.joins.search import spread
from pulse.engine.joins.side import TIME, numbers, take
from pulse.engine.windowing.late import saturating_add
from pulse.engine.windowing.slicing import slicing_of
from pulse.model.time import MAX_TIME
from pulse.model.windows import Session, Sliding, Windowing

if TYPE_CHECKING:
    import pyarrow as pa

    from pulse.model.bundle import Bundle, Int64s, Mask

START, END = "__start", "__end"
"""Columns of state: start and end of the last window of a row."""


class Due(NamedTuple):
    """Rows with a window each; a row that is in several of them stands there several times.

    Args:
        table: the rows.
        starts: start of the window of each.
        ends: end of that window.
    """

    table: pa.Table
    starts: Int64s
    ends: Int64s

    def pick(self, rows: Int64s | Mask) -> Due:
        """Return some of them, by numbers or a mask."""
        if rows.dtype == np.bool_:
            rows = np.flatnonzero(rows)
        return Due(take(self.table, rows), self.starts[rows], self.ends[rows])


class WindowSpans:
    """The windows of the rows of one input.

    Args:
        windowing: the window.
        carried: whether the records have a window already, given by a grouping before.
    """

    def __init__(self, windowing: Windowing, *, carried: bool) -> None:
        window = windowing.window
        self.session = window if isinstance(window, Session) else None
        self.reach = MAX_TIME if carried or self.session is None else self.session.gap_us
        self.slicing = None if self.session else slicing_of(windowing, carried=carried)
        sliding = isinstance(window, Sliding) and not carried and window.slide_us < window.size_us
        self.sliding = window if sliding and isinstance(window, Sliding) else None

    @property
    def span(self) -> int:
        """How much earlier than its last window the first one of a row can end, microseconds."""
        return self.sliding.size_us if self.sliding else 0

    def last(self, bundle: Bundle) -> tuple[Int64s, Int64s, Mask | None]:
        """Return start and end of the last window of each record, and which are in none."""
        if self.session is not None:
            if bundle.windows is not None:
                return bundle.windows.starts, bundle.windows.ends, None
            return bundle.times, saturating_add(bundle.times, self.session.gap_us), None
        assert self.slicing is not None  # noqa: S101 - only sessions have none
        slices = self.slicing.assign(bundle)
        starts = self.slicing.last_starts(slices)
        return starts, self.slicing.ends(starts), self.slicing.in_gap(slices)

    def due(self, table: pa.Table, before: int, after: int) -> Due:
        """Return the rows with every window of theirs that has ``before < end <= after``."""
        starts, ends = numbers(table, START), numbers(table, END)
        if self.sliding is None:
            return Due(table, starts, ends).pick((ends > before) & (ends <= after))
        if not len(ends):
            return Due(table, starts, ends)
        size, slide = self.sliding.size_us, self.sliding.slide_us
        # Windows of a row are counted back from its last one: number i ends i slides before.
        held = -(-(size - (numbers(table, TIME) - starts)) // slide)
        low = max(before, int(ends.min()) - 2 * size)
        high = max(min(after, int(ends.max())), low)
        first = np.maximum(-(-(ends - high) // slide), 0)
        stop = np.minimum(-(-(ends - low) // slide), held)
        parts = list(spread(first, np.maximum(first, stop)))
        rows = np.concatenate([np.zeros(0, np.int64), *(rows for rows, _ in parts)])
        back = np.concatenate([np.zeros(0, np.int64), *(back for _, back in parts)]) * slide
        return Due(take(table, rows), starts[rows] - back, ends[rows] - back)
