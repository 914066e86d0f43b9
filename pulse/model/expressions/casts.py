"""Casts: which there are, over columns and over rows.

A cast never changes a value silently: 1.5 is no int64, and 300 no int8 (but an integer becomes the nearest
double). Over rows the common cases are done in
Python; for all else the one value goes through the kernel, so both give the same.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from pyarrow import types

from pulse.errors import RecordError, TypeMismatch, cut
from pulse.model.expressions import kernels
from pulse.model.expressions.literals import read_time, to_utc
from pulse.model.expressions.rules import Signature
from pulse.model.expressions.values import EXACT, MAX_INT, MIN_INT, is_number, plain
from pulse.model.schema import data_type, is_text, type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulse.model.expressions.columns import Value
    from pulse.model.expressions.rows import Operand, RowFunction
    from pulse.model.expressions.tree import Option

_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_MAX_DIGITS = 38
_INT_DIGITS = 19


def rule(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:
    """Type rule of a cast: asks the kernel with no values.

    Raises:
        TypeMismatch: when the way there is another function.
    """
    source, target = kinds[0], data_type(str(options[0]))
    for number, other, hint in (
        (source, target, "use .dt.from_epoch('ms') and name the unit"),
        (target, source, "use .dt.epoch_ms()"),
    ):
        if types.is_integer(number) and types.is_timestamp(other):
            raise TypeMismatch(
                f"cast from {type_name(source)} to {type_name(target)} does not say its unit", hint=hint
            )
    try:
        cast(pa.array([], source), target)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return None
    return Signature((source,), target)


def cast(value: Value, target: pa.DataType) -> Value:  # noqa: PLR0911 - one per pair of kinds
    """Cast an array or scalar without changing any value."""
    source = value.type
    if is_text(source) and types.is_timestamp(target):
        return kernels.read_times(value).cast(target, safe=False)
    if is_text(source) and types.is_date(target):
        return kernels.in_calendar(value.cast(target))
    if types.is_timestamp(source) and is_text(target):
        return kernels.write_times(value).cast(target)
    if types.is_integer(source) and types.is_floating(target):
        return value.cast(target, safe=False)
    if types.is_integer(source) and isinstance(target, pa.Decimal128Type):
        room = pa.decimal128(min(_MAX_DIGITS, _INT_DIGITS + target.scale), target.scale)
        return value.cast(room).cast(target)
    if types.is_decimal(source) and types.is_floating(target):
        return kernels.nearest_double(value).cast(target, safe=False)
    return value.cast(target)


def link_cast(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:
    """Link a cast over rows."""
    target = data_type(str(options[0]))
    shortcut = _SHORTCUTS.get(target, _no_shortcut)
    only = operands[0].run

    def run(row: Mapping[str, Any]) -> Any:
        value = only(row)
        if value is None:
            return None
        short = shortcut(value)
        return short if short is not None else _by_kernel(plain(value), target)

    return run


def widen(value: Value, target: pa.DataType) -> Value:
    """Convert to a wider type; an integer becomes the nearest double, finer times are cut to microseconds."""
    if types.is_decimal(value.type) and types.is_floating(target):
        return kernels.nearest_double(value)
    if isinstance(value.type, pa.TimestampType):
        return value.cast(target, safe=value.type.unit != "ns")  # coarser ones must not wrap around
    return value.cast(target, safe=types.is_integer(target) or types.is_decimal(target))


def link_widen(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:
    """Link a widening over rows."""
    target = options[0]
    only = operands[0].run
    convert = widening(target) if isinstance(target, pa.DataType) else None
    if convert is None:
        return only

    def run(row: Mapping[str, Any]) -> Any:
        value = only(row)
        return None if value is None else convert(value)

    return run


def widening(target: pa.DataType) -> Callable[[Any], Any] | None:
    """Return the function that widens one value to a type, None where it stays as it is."""
    if types.is_floating(target):
        return float
    if types.is_integer(target):
        return _in_int64
    if isinstance(target, pa.Decimal128Type):
        unit = Decimal(1).scaleb(-target.scale)
        return lambda value: Decimal(value).quantize(unit, context=EXACT)
    if isinstance(target, pa.TimestampType):
        zone = ZoneInfo(target.tz) if target.tz not in (None, "UTC") else UTC
        return lambda value: _moment(value).astimezone(zone)
    return None


def _in_int64(value: Any) -> int:
    if not MIN_INT <= value <= MAX_INT:
        raise RecordError(f"integer {value} does not fit int64")
    return int(value)


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        return to_utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    raise RecordError(f"value {cut(repr(value), 60)} is not a time")


def _by_kernel(value: Any, target: pa.DataType) -> Any:
    try:
        if isinstance(value, datetime) and value.tzinfo is None:
            value = to_utc(value)
        return cast(pa.scalar(value), target).as_py()
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise RecordError(f"value {cut(repr(value), 60)} cannot be cast to {type_name(target)}") from error


def _no_shortcut(value: Any) -> Any:  # noqa: ARG001
    return None


def _to_int(value: Any) -> int | None:
    if value.__class__ is int and MIN_INT <= value <= MAX_INT:
        return int(value)
    if value.__class__ is str and _INTEGER.fullmatch(value):
        return int(value)
    if value.__class__ is float and value.is_integer() and MIN_INT <= value < MAX_INT:
        return int(value)
    return None


def _to_double(value: Any) -> float | None:
    if is_number(value) or (value.__class__ is str and _DECIMAL.fullmatch(value)):
        return float(value)
    return None


def _to_string(value: Any) -> str | None:
    if value.__class__ is str:
        return str(value)
    return str(value) if value.__class__ is int else None


def _to_bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _to_timestamp(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return to_utc(value)
    return read_time(value) if isinstance(value, str) else None


def _to_date(value: Any) -> date | None:
    if isinstance(value, datetime):
        return value.date()  # the date that its zone shows, as over columns
    return value if isinstance(value, date) else None


_SHORTCUTS: dict[pa.DataType, Callable[[Any], Any]] = {
    pa.int64(): _to_int,
    pa.float64(): _to_double,
    pa.string(): _to_string,
    pa.bool_(): _to_bool,
    pa.date32(): _to_date,
    data_type("timestamp"): _to_timestamp,
}
