"""The windows of each record of a collection that no grouping has given one yet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pulse.engine.windowing.slicing import floor_to, slicing_of
from pulse.model.bundle import Windows
from pulse.model.time import MIN_TIME
from pulse.model.windows import Global, Session, Sliding, Windowing

if TYPE_CHECKING:
    from pulse.model.bundle import Bundle, Int64s


class WindowAssigner:
    """Gives every record its windows: a record in several is repeated, one in a gap is left out.

    Args:
        windowing: the declaration. A session stands for the stretch that a record opens, ``[t, t + gap)``.

    Example:
        >>> from pulse.model.bundle import Bundle
        >>> slide = WindowAssigner(Windowing(Sliding("6s", "2s")))
        >>> found = slide.assign(Bundle(["a"], np.array([1_000_000]), 0))
        >>> found.data, (found.windows.starts // 1_000_000).tolist()
        (['a', 'a', 'a'], [-4, -2, 0])
    """

    def __init__(self, windowing: Windowing) -> None:
        self.window = windowing.window
        self.slicing = None if isinstance(self.window, Session) else slicing_of(windowing, carried=False)

    @property
    def spreads(self) -> bool:
        """Whether a record can be in another number of windows than one."""
        return isinstance(self.window, Sliding)

    def assign(self, bundle: Bundle) -> Bundle:
        """Return records that each carry one window; those that carry one already keep it."""
        if bundle.windows is not None:
            return bundle
        if isinstance(self.window, Sliding):
            rows, starts = self._spread(bundle.times, self.window)
            windows = Windows(starts, starts + self.window.size_us)
            return replace(bundle.take(rows), windows=windows)
        return replace(bundle, windows=self.of(bundle.times))

    def of(self, times: Int64s) -> Windows:
        """Return the window of each time; windows that overlap have no such answer."""
        if isinstance(self.window, Session):
            return Windows(times, times + self.window.gap_us)
        assert self.slicing is not None  # noqa: S101 - only sessions have none
        starts = self.slicing.slices(times)
        return Windows(starts, self.slicing.ends(starts))

    @staticmethod
    def _spread(times: Int64s, window: Sliding) -> tuple[Int64s, Int64s]:
        """Return, for every pair of a record and a window of it, the record's row and the window's start."""
        last = floor_to(times, window.slide_us, window.offset_us)
        most = -(-window.size_us // window.slide_us)
        starts = last[:, None] - np.arange(most - 1, -1, -1, dtype=np.int64) * window.slide_us
        rows, which = np.nonzero(starts > (times - window.size_us)[:, None])
        return rows, starts[rows, which]


class WindowMapping:
    """Finds the window of one collection that goes with a window of another: the first that holds its end.

    Args:
        windowing: the windows that are looked for; never sessions.

    Example:
        >>> from pulse.model.windows import Tumbling
        >>> mapping = WindowMapping(Windowing(Tumbling("7s")))
        >>> (mapping.of(np.array([5_000_000, 10_000_000])).starts // 1_000_000).tolist()
        [0, 7]

    Source: Apache Beam, the default ``WindowMappingFn``.
    """

    def __init__(self, windowing: Windowing) -> None:
        self.window = windowing.window
        self.slicing = slicing_of(windowing, carried=False)

    def of(self, ends: Int64s) -> Windows:
        """Return the window that goes with each window, given by its end.

        Where windows have gaps, a window whose end is in one goes with none: its bounds are those of no time.
        """
        if isinstance(self.window, Global):
            moments = self.slicing.slices(ends)
            return Windows(moments, self.slicing.ends(moments))
        slices = self.slicing.slices(ends - 1)
        if not isinstance(self.window, Sliding):
            return Windows(slices, self.slicing.ends(slices))
        found = self.slicing.first_ends(slices)
        gap = self.slicing.in_gap(slices)
        if gap is None:
            return Windows(found - self.window.size_us, found)
        return Windows(np.where(gap, MIN_TIME, found - self.window.size_us), np.where(gap, MIN_TIME, found))
