"""How numbers are shown to people."""

from __future__ import annotations

from pulse.model.time import MAX_TIME, MIN_TIME, SECOND, format_time

_KIB = 1024


def show_rate(records: int, seconds: float) -> str:
    """Return records per second.

    Example:
        >>> show_rate(1_000_000, 2.5), show_rate(3, 0)
        ('400,000/s', '-')
    """
    return f"{records / seconds:,.0f}/s" if seconds > 0 else "-"


def show_seconds(seconds: float) -> str:
    """Return a length of time.

    Example:
        >>> show_seconds(0.1234), show_seconds(12.3), show_seconds(3723)
        ('0.12 s', '12.3 s', '1:02:03')
    """
    minute = 60
    if seconds < 10:  # noqa: PLR2004 - two digits after the point or one
        return f"{seconds:.2f} s"
    if seconds < minute:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), minute)
    hours, minutes = divmod(minutes, minute)
    return f"{hours}:{minutes:02}:{rest:02}"


def show_bytes(count: int) -> str:
    """Return a size.

    Example:
        >>> show_bytes(900), show_bytes(1_500_000)
        ('900 B', '1.4 MiB')
    """
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < _KIB:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _KIB
    return f"{size:.1f} TiB"


def show_watermark(mark: int) -> str:
    """Return a watermark to the second.

    Example:
        >>> show_watermark(MIN_TIME), show_watermark(1_500_000)
        ('-', '1970-01-01T00:00:01Z')
    """
    if mark == MIN_TIME:
        return "-"
    return format_time(mark if mark == MAX_TIME else mark // SECOND * SECOND)


def show_lag(mark: int, now: int) -> str:
    """Return how far a watermark is behind the wall clock.

    Args:
        mark: the watermark, microseconds.
        now: the wall clock, microseconds.

    Example:
        >>> show_lag(1_000_000, 3_500_000), show_lag(MAX_TIME, 0)
        ('2.50 s', '-')
    """
    if mark in (MIN_TIME, MAX_TIME):
        return "-"
    return show_seconds(max(0, now - mark) / SECOND)
