"""Type names people write, the Arrow types behind them, and how two types widen into one."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from pulse.errors import TypeMismatch, cut
from pulse.model.typenames import TypeReader

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TIMESTAMP = pa.timestamp("us", "UTC")
"""The one type of a moment: microseconds since the epoch, UTC."""

NAMES: dict[str, pa.DataType] = {
    "null": pa.null(),
    "bool": pa.bool_(),
    "int8": pa.int8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "uint8": pa.uint8(),
    "uint16": pa.uint16(),
    "uint32": pa.uint32(),
    "uint64": pa.uint64(),
    "float16": pa.float16(),
    "float32": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "timestamp": TIMESTAMP,
    "date": pa.date32(),
    "time": pa.time64("us"),
    "duration": pa.duration("us"),
    "large_string": pa.large_string(),
    "large_binary": pa.large_binary(),
}
"""The plain type names, each with its one Arrow type."""

ALIASES: dict[str, str] = {
    "boolean": "bool",
    "int": "int64",
    "integer": "int64",
    "float": "double",
    "float64": "double",
    "str": "string",
    "text": "string",
    "bytes": "binary",
    "datetime": "timestamp",
}
"""Other spellings of plain type names."""

_TEXT: dict[pa.DataType, str] = {kind: name for name, kind in NAMES.items()}
_MAX_DIGITS = 38
_INT_DIGITS = 19


def data_type(name: str | pa.DataType) -> pa.DataType:
    """Return the Arrow type behind a name.

    Args:
        name: a plain name (``int64``, ``double``, ``string``, ``timestamp``, ...; ``int``, ``float`` and
            ``str`` mean what they mean in Python), ``decimal(10, 2)``, ``timestamp(ms)``,
            ``timestamp(us, Europe/Berlin)``, ``local_timestamp`` (no zone), ``list<int64>``,
            ``map<string, int64>`` or ``struct<a: int64, b: string>``. An Arrow type is returned as it is.

    Raises:
        TypeMismatch: when it names no type.

    Example:
        >>> data_type("int"), data_type("timestamp"), data_type("list<decimal(10,2)>")
        (DataType(int64), TimestampType(timestamp[us, tz=UTC]), ListType(list<item: decimal128(10, 2)>))
    """
    return name if isinstance(name, pa.DataType) else TypeReader(name, NAMES, ALIASES).read()


def type_name(kind: pa.DataType) -> str:  # noqa: PLR0911 - one line per kind of type
    """Return the name that ``data_type`` reads back.

    Example:
        >>> type_name(pa.float64()), type_name(pa.struct([("a", pa.list_(pa.int64()))]))
        ('double', 'struct<a: list<int64>>')
        >>> type_name(pa.timestamp("ms", "Europe/Berlin")), type_name(pa.timestamp("us"))
        ('timestamp(ms, Europe/Berlin)', 'local_timestamp')
    """
    if kind in _TEXT:
        return _TEXT[kind]
    if isinstance(kind, pa.Decimal128Type):
        return f"decimal({kind.precision}, {kind.scale})"
    if isinstance(kind, pa.TimestampType):
        if kind.tz is None:
            return "local_timestamp" if kind.unit == "us" else f"local_timestamp({kind.unit})"
        return f"timestamp({kind.unit})" if kind.tz == "UTC" else f"timestamp({kind.unit}, {kind.tz})"
    if isinstance(kind, pa.ListType):
        return f"list<{type_name(kind.value_type)}>"
    if isinstance(kind, pa.MapType):
        return f"map<{type_name(kind.key_type)}, {type_name(kind.item_type)}>"
    if isinstance(kind, pa.StructType):
        return f"struct<{', '.join(f'{field.name}: {type_name(field.type)}' for field in kind)}>"
    return str(kind)


def schema_of(fields: Mapping[str, str | pa.DataType]) -> pa.Schema:
    """Return a schema from field names and type names, in their order.

    Raises:
        TypeMismatch: when a name is no type; the message names the field.

    Example:
        >>> schema_of({"word": "string", "score": "double"}).names
        ['word', 'score']
    """
    built: list[tuple[str, pa.DataType]] = []
    for name, kind in fields.items():
        try:
            built.append((name, data_type(kind)))
        except TypeMismatch as error:
            raise TypeMismatch(f"field {name!r}: {error.message}", hint=error.hint) from None
    return pa.schema(built)


def is_number(kind: pa.DataType) -> bool:
    """Return whether a type is an integer, a float or a decimal."""
    return types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type holds strings."""
    return types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)


def is_key_type(kind: pa.DataType) -> bool:
    """Return whether values of a type are safe keys: one value, one hash, one text.

    Example:
        >>> [is_key_type(t) for t in (pa.string(), pa.float64(), pa.list_(pa.int64()))]
        [True, True, False]
    """
    if types.is_dictionary(kind):
        return is_key_type(kind.value_type)
    return (
        types.is_null(kind)
        or types.is_boolean(kind)
        or is_number(kind)
        or is_text(kind)
        or types.is_binary(kind)
        or types.is_large_binary(kind)
        or types.is_fixed_size_binary(kind)
        or types.is_timestamp(kind)
        or types.is_date(kind)
    )


def widen(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:  # noqa: PLR0911 - one per rule
    """Return the type that holds the values of both, or None when there is none.

    Null widens to anything; integers to wider integers, decimals and double; dates to timestamps; timestamps
    to the finer unit (in UTC when their zones differ; without a zone counts as UTC); lists, maps and structs
    by their parts, where a field that one struct lacks is null.

    Example:
        >>> widen(pa.int32(), pa.int64()), widen(pa.int64(), pa.float64())
        (DataType(int64), DataType(double))
        >>> widen(pa.int64(), pa.string()) is None
        True
    """
    if left == right or types.is_null(right):
        return left
    if types.is_null(left):
        return right
    if types.is_dictionary(left) or types.is_dictionary(right):
        return widen(_plain(left), _plain(right))
    if is_number(left) and is_number(right):
        return _widen_numbers(left, right)
    if is_text(left) and is_text(right):
        return pa.large_string() if pa.large_string() in (left, right) else pa.string()
    if _is_moment(left) and _is_moment(right):
        return _widen_moments(left, right)
    return _widen_nested(left, right)


def infer(values: Iterable[Any]) -> pa.DataType:
    """Return the narrowest type that holds all the values, as ``widen`` joins them.

    Raises:
        TypeMismatch: when a value is of no type known here, or no one type holds two of them.

    Example:
        >>> infer([1, None, 2.5]), infer([{"a": 1}, {"b": "x"}])
        (DataType(double), StructType(struct<a: int64, b: string>))
    """
    found: pa.DataType = pa.null()
    for value in values:
        kind = type_of(value)
        wider = widen(found, kind)
        if wider is None:
            raise TypeMismatch(
                f"value {cut(repr(value), 60)} of type {type_name(kind)} does not fit the values before it, "
                f"of type {type_name(found)}"
            )
        found = wider
    return found


def type_of(value: Any) -> pa.DataType:
    """Return the type of one Python value.

    Raises:
        TypeMismatch: for a value of another kind, an integer beyond 64 bits, a decimal beyond 38 digits.

    Example:
        >>> type_of(True), type_of(Decimal("1.20"))
        (DataType(bool), Decimal128Type(decimal128(3, 2)))
    """
    if isinstance(value, np.generic):
        value = value.item()
    for kind, arrow in _SCALARS:
        if isinstance(value, kind):
            return arrow
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise TypeMismatch(f"integer {value} does not fit int64", hint="use a Decimal or a string")
        return pa.int64()
    if isinstance(value, Decimal):
        return _decimal_type(value)
    if isinstance(value, dict):
        return pa.struct([(str(name), type_of(part)) for name, part in value.items()])
    if isinstance(value, list | tuple):
        return pa.list_(infer(value))
    raise TypeMismatch(
        f"value {cut(repr(value), 60)} of Python type {type(value).__name__} has no Arrow type",
        hint="use None, bool, int, float, str, bytes, datetime, date, time, timedelta, Decimal, list or dict",
    )


_SCALARS: tuple[tuple[type, pa.DataType], ...] = (
    (type(None), pa.null()),
    (bool, pa.bool_()),
    (float, pa.float64()),
    (str, pa.string()),
    (bytes, pa.binary()),
    (datetime, TIMESTAMP),
    (date, pa.date32()),
    (time, pa.time64("us")),
    (timedelta, pa.duration("us")),
)


def _decimal_type(value: Decimal) -> pa.DataType:
    _, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise TypeMismatch(f"decimal {value} is not finite", hint="use a float for nan and infinity")
    scale = max(-exponent, 0)
    precision = max(len(digits) + max(exponent, 0), scale, 1)
    if precision > _MAX_DIGITS:
        raise TypeMismatch(f"decimal {value} has {precision} digits, more than {_MAX_DIGITS}")
    return pa.decimal128(precision, scale)


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if types.is_dictionary(kind) else kind


def _widen_numbers(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    if types.is_floating(left) and types.is_floating(right):
        return max(left, right, key=lambda kind: kind.bit_width)
    if types.is_floating(left) or types.is_floating(right):
        return pa.float64()
    if types.is_decimal(left) or types.is_decimal(right):
        one, two = as_decimal(left), as_decimal(right)
        scale = max(one.scale, two.scale)
        precision = max(one.precision - one.scale, two.precision - two.scale) + scale
        return pa.decimal128(precision, scale) if precision <= _MAX_DIGITS else None
    if types.is_signed_integer(left) == types.is_signed_integer(right):
        return max(left, right, key=lambda kind: kind.bit_width)
    signed, unsigned = (left, right) if types.is_signed_integer(left) else (right, left)
    bits = max(signed.bit_width, unsigned.bit_width * 2)
    return {16: pa.int16(), 32: pa.int32(), 64: pa.int64()}.get(bits)


def as_decimal(kind: pa.DataType) -> pa.Decimal128Type[Any, Any]:
    """Return the decimal type that holds every value of an integer or decimal type."""
    return kind if isinstance(kind, pa.Decimal128Type) else pa.decimal128(_INT_DIGITS, 0)


def _is_moment(kind: pa.DataType) -> bool:
    return types.is_timestamp(kind) or types.is_date(kind)


def _widen_moments(left: pa.DataType, right: pa.DataType) -> pa.DataType:
    if not types.is_timestamp(left):
        return right if types.is_timestamp(right) else pa.date32()
    if not types.is_timestamp(right):
        return left
    unit = max(left.unit, right.unit, key=["s", "ms", "us", "ns"].index)
    return pa.timestamp(unit, left.tz if left.tz == right.tz else "UTC")


def _widen_nested(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    if isinstance(left, pa.ListType) and isinstance(right, pa.ListType):
        item = widen(left.value_type, right.value_type)
        return None if item is None else pa.list_(item)
    if isinstance(left, pa.MapType) and isinstance(right, pa.MapType):
        key, item = widen(left.key_type, right.key_type), widen(left.item_type, right.item_type)
        return None if key is None or item is None else pa.map_(key, item)
    if isinstance(left, pa.StructType) and isinstance(right, pa.StructType):
        parts = {field.name: field.type for field in left}
        for field in right:
            part = widen(parts.get(field.name, pa.null()), field.type)
            if part is None:
                return None
            parts[field.name] = part
        return pa.struct(list(parts.items()))
    return None
