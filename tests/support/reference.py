"""What a windowed aggregation means, one record at a time: dicts and loops, nothing shared with the engine.

Written from the definitions alone: a record is on time, late or too late by the watermark in force just
before it; a window fires once when the watermark passes its end, and again for every late record; a session
is judged by the record's own window before merging.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

from pulse.model.windows import Calendar, Global, Session, Sliding, Tumbling

FIRST, LAST = -(2**63), 2**63 - 1
END_OF_YEAR_9999 = 253_402_300_799_999_999
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


# -- watermarks -------------------------------------------------------------------------------------------


def end_only(times: Sequence[int]) -> list[int]:
    return [FIRST] * len(times)


def bounded(delay: int) -> Callable[[Sequence[int]], list[int]]:
    def marks(times: Sequence[int]) -> list[int]:
        found, highest = [], FIRST
        for time in times:
            found.append(max(highest - delay, FIRST))
            highest = max(highest, time)
        return found

    return marks


def from_function(function: Callable[[int, int], int]) -> Callable[[Sequence[int]], list[int]]:
    def marks(times: Sequence[int]) -> list[int]:
        found, mark = [], FIRST
        for time in times:
            found.append(mark)
            mark = max(mark, function(time, mark))
        return found

    return marks


# -- windows ----------------------------------------------------------------------------------------------


def windows_of(window: Any, time: int) -> list[tuple[int, int]]:
    """Return the windows of a time, by their start; none in a gap."""
    match window:
        case Global():
            return [(FIRST, LAST)]
        case Tumbling():
            size, offset = window.size_us, window.offset_us
            start = time - (time - offset) % size
            return [(start, start + size)]
        case Sliding():
            size, slide, offset = window.size_us, window.slide_us, window.offset_us
            start = time - (time - offset) % slide
            found = []
            while start > time - size:
                found.append((start, start + size))
                start -= slide
            return sorted(found)
        case Session():
            return [(time, time + window.gap_us)]
        case Calendar():
            return [_calendar(window, time)]
    raise AssertionError(window)


def _calendar(window: Calendar, time: int) -> tuple[int, int]:
    """Look for the unit by trying the local days around the time: the first instant of each is its start."""
    local = (EPOCH + timedelta(microseconds=time)).astimezone(window.zone).date()
    near = [local + timedelta(days=d) for d in range(-400, 401)]
    first = {
        "day": lambda d: True,
        "week": lambda d: d.weekday() == 0,
        "month": lambda d: d.day == 1,
        "year": lambda d: d.month == d.day == 1,
    }[window.unit]
    starts = [_first_instant(d, window.zone) for d in near if first(d)]
    start = max(s for s in starts if s <= time)
    return start, min(s for s in starts if s > time)


def _first_instant(day: Any, zone: Any) -> int:
    """Return the first microsecond whose local date is the day, or the first after it when it never is."""
    low = int((datetime(day.year, day.month, day.day, tzinfo=UTC) - EPOCH).total_seconds()) - 2 * 86_400
    high = low + 4 * 86_400
    while high - low > 1:
        middle = (low + high) // 2
        if (EPOCH + timedelta(seconds=middle)).astimezone(zone).date() >= day:
            high = middle
        else:
            low = middle
    return high * 1_000_000


def held(window: Any, mark: int) -> int:
    """Return the watermark held back to the start of the first aligned window that ends after it."""
    match window:
        case _ if mark in {FIRST, LAST}:
            return mark
        case Global():
            return FIRST
        case Sliding():
            start = mark - window.size_us + 1
            return min(mark, start + (window.offset_us - start) % window.slide_us)
    return windows_of(window, mark)[0][0]


# -- aggregates -------------------------------------------------------------------------------------------


def _some(values: list[Any]) -> list[Any]:
    return [value for value in values if value is not None]


def _numbers(values: list[Any]) -> list[Any]:
    """The values that min and max look at: NaN only when there is nothing else."""
    found = _some(values)
    return [v for v in found if v == v] or found  # noqa: PLR0124 - NaN is not equal to itself


def _moment(values: list[Any]) -> float | None:
    found = _some(values)
    if not found:
        return None
    mean = math.fsum(found) / len(found)
    return math.fsum((v - mean) ** 2 for v in found) / len(found)


@dataclass(frozen=True)
class Item:
    """A record as an aggregate sees it."""

    record: dict[str, Any]
    time: int


Fold = Callable[[list[Item]], Any]
"""From the records of a window, in their order, to a result."""


def count() -> Fold:
    return len


def of(field_: str, fold: Callable[[list[Any]], Any]) -> Fold:
    return lambda items: fold([item.record[field_] for item in items])


def count_of(field_: str) -> Fold:
    return of(field_, lambda values: len(_some(values)))


def sum_of(field_: str) -> Fold:
    def add(values: list[Any]) -> Any:
        found = _some(values)
        return None if not found else math.fsum(found) if isinstance(found[0], float) else sum(found)

    return of(field_, add)


def mean_of(field_: str) -> Fold:
    def mean(values: list[Any]) -> Any:
        found = _some(values)
        if not found:
            return None
        return (
            math.fsum(found) / len(found) if isinstance(found[0], float) else float(sum(found) / len(found))
        )

    return of(field_, mean)


def min_of(field_: str) -> Fold:
    return of(field_, lambda values: min(_numbers(values), default=None))


def max_of(field_: str) -> Fold:
    return of(field_, lambda values: max(_numbers(values), default=None))


def distinct_of(field_: str) -> Fold:
    return of(field_, lambda values: len(set(_some(values))))


def collect_of(field_: str) -> Fold:
    return of(field_, _some)


def first_of(field_: str) -> Fold:
    def first(items: list[Item]) -> Any:
        found = [(i.time, i.record[field_]) for i in items if i.record[field_] is not None]
        return min(found)[1] if found else None

    return first


def last_of(field_: str) -> Fold:
    def last(items: list[Item]) -> Any:
        found = [(i.time, i.record[field_]) for i in items if i.record[field_] is not None]
        return max(found)[1] if found else None

    return last


def top_of(field_: str, k: int) -> Fold:
    return of(field_, lambda values: sorted(_some(values), reverse=True)[:k])


def stddev_of(field_: str) -> Fold:
    def stddev(values: list[Any]) -> Any:
        variance = _moment(values)
        return None if variance is None else math.sqrt(variance)

    return of(field_, stddev)


# -- the aggregation --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """One firing of one window of one key."""

    key: tuple[Any, ...]
    window: tuple[int, int]
    time: int
    values: tuple[Any, ...]
    mark: int = field(default=FIRST, compare=False)
    """The watermark in force before it fired."""


@dataclass(frozen=True)
class Late:
    """A record that was too late, with its last window and how far the watermark was past the end of it."""

    record: dict[str, Any]
    window: tuple[int, int]
    late_by: int


Entry: TypeAlias = tuple[int, Item, int | None]
"""Of a record: when it came, what it is, and its time for the timestamp combiner, while that counts."""


@dataclass
class _State:
    """The records of one window of one key."""

    items: list[Entry] = field(default_factory=list)


@dataclass
class Reference:
    """Aggregate records one by one.

    Args:
        window: the window.
        keys: the key fields.
        folds: the aggregates.
        lateness: allowed lateness, microseconds.
        discarding: whether a firing gives only what no earlier firing gave.
        timestamp: the timestamp combiner.
    """

    window: Any
    keys: Sequence[str]
    folds: Sequence[Fold]
    lateness: int = 0
    discarding: bool = False
    timestamp: str = "end_of_window"

    def __post_init__(self) -> None:
        self.results: list[Result] = []
        self.late: list[Late] = []
        self.filtered = 0
        self._mark = FIRST
        self._merging = isinstance(self.window, Session)
        self._arrived = 0
        self._open: dict[tuple[Any, ...], dict[tuple[int, int], _State]] = {}

    def run(self, records: Sequence[dict[str, Any]], times: Sequence[int], marks: Sequence[int]) -> Reference:
        for record, time, mark in zip(records, times, marks, strict=True):
            self.advance(mark)
            self.take(record, time)
        self.advance(LAST)
        return self

    def take(
        self, record: dict[str, Any], time: int, windows: Sequence[tuple[int, int]] | None = None
    ) -> None:
        """Take a record, into its own windows or into those that it carries."""
        mark = self._mark
        if windows is None:
            windows = windows_of(self.window, time)
        if not windows:
            self.filtered += 1
            return
        entered = [(start, end) for start, end in windows if end + self.lateness > mark]
        if not entered:
            start, end = windows[-1]
            self.late.append(Late(record, (start, end), mark - end))
            return
        key = tuple(_key(record[name]) for name in self.keys)
        open_ = self._open.setdefault(key, {})
        # A record that is behind the watermark cannot hold it: no result takes its time from that.
        entry = (self._arrived, Item(record, time), time if time >= mark else None)
        self._arrived += 1
        for bounds in entered:
            joined = self._merge(open_, bounds) if self._merging else bounds
            state = open_.setdefault(joined, _State())
            state.items.append(entry)
            if joined[1] <= mark:
                self._fire(key, joined, state, mark)

    @staticmethod
    def _merge(open_: dict[tuple[int, int], _State], bounds: tuple[int, int]) -> tuple[int, int]:
        """Merge a record's own window with the open sessions that it overlaps."""
        start, end = bounds
        merged = _State()
        while touched := [b for b in open_ if b[0] < end and start < b[1]]:
            for each in touched:
                start, end = min(start, each[0]), max(end, each[1])
                merged.items += open_.pop(each).items
        merged.items.sort(key=lambda entry: entry[0])
        open_[start, end] = merged
        return start, end

    def advance(self, mark: int) -> None:
        """Fire and forget what the watermark has passed, in the order of time."""
        if mark <= self._mark:
            return
        before, self._mark = self._mark, mark
        due = sorted(
            (
                (bounds, key)
                for key, open_ in self._open.items()
                for bounds in open_
                if before < bounds[1] <= mark
            ),
            key=lambda pair: (pair[0][1], pair[0][0]),
        )
        for bounds, key in due:
            self._fire(key, bounds, self._open[key][bounds], before)
        for open_ in self._open.values():
            for bounds in [b for b in open_ if b[1] + self.lateness <= mark or mark == LAST]:
                del open_[bounds]

    def _fire(self, key: tuple[Any, ...], bounds: tuple[int, int], state: _State, mark: int) -> None:
        entries = state.items
        if not entries:
            return
        end = min(bounds[1] - 1, END_OF_YEAR_9999)
        times = [min(entry[2], end) for entry in entries if entry[2] is not None] or [end]
        time = {"end_of_window": end, "earliest": min(times), "latest": max(times)}[self.timestamp]
        items = [entry[1] for entry in self._ordered(entries)]
        self.results.append(Result(key, bounds, time, tuple(fold(items) for fold in self.folds), mark))
        # What has been given no longer holds the watermark.
        state.items = [] if self.discarding else [(number, item, None) for number, item, _ in entries]

    def _ordered(self, entries: list[Entry]) -> list[Entry]:
        """Return the records in arrival order; sessions by event time, sliding windows slice by slice."""
        if isinstance(self.window, Session):
            return sorted(entries, key=lambda entry: entry[1].time)
        if isinstance(self.window, Sliding):
            return sorted(entries, key=lambda entry: _slice(self.window, entry[1].time))
        return entries


def _slice(window: Sliding, time: int) -> int:
    """Return the number of window starts and ends up to a time: records between two are in the same windows."""
    starts = (time - window.offset_us) // window.slide_us
    ends = (time - window.offset_us - window.size_us) // window.slide_us
    return starts + ends


def _key(value: Any) -> Any:
    if isinstance(value, float | Decimal) and value == value:  # noqa: PLR0124 - not NaN
        return int(value) if value == int(value) else value
    return value
