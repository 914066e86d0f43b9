"""Time: one integer type, microseconds since the epoch, UTC; intervals are half-open.

A watermark ``W`` promises that no future element has a timestamp below ``W``. It starts at ``MIN_TIME`` and
ends, for a bounded input, at ``MAX_TIME``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from pulse.errors import PipelineError

MIN_TIME = -(2**63)
"""The watermark before any promise, and the time of an element that has none."""

MAX_TIME = 2**63 - 1
"""The watermark at the end of a bounded input: every window is over."""

SECOND = 1_000_000

MIN_EVENT_TIME = -62_135_596_800 * SECOND
"""0001-01-01T00:00:00Z, the earliest event time of a record."""

MAX_EVENT_TIME = 253_402_300_800 * SECOND - 1
"""The last microsecond of year 9999, the latest event time of a record."""

Duration = timedelta | str
"""A length of time as people write it: ``timedelta(seconds=10)`` or ``"10s"``."""

_UNITS = {
    "us": 1,
    "ms": 1_000,
    "s": SECOND,
    "m": 60 * SECOND,
    "min": 60 * SECOND,
    "h": 3600 * SECOND,
    "d": 86_400 * SECOND,
    "w": 7 * 86_400 * SECOND,
}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")


def micros(duration: Duration, *, name: str = "duration") -> int:
    """Return a duration in microseconds.

    Args:
        duration: a ``timedelta``, or text such as ``"10s"``, ``"1h30m"``, ``"250ms"``; units are
            us, ms, s, m (or min), h, d, w. A bare number is refused, for it has no unit.
        name: what the duration is for, named in the error.

    Raises:
        PipelineError: when it is not a duration, or not a whole number of microseconds.

    Example:
        >>> micros("1m30s"), micros(timedelta(milliseconds=5)), micros("0s")
        (90000000, 5000, 0)
    """
    if isinstance(duration, timedelta):
        return duration // timedelta(microseconds=1)
    if isinstance(duration, str):
        text = duration.strip().lower()
        sign, body = (-1, text[1:]) if text.startswith("-") else (1, text)
        parts = _PART.findall(body)
        if (
            parts
            and "".join(n + u for n, u in parts) == body.replace(" ", "")
            and all(u in _UNITS for _, u in parts)
        ):
            total = sum(float(n) * _UNITS[u] if "." in n else int(n) * _UNITS[u] for n, u in parts)
            if total == int(total):
                return sign * int(total)
    raise PipelineError(
        f"{name} {duration!r} is not a duration",
        hint="write a timedelta or text such as '10s', '1h30m' or '250ms' (units: us, ms, s, m, h, d, w)",
    )


def format_duration(value: int) -> str:
    """Return microseconds as the shortest text that ``micros`` reads back.

    Example:
        >>> format_duration(90_000_000), format_duration(1500), format_duration(0)
        ('1m30s', '1ms500us', '0s')
    """
    if value == 0:
        return "0s"
    rest, text = abs(value), "-" if value < 0 else ""
    for unit in ("d", "h", "m", "s", "ms", "us"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            text += f"{count}{unit}"
    return text


def format_time(value: int) -> str:
    """Return an event time or watermark as RFC 3339 text, or as its name at the ends of time.

    Example:
        >>> format_time(0), format_time(1_500_000), format_time(MAX_TIME)
        ('1970-01-01T00:00:00Z', '1970-01-01T00:00:01.500000Z', 'end of time')
    """
    if value == MIN_TIME:
        return "start of time"
    if value == MAX_TIME:
        return "end of time"
    if not MIN_EVENT_TIME <= value <= MAX_EVENT_TIME:
        return f"{value}us"
    return to_datetime(value).isoformat().replace("+00:00", "Z")


def to_datetime(value: int) -> datetime:
    """Return an event time as an aware datetime in UTC.

    Example:
        >>> to_datetime(1_500_000)
        datetime.datetime(1970, 1, 1, 0, 0, 1, 500000, tzinfo=datetime.timezone.utc)
    """
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=value)


def from_datetime(value: datetime) -> int:
    """Return a datetime as an event time; one without a zone is taken as UTC.

    Example:
        >>> from_datetime(datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC))
        2000000
    """
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
