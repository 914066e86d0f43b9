"""Event time: which field holds it, how it is written, and how it becomes microseconds.

A number is epoch seconds, milliseconds, microseconds or nanoseconds as declared, milliseconds when not; a
text is ISO 8601 / RFC 3339 or a declared ``strptime`` format; a timestamp is itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pyarrow as pa

from pulse.errors import PipelineError, cut, did_you_mean
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME, from_datetime, to_datetime
from pulse.model.time_text import localize, parse_text, parse_text_column

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.model.bundle import Int64s, Mask

UNITS = {"s": 1_000_000, "ms": 1000, "us": 1, "ns": -1000}
"""Microseconds per unit; a negative number divides."""

_INT64_EDGE = 9.2e18


class ParsedTimes(NamedTuple):
    """The event times of a column.

    Args:
        times: ``int64[n]``, microseconds; without meaning where ``bad``.
        bad: ``bool[n]``, the values that are not an event time.
        reason: says of a bad row, in one lower-case sentence, why.
    """

    times: Int64s
    bad: Mask
    reason: Callable[[int], str]


@dataclass(frozen=True, slots=True)
class EventTime:
    """Where a record says when it happened.

    Args:
        field: name of the field.
        format: ``"ms"``, ``"s"``, ``"us"`` or ``"ns"`` since the epoch for numbers; ``"iso"`` for texts only;
            or a ``strptime`` format such as ``"%d/%m/%Y %H:%M"``. None reads numbers as milliseconds.
        time_zone: zone of texts and timestamps that carry none, such as ``"Europe/Berlin"``; None is UTC.
            Where the clock is turned back the first of the two moments is meant.

    Raises:
        PipelineError: when the format or the zone is not known.

    Example:
        >>> ts = EventTime("ts")
        >>> ts.parse_value(1500), ts.parse_value("1970-01-01T00:00:01.5Z")
        (1500000, 1500000)
        >>> ts.parse_column(pa.array([1, None, 3])).bad.tolist()
        [False, True, False]
    """

    field: str
    format: str | None = None
    time_zone: str | None = None

    def __post_init__(self) -> None:
        known = (*UNITS, "iso")
        if self.format is not None and self.format not in known and "%" not in self.format:
            raise PipelineError(
                f"time format {self.format!r} is not one of ms, s, us, ns, iso, nor a strptime format",
                hint=did_you_mean(self.format, known) or "a strptime format has directives such as %Y-%m-%d",
            )
        _ = self.zone

    @property
    def zone(self) -> tzinfo | None:
        """The zone of times that carry none, or None for UTC."""
        if self.time_zone is None:
            return None
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise PipelineError(
                f"time zone {self.time_zone!r} is not known",
                hint="use a name of the IANA database such as 'Europe/Berlin' or 'UTC'",
            ) from error

    @property
    def _layout(self) -> str | None:
        return self.format if self.format and "%" in self.format else None

    @property
    def _factor(self) -> int | None:
        """Microseconds per unit of a number, or None when numbers are not event times."""
        return UNITS["ms"] if self.format is None else UNITS.get(self.format)

    def parse_value(self, value: Any) -> int:
        """Return the event time of one value, in microseconds.

        Raises:
            ValueError: saying in one sentence why the value is not an event time.
        """
        shown = f"event time {self.field!r}"
        if value is None:
            raise ValueError(f"{shown} is null or missing")
        try:
            time = self._read(value)
        except (ValueError, OverflowError) as error:
            raise ValueError(f"{shown} {cut(repr(value), 60)} {self._rule(value)}") from error
        if not MIN_EVENT_TIME <= time <= MAX_EVENT_TIME:
            raise ValueError(f"{shown} {cut(repr(value), 60)} is outside the years 1 to 9999")
        return time

    def _read(self, value: Any) -> int:
        if isinstance(value, str):
            return parse_text(value, self._layout, self.zone)
        if isinstance(value, date):
            moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
            return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=self.zone or UTC, fold=0))
        factor = self._factor
        if factor is None or isinstance(value, bool):
            raise ValueError
        if isinstance(value, (int, np.integer)):
            return int(value) * factor if factor > 0 else int(value) // -factor
        if isinstance(value, (float, np.floating)):
            scaled = float(value) * factor if factor > 0 else float(value) / -factor
            return round(scaled) if math.isfinite(scaled) else MAX_EVENT_TIME + 1
        raise ValueError

    def _rule(self, value: Any) -> str:
        if isinstance(value, str):
            wanted = f"of the form {self._layout!r}" if self._layout else "an ISO 8601 time"
        elif self._factor is None:
            wanted = f"a text, as time_format {self.format!r} asks for"
        else:
            wanted = "a number, a text or a timestamp"
        return f"is not {wanted}"

    def parse_column(self, column: pa.Array[Any]) -> ParsedTimes:
        """Parse a column with the answers that ``parse_value`` gives for each value.

        Args:
            column: ``T[n]`` of integers, floats, texts, timestamps or dates.
        """
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        kind = column.type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            times, bad = parse_text_column(column, self._layout, self.zone)
            return self._in_range(times, bad, lambda row: column[row].as_py())
        if pa.types.is_date(kind):
            column, kind = column.cast(pa.timestamp("s")), pa.timestamp("s")
        if pa.types.is_timestamp(kind):
            return self._timestamps(column)
        factor = self._factor
        if factor is not None and pa.types.is_integer(kind):
            times, bad = _integers(column, factor)
            return self._in_range(times, bad, lambda row: column[row].as_py())
        if factor is not None and pa.types.is_floating(kind):
            times, bad = _floats(column, factor)
            return self._in_range(times, bad, lambda row: column[row].as_py())
        return self._one_by_one(column.to_pylist())

    def parse_values(self, values: list[Any]) -> ParsedTimes:
        """Parse the values of rows with the answers that ``parse_value`` gives for each."""
        kinds = set(map(type, values))
        for kind, arrow in ((int, pa.int64()), (str, pa.string()), (float, pa.float64())):
            if kinds == {kind}:
                try:
                    column = pa.array(values, arrow)
                except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
                    break
                return self.parse_column(column)
        return self._one_by_one(values)

    def _one_by_one(self, values: list[Any]) -> ParsedTimes:
        times = np.zeros(len(values), np.int64)
        bad = np.zeros(len(values), np.bool_)
        for row, value in enumerate(values):
            try:
                times[row] = self.parse_value(value)
            except ValueError:
                bad[row] = True
        return ParsedTimes(times, bad, lambda row: self._reason(values[row]))

    def _timestamps(self, column: pa.Array[Any]) -> ParsedTimes:
        raw = column.cast(pa.int64())
        times, bad = _integers(raw, UNITS[column.type.unit])
        if column.type.tz is None and self.time_zone is not None:
            moments = pa.array(np.where(bad, 0, times)).cast(pa.timestamp("us"))
            try:
                times = np.asarray(localize(moments, self.zone).cast(pa.int64()))
            except pa.ArrowInvalid:
                times = np.array([self._read(to_datetime(t).replace(tzinfo=None)) for t in times.tolist()])
        return self._in_range(times, bad, lambda row: None if raw[row].as_py() is None else int(times[row]))

    def _in_range(self, times: Int64s, bad: Mask, value: Callable[[int], Any]) -> ParsedTimes:
        bad = bad | (times < MIN_EVENT_TIME) | (times > MAX_EVENT_TIME)
        return ParsedTimes(times, bad, lambda row: self._reason(value(row)))

    def _reason(self, value: Any) -> str:
        try:
            self.parse_value(value)
        except ValueError as error:
            return str(error)
        return f"event time {self.field!r} is outside the years 1 to 9999"


def _integers(column: pa.Array[Any], factor: int) -> tuple[Int64s, Mask]:
    bad = np.asarray(column.is_null())
    values = np.asarray(column.fill_null(0))
    if factor < 0:  # divide first: every quotient fits
        wide = values if values.dtype == np.uint64 else values.astype(np.int64, copy=False)
        return (wide // wide.dtype.type(-factor)).astype(np.int64, copy=False), bad
    low, high = -(-MIN_EVENT_TIME // factor), MAX_EVENT_TIME // factor
    if values.dtype == np.uint64:
        bad = bad | (values > np.uint64(high))
        values = np.where(bad, np.uint64(0), values)
    wide = values.astype(np.int64, copy=False)
    bad = bad | (wide < low) | (wide > high)
    return np.where(bad, 0, wide) * factor, bad


def _floats(column: pa.Array[Any], factor: int) -> tuple[Int64s, Mask]:
    bad = np.asarray(column.is_null())
    values = np.asarray(column.cast(pa.float64()).fill_null(0.0))
    with np.errstate(over="ignore"):
        scaled = np.rint(values * factor if factor > 0 else values / -factor)
    bad = bad | ~(np.abs(scaled) < _INT64_EDGE)
    return np.where(bad, 0.0, scaled).astype(np.int64), bad
