"""Windows: how a collection is divided over event time. Intervals are half-open, ``[start, end)``.

These are declarations. Aligned windows (tumbling, sliding, calendar, global) are the same for every key and
know their bounds; how they are cut into slices and merged is the engine's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pulse.errors import WindowingError, did_you_mean
from pulse.model.arguments import placed
from pulse.model.time import Duration, format_duration, micros
from pulse.model.triggers import AfterCount, AfterWatermark, Trigger

CalendarUnit = Literal["day", "week", "month", "year"]
Accumulation = Literal["discarding", "accumulating"]
TimestampCombiner = Literal["end_of_window", "earliest", "latest"]


def _positive(value: Duration, name: str) -> int:
    length = micros(value, name=name)
    if length <= 0:
        raise WindowingError(f"{name} {value!r} is not positive", hint="use a length such as '60s'")
    return length


def _within(value: Duration, limit: int, name: str, limit_name: str) -> int:
    offset = micros(value, name=name)
    if not 0 <= offset < limit:
        raise WindowingError(
            f"{name} {value!r} is not between 0 and the {limit_name} {format_duration(limit)} (exclusive)"
        )
    return offset


@placed
@dataclass(frozen=True)
class Tumbling:
    """Windows of one length, one after the other.

    Args:
        size: their length.
        offset: shift of every start; ``0 <= offset < size``.

    Raises:
        WindowingError: when the size is not positive or the offset is outside ``[0, size)``.

    Example:
        >>> str(Tumbling("60s")), Tumbling("1m", offset="5s").size_us
        ('tumbling(1m)', 60000000)
    """

    size: Duration
    offset: Duration = "0s"

    def __post_init__(self) -> None:
        _ = self.size_us, self.offset_us

    @cached_property
    def size_us(self) -> int:
        """Length in microseconds."""
        return _positive(self.size, "window size")

    @cached_property
    def offset_us(self) -> int:
        """Offset in microseconds."""
        return _within(self.offset, self.size_us, "window offset", "size")

    def __str__(self) -> str:
        offset = f", offset={format_duration(self.offset_us)}" if self.offset_us else ""
        return f"tumbling({format_duration(self.size_us)}{offset})"


@placed
@dataclass(frozen=True)
class Sliding:
    """Windows of one length that start every ``slide``; they overlap when ``slide < size``.

    A slide above the size leaves gaps: records in a gap belong to no window and count as filtered.

    Args:
        size: their length; it need not be a multiple of the slide.
        slide: distance between two starts.
        offset: shift of every start; ``0 <= offset < slide``.

    Raises:
        WindowingError: when size or slide is not positive or the offset is outside ``[0, slide)``.

    Example:
        >>> str(Sliding("60s", "15s"))
        'sliding(1m every 15s)'
    """

    size: Duration
    slide: Duration
    offset: Duration = "0s"

    def __post_init__(self) -> None:
        _ = self.size_us, self.slide_us, self.offset_us

    @cached_property
    def size_us(self) -> int:
        """Length in microseconds."""
        return _positive(self.size, "window size")

    @cached_property
    def slide_us(self) -> int:
        """Distance between two starts in microseconds."""
        return _positive(self.slide, "window slide")

    @cached_property
    def offset_us(self) -> int:
        """Offset in microseconds."""
        return _within(self.offset, self.slide_us, "window offset", "slide")

    def __str__(self) -> str:
        offset = f", offset={format_duration(self.offset_us)}" if self.offset_us else ""
        return f"sliding({format_duration(self.size_us)} every {format_duration(self.slide_us)}{offset})"


@placed
@dataclass(frozen=True)
class Session:
    """Windows per key that last as long as records come less than ``gap`` apart.

    A record at ``t`` opens ``[t, t + gap)``; windows of a key that overlap merge. Two records exactly ``gap``
    apart are two sessions.

    Args:
        gap: the silence that ends a session.

    Example:
        >>> str(Session("30s"))
        'session(gap 30s)'
    """

    gap: Duration

    def __post_init__(self) -> None:
        _ = self.gap_us

    @cached_property
    def gap_us(self) -> int:
        """Gap in microseconds."""
        return _positive(self.gap, "session gap")

    def __str__(self) -> str:
        return f"session(gap {format_duration(self.gap_us)})"


@placed
@dataclass(frozen=True)
class Calendar:
    """Days, weeks (from Monday), months or years of a time zone, right over changes of daylight saving.

    Args:
        unit: ``"day"``, ``"week"``, ``"month"`` or ``"year"``.
        time_zone: an IANA name such as ``"Europe/Berlin"``.

    Raises:
        WindowingError: for an unknown unit or time zone.

    Example:
        >>> str(Calendar("day", "Europe/Berlin"))
        'calendar(day, Europe/Berlin)'
    """

    unit: CalendarUnit
    time_zone: str = "UTC"

    def __post_init__(self) -> None:
        units = get_args(CalendarUnit)
        if self.unit not in units:
            raise WindowingError(
                f"calendar unit {self.unit!r} is not one of {', '.join(units)}",
                hint=did_you_mean(str(self.unit), units),
            )
        _ = self.zone

    @cached_property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise WindowingError(
                f"time zone {self.time_zone!r} is not known",
                hint="use an IANA name such as 'Europe/Berlin' or 'UTC'",
            ) from None

    def __str__(self) -> str:
        return f"calendar({self.unit}, {self.time_zone})"


@dataclass(frozen=True)
class Global:
    """One window over all of time; it fires when a bounded input ends.

    Example:
        >>> str(Global())
        'global'
    """

    def __str__(self) -> str:
        return "global"


WindowKind = Tumbling | Sliding | Session | Calendar | Global


@dataclass(frozen=True)
class Windowing:
    """A window with the rules that go with it: what ``Window(...)`` declares for a collection.

    Args:
        window: how time is divided.
        lateness_us: how long after its end a window still takes records, in microseconds of event time.
        accumulation: whether a second firing repeats what the first held; None when it fires only once.
        timestamp: the event time of a result.
        trigger: when a window gives results; None: when the watermark passes its end, and again for every
            late record.
        shift_us: added to the event times of records that a result takes its time from, microseconds.
    """

    DEFAULT: ClassVar[Windowing]

    window: WindowKind
    lateness_us: int = 0
    accumulation: Accumulation | None = None
    timestamp: TimestampCombiner = "end_of_window"
    trigger: Trigger | None = None
    shift_us: int = 0

    @property
    def by_default(self) -> bool:
        """Whether the trigger is the default one, or means the same."""
        trigger = self.trigger
        if trigger is None:
            return True
        if not isinstance(trigger, AfterWatermark) or trigger.early is not None:
            return False
        return not self.lateness_us or trigger.late == AfterCount(1)

    @property
    def may_repeat(self) -> bool:
        """Whether a window can give more than one result."""
        return bool(self.lateness_us) if self.trigger is None else self.trigger.may_repeat

    def __str__(self) -> str:
        parts = [str(self.window)]
        if self.trigger is not None:
            parts.append(str(self.trigger))
        if self.lateness_us:
            parts.append(f"lateness {format_duration(self.lateness_us)}")
        if self.accumulation:
            parts.append(self.accumulation)
        if self.timestamp != "end_of_window":
            shift = f" + {format_duration(self.shift_us)}" if self.shift_us else ""
            parts.append(f"{self.timestamp}{shift}")
        return ", ".join(parts)


Windowing.DEFAULT = Windowing(Global())
