"""Event times written as text: ISO 8601 / RFC 3339, or a ``strptime`` format.

``parse_text`` is the reference. ``parse_text_column`` gives the same answers with Arrow kernels for the
spellings that both surely read alike, and asks the reference for the rest.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pulse.model.time import from_datetime

if TYPE_CHECKING:
    from pulse.model.bundle import Int64s, Mask

_kernels: Any = pc  # the stubs know only some of the overloads

_DATE_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}"
_OFFSET = r"(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$"
_SPELLINGS: tuple[tuple[str, pa.TimestampType[Any, Any]], ...] = (  # the regular spellings and their readers
    (_DATE_TIME + r"(\.\d{1,6})?" + _OFFSET, pa.timestamp("us", "UTC")),
    (_DATE_TIME + r"(\.\d{1,6})?$", pa.timestamp("us")),
    (_DATE_TIME + r"\.\d{7,9}" + _OFFSET, pa.timestamp("ns", "UTC")),
    (_DATE_TIME + r"\.\d{7,9}$", pa.timestamp("ns")),
)
_FIRST_YEAR, _LAST_YEAR = 1970, 2036
_PLAIN_DIRECTIVES = re.compile(r"(?:[^%]|%[YmdHMS])+")


def parse_text(text: str, layout: str | None, zone: tzinfo | None) -> int:
    """Return the event time that a text names, in microseconds.

    Args:
        text: the text; digits of a second beyond the sixth are cut off.
        layout: a ``strptime`` format, or None for ISO 8601.
        zone: the zone of a text without an offset; None is UTC.

    Raises:
        ValueError: when the text is not such a time.

    Example:
        >>> parse_text("1970-01-01T00:00:01.5Z", None, None), parse_text("2.1.1970", "%d.%m.%Y", None)
        (1500000, 86400000000)
    """
    if layout is not None:
        moment = datetime.strptime(text, layout)  # noqa: DTZ007 - the zone is set below when it is absent
    else:
        moment = datetime.fromisoformat(text[:-1] + "Z" if text.endswith("z") else text)
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC))


def parse_text_column(texts: pa.Array[Any], layout: str | None, zone: tzinfo | None) -> tuple[Int64s, Mask]:
    """Parse a column of text as ``parse_text`` does.

    Args:
        texts: ``string[n]``; nulls are bad.
        layout: a ``strptime`` format, or None for ISO 8601.
        zone: the zone of a text without an offset; None is UTC.

    Returns:
        The event times, ``int64[n]``, and a mask of the values that are not a time.
    """
    times = np.zeros(len(texts), np.int64)
    todo = np.asarray(texts.is_valid())
    readers = _SPELLINGS if layout is None else ()
    for spelling, target in readers:
        if not todo.any():
            break
        mask = todo & _true(_kernels.match_substring_regex(texts, spelling))
        if not mask.any():
            continue
        chosen = texts if mask.all() else texts.filter(pa.array(mask))
        found = _cast(chosen, target, zone)
        if found is not None:
            times[mask] = found
            todo &= ~mask
    if layout is not None and _PLAIN_DIRECTIVES.fullmatch(layout) and todo.any():
        found, sure = _strptime(texts, layout, zone)
        sure &= todo
        times[sure] = found[sure]
        todo &= ~sure
    bad = np.asarray(texts.is_null())
    if todo.any():
        bad = bad.copy()
        rows = np.flatnonzero(todo)
        rest: list[Any] = texts.filter(pa.array(todo)).to_pylist()
        for row, text in zip(rows.tolist(), rest, strict=True):
            try:
                times[row] = parse_text(text, layout, zone)
            except (ValueError, OverflowError):
                bad[row] = True
    return times, bad


def _cast(texts: pa.Array[Any], target: pa.TimestampType[Any, Any], zone: tzinfo | None) -> Int64s | None:
    """Read regular ISO texts at once; None when one of them is out of range or falls into a clock change."""
    try:
        moments = _kernels.cast(texts, target)
        if target.tz is None:
            moments = localize(moments, zone)
    except pa.ArrowInvalid:
        return None
    values = np.asarray(moments.cast(pa.int64()))
    return values // 1000 if target.unit == "ns" else values


def _strptime(texts: pa.Array[Any], layout: str, zone: tzinfo | None) -> tuple[Int64s, Mask]:
    """Read texts by format, sure only where writing the result gives the very same text."""
    moments = _kernels.strptime(texts, format=layout, unit="us", error_is_null=True)
    # %S of a timestamp prints fractions; in seconds it does not
    written = _kernels.strftime(moments.cast(pa.timestamp("s")), format=layout)
    sure = _true(_kernels.equal(written, texts))
    try:
        moments = localize(moments, zone)
    except pa.ArrowInvalid:
        sure[:] = False
    return np.asarray(moments.cast(pa.int64()).fill_null(0)), sure


def _true(column: pa.Array[Any]) -> Mask:
    """Return where a boolean column is true, null being false."""
    return np.array(_kernels.fill_null(column, fill_value=False))


def localize(moments: pa.Array[Any], zone: tzinfo | None) -> pa.Array[Any]:
    """Turn timestamps of a zone into UTC.

    Raises:
        pyarrow.ArrowInvalid: when one falls into a change of the clock, where it names no or two moments, or
            outside the years for which Arrow knows the rules of every zone.
    """
    name = getattr(zone, "key", None)
    if name is None:
        return moments
    years = _kernels.min_max(_kernels.year(moments)).as_py()
    if years["min"] is not None and (years["min"] < _FIRST_YEAR or years["max"] > _LAST_YEAR):
        raise pa.ArrowInvalid(f"years {years['min']} to {years['max']}")
    local: pa.Array[Any] = _kernels.assume_timezone(moments, name)
    return local
