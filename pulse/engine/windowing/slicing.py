"""Cutting time into slices: stretches in which every record belongs to the same windows.

A tumbling or calendar window is one slice. Sliding windows share slices: time is cut at every window start
and every window end, so a record is aggregated once however many windows it is in.

Source: J. Li et al., "No pane, no gain" (SIGMOD Record 2005), and the paired windows of S. Krishnamurthy
et al., "On-the-fly sharing for streamed aggregation" (SIGMOD 2006).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from pulse.model.time import (
    MAX_EVENT_TIME,
    MAX_TIME,
    MIN_EVENT_TIME,
    MIN_TIME,
    SECOND,
    from_datetime,
    to_datetime,
)
from pulse.model.windows import Calendar, Global, Session, Sliding, Tumbling, Windowing

if TYPE_CHECKING:
    from pulse.model.bundle import Bundle, Int64s, Mask


_DAY = 86_400 * SECOND
_FIRST_DAY, _LAST_DAY = MIN_EVENT_TIME + 400 * _DAY, MAX_EVENT_TIME - 2 * _DAY
"""Local times of any zone can be reckoned in between; windows at the ends of the calendar reach beyond."""


class Slicing(ABC):
    """Where slices and windows begin and end. Slices are named by their start, ``int64`` microseconds."""

    overlapping: bool = False
    """Whether a slice can belong to several windows."""

    gaps: bool = False
    """Whether some times belong to no window."""

    def assign(self, bundle: Bundle) -> Int64s:
        """Return the slice of each record."""
        return bundle.windows.starts if bundle.windows else self.slices(bundle.times)

    @abstractmethod
    def slices(self, times: Int64s) -> Int64s:
        """Return the slice of each time."""

    @abstractmethod
    def first_ends(self, slices: Int64s) -> Int64s:
        """Return the end of the first window that holds each slice."""

    @abstractmethod
    def last_starts(self, slices: Int64s) -> Int64s:
        """Return the start of the last window that holds each slice."""

    @abstractmethod
    def ends(self, starts: Int64s) -> Int64s:
        """Return the end of each window, given its start."""

    @abstractmethod
    def over_before(self, watermark: int) -> int:
        """Return the first slice that still belongs to a window ending after the watermark."""

    def in_gap(self, slices: Int64s) -> Mask | None:
        """Return which slices belong to no window; None when there are none such."""
        del slices
        return None

    def last_ends(self, slices: Int64s) -> Int64s:
        """Return the end of the last window that holds each slice."""
        return self.ends(self.last_starts(slices))

    def windows(self, slices: Int64s) -> Int64s:
        """Return the starts of all windows that hold any of the slices, in order."""
        return np.unique(slices)


def floor_to(times: Int64s, step: int, offset: int) -> Int64s:
    """Round down to ``offset`` plus a multiple of ``step``, also below zero.

    Example:
        >>> floor_to(np.array([-1, 0, 14]), 10, 5).tolist()
        [-5, -5, 5]
    """
    return (times - offset) // step * step + offset


class TumblingSlicing(Slicing):
    """One slice per window."""

    def __init__(self, window: Tumbling) -> None:
        self.size, self.offset = window.size_us, window.offset_us

    def slices(self, times: Int64s) -> Int64s:
        return floor_to(times, self.size, self.offset)

    def first_ends(self, slices: Int64s) -> Int64s:
        return slices + self.size

    def last_starts(self, slices: Int64s) -> Int64s:
        return slices

    def ends(self, starts: Int64s) -> Int64s:
        return starts + self.size

    def over_before(self, watermark: int) -> int:
        if watermark in {MIN_TIME, MAX_TIME}:
            return watermark
        return max((watermark - self.offset) // self.size * self.size + self.offset, MIN_TIME)


class SlidingSlicing(Slicing):
    """Two slices per slide, or one when the size is a multiple of the slide."""

    def __init__(self, window: Sliding) -> None:
        self.size, self.slide, self.offset = window.size_us, window.slide_us, window.offset_us
        self.rest = self.size % self.slide
        self.overlapping = self.slide < self.size
        self.gaps = self.slide > self.size

    def slices(self, times: Int64s) -> Int64s:
        starts = floor_to(times, self.slide, self.offset)
        rest = self.size if self.gaps else self.rest
        return starts if rest == 0 else starts + np.where(times - starts >= rest, rest, 0)

    def in_gap(self, slices: Int64s) -> Mask | None:
        return slices - floor_to(slices, self.slide, self.offset) >= self.size if self.gaps else None

    def first_ends(self, slices: Int64s) -> Int64s:
        # The first window that holds a slice has the smallest start above slice - size.
        return floor_to(slices - self.size, self.slide, self.offset) + self.slide + self.size

    def last_starts(self, slices: Int64s) -> Int64s:
        return floor_to(slices, self.slide, self.offset)

    def ends(self, starts: Int64s) -> Int64s:
        return starts + self.size

    def over_before(self, watermark: int) -> int:
        if watermark in {MIN_TIME, MAX_TIME}:
            return watermark
        start = (watermark - self.size - self.offset) // self.slide * self.slide + self.offset
        return max(start + self.slide, MIN_TIME)

    def windows(self, slices: Int64s) -> Int64s:
        start = self.last_starts(slices)
        found: list[Int64s] = []
        while True:
            holds = start + self.size > slices
            if not holds.any():
                return np.unique(np.concatenate(found)) if found else start
            found.append(start[holds])
            start = start - self.slide


class CarriedSlicing(Slicing):
    """Windows of one length that the records already carry, such as the results of a sliding aggregation."""

    def __init__(self, size: int) -> None:
        self.size = size

    def slices(self, times: Int64s) -> Int64s:
        return times

    def first_ends(self, slices: Int64s) -> Int64s:
        return slices + self.size

    def last_starts(self, slices: Int64s) -> Int64s:
        return slices

    def ends(self, starts: Int64s) -> Int64s:
        return starts + self.size

    def over_before(self, watermark: int) -> int:
        return watermark if watermark == MAX_TIME else max(watermark - self.size + 1, MIN_TIME)


class CalendarSlicing(Slicing):
    """Days, weeks, months or years of a time zone; boundaries are kept for the stretch of time met so far."""

    def __init__(self, window: Calendar) -> None:
        self.unit, self.zone = window.unit, window.zone
        self.bounds: Int64s = np.empty(0, np.int64)

    def slices(self, times: Int64s) -> Int64s:
        if not len(times):
            return times
        self._cover(int(times.min()), int(times.max()))
        return self.bounds[np.searchsorted(self.bounds, times, side="right") - 1]

    def first_ends(self, slices: Int64s) -> Int64s:
        return self.ends(slices)

    def last_starts(self, slices: Int64s) -> Int64s:
        return slices

    def ends(self, starts: Int64s) -> Int64s:
        if not len(starts):
            return starts
        self._cover(int(starts.min()), int(starts.max()))
        return self.bounds[np.searchsorted(self.bounds, starts, side="right")]

    def over_before(self, watermark: int) -> int:
        if watermark in {MIN_TIME, MAX_TIME}:
            return watermark
        return int(self.slices(np.array([watermark], np.int64))[0])

    def _cover(self, low: int, high: int) -> None:
        """Compute boundaries so that the slice of ``low`` and the end of that of ``high`` are there."""
        if len(self.bounds) and self.bounds[0] <= low and high < self.bounds[-1]:
            return
        if len(self.bounds):
            low, high = min(low, int(self.bounds[0])), max(high, int(self.bounds[-1]))
        bounds = [MIN_TIME] if low < _FIRST_DAY else []
        day = self._start_of_unit(to_datetime(min(max(low, _FIRST_DAY), _LAST_DAY)).astimezone(self.zone))
        bounds.append(self._instant(day))
        while bounds[-1] <= min(high, _LAST_DAY):
            try:
                day = self._next(day)
            except (ValueError, OverflowError):
                break  # the year after 9999
            bounds.append(self._instant(day))
        if bounds[-1] <= high:
            bounds.append(MAX_TIME)
        self.bounds = np.array(bounds, np.int64)

    def _start_of_unit(self, moment: datetime) -> datetime:
        day = moment.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        if self.unit == "week":
            return day - timedelta(days=day.weekday())
        if self.unit == "month":
            return day.replace(day=1)
        return day.replace(month=1, day=1) if self.unit == "year" else day

    def _next(self, day: datetime) -> datetime:
        if self.unit == "day":
            return day + timedelta(days=1)
        if self.unit == "week":
            return day + timedelta(days=7)
        if self.unit == "month":
            return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
        return day.replace(year=day.year + 1)

    def _instant(self, day: datetime) -> int:
        # Where midnight does not exist (clocks go forward at 0:00), the zone's offset before the change
        # names the first instant of the day; where it happens twice, fold=0 is the first.
        return from_datetime(day.replace(tzinfo=self.zone))


class GlobalSlicing(Slicing):
    """One slice for all of time, from its start; it is over when the input is."""

    def slices(self, times: Int64s) -> Int64s:
        return np.full(len(times), MIN_TIME, np.int64)

    def assign(self, bundle: Bundle) -> Int64s:
        return np.full(len(bundle), MIN_TIME, np.int64)

    def first_ends(self, slices: Int64s) -> Int64s:
        return np.full(len(slices), MAX_TIME, np.int64)

    def last_starts(self, slices: Int64s) -> Int64s:
        return slices

    def ends(self, starts: Int64s) -> Int64s:
        return np.full(len(starts), MAX_TIME, np.int64)

    def over_before(self, watermark: int) -> int:
        return MAX_TIME if watermark == MAX_TIME else MIN_TIME


def slicing_of(windowing: Windowing, *, carried: bool) -> Slicing:
    """Return how a windowing cuts time.

    Args:
        windowing: the declaration; its window is aligned.
        carried: whether the records carry windows that an earlier grouping gave.
    """
    window = windowing.window
    if isinstance(window, Tumbling):
        return TumblingSlicing(window)
    if isinstance(window, Sliding):
        return CarriedSlicing(window.size_us) if carried else SlidingSlicing(window)
    if isinstance(window, Calendar):
        return CalendarSlicing(window)
    assert not isinstance(window, Session)  # noqa: S101 - sessions are not aligned
    assert isinstance(window, Global)  # noqa: S101 - the last kind there is
    return GlobalSlicing()
