"""The text of one value: how JSON lines and CSV write what a row holds.

===========================  ==============================================================
value                        text
===========================  ==============================================================
null                         JSON ``null``; an empty CSV cell
bool, int, float             as in JSON; a float always shows that it is one (``1.0``)
NaN, infinities              JSON has none: ``null``; CSV ``NaN``, ``Infinity``, ``-Infinity``
time with a date             RFC 3339 in UTC with ``Z``; one without a zone is taken as UTC
date, time of day            ISO 8601
duration                     as Pulse reads it: ``1m30s``
decimal                      digits without an exponent, as a string, so that none are lost
bytes                        base64
UUID                         its usual text
list, object, record class   JSON; a CSV cell holds the JSON text
===========================  ==============================================================

``columns`` text is made by :mod:`pulse.io.sinks.text`; the two agree on every value.
"""

from __future__ import annotations

import math
from base64 import b64encode
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson

from pulse.errors import RecordError, cut
from pulse.model.time import format_duration, micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OPTIONS = (
    orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
)
_LINE = OPTIONS | orjson.OPT_APPEND_NEWLINE


def plain(value: Any) -> Any:
    """Return what JSON can hold for a value that it has no form for.

    Raises:
        TypeError: when the value is of a type that has no text.

    Example:
        >>> plain(Decimal("1.50")), plain(b"hi"), plain(datetime(2024, 5, 1, 12, tzinfo=UTC))
        ('1.50', 'aGk=', '2024-05-01T12:00:00Z')
    """
    if isinstance(value, datetime):
        offset = value.utcoffset()
        if offset:
            value = value.astimezone(UTC)
        return (value.isoformat() if offset is None else value.isoformat()[:-6]) + "Z"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes | bytearray | memoryview):
        return b64encode(value).decode()
    if isinstance(value, timedelta):
        return format_duration(micros(value))
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return value._asdict()
    raise TypeError(f"type {type(value).__name__!r} has no JSON form")


def json_text(value: Any) -> bytes:
    """Return a value as JSON.

    Raises:
        RecordError: when it holds what JSON cannot: a set, a number beyond 64 bits, a key that is no string.

    Example:
        >>> json_text({"a": [1, 2.0, None]})
        b'{"a":[1,2.0,null]}'
    """
    try:
        return orjson.dumps(value, plain, OPTIONS)
    except TypeError as error:
        raise _unwritable(value, error) from None


def json_lines(rows: Iterable[Any]) -> bytes:
    r"""Return rows as JSON lines, one per row.

    Raises:
        RecordError: as :func:`json_text`, naming the row.

    Example:
        >>> json_lines([{"a": 1}, "x"])
        b'{"a":1}\n"x"\n'
    """
    row = None
    dumps = orjson.dumps
    try:
        return b"".join([dumps(row := each, plain, _LINE) for each in rows])
    except TypeError as error:
        raise _unwritable(row, error) from None


def cell(value: Any) -> str | None:
    """Return a value as the text of a CSV cell or partition name; None for null.

    Raises:
        RecordError: as :func:`json_text`.

    Example:
        >>> cell("a"), cell(1.0), cell(True), cell([1]), cell(None), cell(float("nan"))
        ('a', '1.0', 'true', '[1]', None, 'NaN')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = json_text(value)
    return orjson.loads(text) if text[:1] == b'"' else text.decode()


def fields_of(record: Any) -> Mapping[str, Any]:
    """Return the named fields of a record; one without names is a single field ``value``.

    Example:
        >>> fields_of({"a": 1}), fields_of(7)
        ({'a': 1}, {'value': 7})
    """
    if isinstance(record, dict):
        return record
    if is_dataclass(record) and not isinstance(record, type):
        return {each.name: getattr(record, each.name) for each in fields(record)}
    if isinstance(record, tuple) and hasattr(record, "_asdict"):
        return dict(record._asdict())
    return {"value": record}


def _unwritable(record: Any, error: TypeError) -> RecordError:
    reason = str(error)
    return RecordError(
        f"record cannot be written as JSON: {reason[:1].lower()}{reason[1:]}", record=cut(repr(record))
    )
