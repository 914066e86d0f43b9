"""From what text parsers read to the types of a schema: moments, dates, binary, and so on.

The parsers read numbers, booleans and text. What a schema declares beyond that is read as text first and
converted here, value by value where a value is wrong, so that every format means the same by a type.
"""

from __future__ import annotations

from base64 import b64decode
from datetime import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from pulse.errors import ConnectorError, PipelineError, cut
from pulse.model.event_time import EventTime
from pulse.model.schema import type_name
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME, SECOND, micros

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.model.bundle import Mask

_kernels: Any = pc  # the stubs know only some of the overloads


class Converted(NamedTuple):
    """A column of the schema's type.

    Args:
        column: null where ``bad``.
        bad: the values that the type does not have; None when there are none.
        reason: says of a bad row, in one lower-case sentence, why.
    """

    column: pa.Array[Any]
    bad: Mask | None
    reason: Callable[[int], str]


def is_plain(kind: pa.DataType) -> bool:
    """Return whether a type's values are what JSON holds: booleans, integers, doubles and text."""
    return (
        types.is_boolean(kind)
        or types.is_integer(kind)
        or types.is_float64(kind)
        or types.is_string(kind)
        or types.is_large_string(kind)
        or types.is_null(kind)
    )


def raw_type(field: pa.Field[Any]) -> pa.DataType:
    """Return the type that a parser reads for a field, before ``convert``.

    Raises:
        ConnectorError: when the field is of a type that text files cannot hold.

    Example:
        >>> raw_type(pa.field("at", pa.timestamp("us"))), raw_type(pa.field("x", pa.float32()))
        (DataType(string), DataType(double))
    """
    kind: pa.DataType = field.type
    if is_plain(kind) or types.is_decimal(kind):
        return kind
    if types.is_floating(kind):
        return pa.float64()
    if types.is_temporal(kind) or types.is_binary(kind) or types.is_large_binary(kind):
        return pa.string()
    if types.is_list(kind) or types.is_struct(kind):
        parts = [kind.value_field] if types.is_list(kind) else [kind.field(i) for i in range(kind.num_fields)]
        if all(raw_type(part) == part.type for part in parts):
            return kind
    raise ConnectorError(
        f"field {field.name!r} of type {type_name(kind)} can't be read from a text file",
        hint="declare it as string, or nested values of numbers, booleans and strings",
    )


def convert(field: pa.Field[Any], column: pa.Array[Any]) -> Converted:
    """Turn a column that was read as ``raw_type`` into the field's type."""
    kind = field.type
    if column.type == kind and (types.is_timestamp(kind) or types.is_date(kind)):
        return _within_calendar(field, column)
    if column.type == kind or not (types.is_string(column.type) or types.is_floating(kind)):
        return Converted(column, None, str)
    if types.is_timestamp(kind):
        return _moments(field, column)
    if types.is_floating(kind):
        return Converted(column.cast(kind, safe=False), None, str)
    if types.is_date(kind):
        try:
            return Converted(_kernels.cast(column, kind), None, str)
        except pa.ArrowInvalid:
            pass
    return _one_by_one(field, column)


def _moments(field: pa.Field[Any], column: pa.Array[Any]) -> Converted:
    times, bad, reason = EventTime(field.name, "iso").parse_column(column)
    null = np.asarray(column.is_null())
    moments = pa.array(times, mask=bad).cast(pa.timestamp("us", field.type.tz))
    bad = bad & ~null
    try:
        exact = moments.cast(field.type, safe=False) if field.type.unit != "ns" else moments.cast(field.type)
    except pa.ArrowInvalid:  # beyond the years that 64 bits of nanoseconds hold
        return _one_by_one(field, column)
    return Converted(
        exact, bad if bad.any() else None, lambda row: reason(row).replace("event time", "field")
    )


def _within_calendar(field: pa.Field[Any], column: pa.Array[Any]) -> Converted:
    """Refuse times that neither Python nor RFC 3339 has a value for; nanoseconds do not reach that far."""
    kind = field.type
    unit = _MICROS.get(kind.unit if types.is_timestamp(kind) else str(kind))
    if unit is None or column.null_count == len(column):
        return Converted(column, None, str)
    numbers: Any = column.view(pa.int32() if types.is_date32(kind) else pa.int64())
    low, high = -(-MIN_EVENT_TIME // unit), MAX_EVENT_TIME // unit
    ends = _kernels.min_max(numbers).as_py()
    if low <= ends["min"] and ends["max"] <= high:
        return Converted(column, None, str)
    outside = _kernels.or_(_kernels.less(numbers, low), _kernels.greater(numbers, high))
    bad = outside.fill_null(False).to_numpy(zero_copy_only=False)  # noqa: FBT003 - a value
    return Converted(
        _kernels.if_else(pa.array(bad), pa.scalar(None, kind), column),
        bad,
        lambda row: (
            f"field {field.name!r} is {numbers[row]} as {type_name(kind)}, outside the years 1 to 9999"
        ),
    )


_MICROS = {"s": SECOND, "ms": 1000, "us": 1, "date32[day]": 86_400 * SECOND, "date64[ms]": 1000}
"""Microseconds that the units of time types have, by unit or type."""


def _one_by_one(field: pa.Field[Any], column: pa.Array[Any]) -> Converted:
    texts: list[Any] = column.to_pylist()
    values: list[Any] = [None] * len(texts)
    bad = np.zeros(len(texts), np.bool_)
    for row, text in enumerate(texts):
        if text is not None:
            try:
                values[row] = _value(text, field.type)
            except (ValueError, OverflowError, PipelineError):
                bad[row] = True
    shown = f"field {field.name!r}"
    return Converted(
        pa.array(values, field.type),
        bad if bad.any() else None,
        lambda row: (
            f"{shown} {cut(repr(texts[row]), 60)} is not a {type_name(field.type)}{_form(field.type)}"
        ),
    )


def _value(text: str, kind: pa.DataType) -> Any:
    """Read one value; raises ``ValueError`` (which Arrow's own error is) when it is not of the type."""
    if types.is_binary(kind) or types.is_large_binary(kind):
        return b64decode(text, validate=True)
    if types.is_duration(kind):
        return _kernels.cast(pa.scalar(micros(text), pa.duration("us")), kind)
    if types.is_time(kind):
        clock = time.fromisoformat(text)
        if clock.tzinfo is not None:
            raise ValueError
        return clock
    if types.is_timestamp(kind):
        moment = pa.scalar(EventTime("", "iso").parse_value(text), pa.int64())
        return _kernels.cast(_kernels.cast(moment, pa.timestamp("us", kind.tz)), kind)
    return _kernels.cast(pa.scalar(text), kind)


def _form(kind: pa.DataType) -> str:
    if types.is_binary(kind) or types.is_large_binary(kind):
        return " in base64"
    return " such as '1m30s'" if types.is_duration(kind) else ""
