"""The functions over times, as methods under ``.dt``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from pulse.errors import TypeMismatch
from pulse.model.expressions.options import checked_text
from pulse.model.time import Duration, format_duration, micros

if TYPE_CHECKING:
    from pulse.model.expressions.expr import Expr
    from pulse.model.expressions.operators import Operators

_UNITS = ("s", "ms", "us", "ns")


class TimeMethods:
    """Functions over times: the parts that the zone of the time shows, which is UTC unless it has another."""

    __slots__ = ("_value",)

    def __init__(self, value: Operators) -> None:
        self._value = value

    def year(self) -> Expr:
        """Return the year."""
        return self._value.apply("dt.year")

    def month(self) -> Expr:
        """Return the month, 1 to 12."""
        return self._value.apply("dt.month")

    def day(self) -> Expr:
        """Return the day of the month, 1 to 31."""
        return self._value.apply("dt.day")

    def hour(self) -> Expr:
        """Return the hour, 0 to 23."""
        return self._value.apply("dt.hour")

    def minute(self) -> Expr:
        """Return the minute, 0 to 59."""
        return self._value.apply("dt.minute")

    def second(self) -> Expr:
        """Return the whole second, 0 to 59."""
        return self._value.apply("dt.second")

    def weekday(self) -> Expr:
        """Return the day of the week, Monday 0 to Sunday 6."""
        return self._value.apply("dt.weekday")

    def date(self) -> Expr:
        """Return the calendar date."""
        return self._value.apply("dt.date")

    def truncate(self, length: Duration) -> Expr:
        """Round down to a multiple of a duration since the epoch, in UTC.

        Args:
            length: such as ``"1h"``.

        Example:
            >>> from datetime import datetime
            >>> from pulse.model.expressions import parse
            >>> parse("t.dt.truncate('1h')").row_function()({"t": datetime(2024, 5, 1, 10, 59)})
            datetime.datetime(2024, 5, 1, 10, 0, tzinfo=datetime.timezone.utc)
        """
        size = micros(length, name="length of truncate")
        if size <= 0:
            raise TypeMismatch(f"length of truncate {format_duration(size)} is not positive")
        return self._value.apply("dt.truncate", options=(format_duration(size),))

    def epoch_ms(self) -> Expr:
        """Return whole milliseconds since the epoch."""
        return self._value.apply("dt.epoch_ms")

    def from_epoch(self, unit: str = "ms") -> Expr:
        """Return the moment that an integer since the epoch stands for.

        Args:
            unit: ``s``, ``ms``, ``us`` or ``ns``.

        Example:
            >>> from pulse.model.expressions import col
            >>> col("time").dt.from_epoch("s").row_function()({"time": 60})
            datetime.datetime(1970, 1, 1, 0, 1, tzinfo=datetime.timezone.utc)
        """
        if unit not in _UNITS:
            raise TypeMismatch(f"unit {unit!r} does not exist; units: {', '.join(_UNITS)}")
        return self._value.apply("dt.from_epoch", options=(unit,))

    def to_time_zone(self, zone: str) -> Expr:
        """Return the same moment in a time zone, whose hours and dates it then shows.

        Over columns Arrow knows the rules of a zone from 1900 to 2037 only; outside it takes standard time.

        Example:
            >>> from datetime import UTC, datetime
            >>> from pulse.model.expressions import col
            >>> berlin = col("t").dt.to_time_zone("Europe/Berlin").dt.hour()
            >>> berlin.row_function()({"t": datetime(2024, 5, 1, 10, tzinfo=UTC)})
            12
        """
        try:
            ZoneInfo(checked_text("zone", zone))
        except (LookupError, ValueError, OSError):
            raise TypeMismatch(
                f"time zone {zone!r} does not exist", hint="write one such as 'Europe/Berlin'"
            ) from None
        return self._value.apply("dt.to_time_zone", options=(zone,))

    def strftime(self, pattern: str) -> Expr:
        """Return the time as text, by the directives of C (``%Y-%m-%d %H:%M:%S``), in whole seconds."""
        return self._value.apply("dt.strftime", options=(checked_text("pattern", pattern),))
