"""Turning rows into columns."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa

from pulse.errors import RecordError, TypeMismatch, cut
from pulse.model.schema import infer, is_number, type_name, widen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.engine.operator import StepContext
    from pulse.model.bundle import Bundle

VALUE = "value"
"""The field that holds a record which is not a dict, once it stands in columns."""

ARROW_FAILURES = (pa.ArrowException, TypeError, ValueError, OverflowError)


class ColumnBuilder:
    """Makes columns of one field out of Python values, remembering the type from bundle to bundle.

    A type that was not declared is the first one met and widens from there (int to double, null to
    anything); a value that fits neither is a bad record.

    Args:
        name: the field, for messages.
        declared: its type, when known.
    """

    def __init__(self, name: str, declared: pa.DataType | None = None) -> None:
        self.name = name
        self.declared = declared
        self.type = declared

    def build(self, values: list[Any]) -> pa.Array[Any] | None:
        """Return the values as an array, or None when one of them does not fit."""
        kinds = set(map(type, values)) - {type(None)}
        try:
            found = _type_of(values, kinds)
            target = self.declared or widen(self.type or pa.null(), found)
            if target is None or not _holds(target, found):
                return None
            if self.declared is None and int in kinds and not pa.types.is_integer(target):
                # Next to floats or decimals too, an integer beyond 64 bits is a bad record.
                pa.array([value for value in values if type(value) is int], pa.int64())
            array = pa.array(_exact(values, kinds, target), target)
        except (*ARROW_FAILURES, TypeMismatch):
            return None
        self.type = target
        return array

    def fits(self, value: Any) -> bool:
        """Return whether one value fits the type so far, widening it when that helps."""
        return self.build([value]) is not None


_PLAIN: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bytes: pa.binary(),
}


def _type_of(values: list[Any], kinds: set[type]) -> pa.DataType:
    """Return the type that holds all the values, however they are cut into bundles.

    Arrow's own inference is not that: it takes text next to bytes for bytes, and a time next to a date for a
    date.
    """
    if len(kinds) == 1:
        plain = _PLAIN.get(next(iter(kinds)))
        if plain is not None:
            return plain
    return infer(values) if kinds else pa.null()


def _holds(target: pa.DataType, found: pa.DataType) -> bool:
    """Return whether values of one type may stand in another, for Arrow itself cuts 2.5 to the integer 2."""
    if pa.types.is_dictionary(target):
        return _holds(target.value_type, found)
    if pa.types.is_null(found) or pa.types.is_nested(target):
        return True
    for targets, taken in _HOLDS:
        if any(is_kind(target) for is_kind in targets):
            return any(is_kind(found) for is_kind in taken)
    return True


_Kinds: TypeAlias = "tuple[Callable[[pa.DataType], bool], ...]"
_INTEGER, _DECIMAL, _DATE = (pa.types.is_integer,), (pa.types.is_decimal,), (pa.types.is_date,)
_TIMESTAMP, _BOOL = (pa.types.is_timestamp,), (pa.types.is_boolean,)
_TEXT = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_fixed_size_binary,
    pa.types.is_binary_view,
)
_HOLDS: tuple[tuple[_Kinds, _Kinds], ...] = (
    (_INTEGER, _INTEGER),
    ((pa.types.is_floating,), (is_number,)),
    (_DECIMAL, (*_INTEGER, *_DECIMAL)),
    (_TIMESTAMP, (*_TIMESTAMP, *_DATE)),
    *((same, same) for same in (_BOOL, _TEXT, _BYTES, _DATE, (pa.types.is_time,), (pa.types.is_duration,))),
)
"""Types, and those whose values they hold."""


def _exact(values: list[Any], kinds: set[type], target: pa.DataType) -> list[Any]:
    """Return the values as Arrow takes them: integers beyond 2**53 as doubles, dates as midnights."""
    if pa.types.is_floating(target) and kinds != {float}:
        return [None if value is None else float(value) for value in values]
    if pa.types.is_timestamp(target) and date in kinds:
        return [datetime.combine(v, time(), UTC) if type(v) is date else v for v in values]
    return values


def snapshot_types(builders: Sequence[ColumnBuilder]) -> pa.Table:
    """Return the types that builders have settled on, as an empty table."""
    return pa.schema(
        [(str(i), builder.type or pa.null()) for i, builder in enumerate(builders)]
    ).empty_table()


def restore_types(builders: Sequence[ColumnBuilder], types: pa.Table) -> None:
    """Take back what ``snapshot_types`` gave."""
    for builder, kind in zip(builders, types.schema.types, strict=True):
        builder.type = builder.declared or kind


def build_columns(
    bundle: Bundle, values: Sequence[list[Any]], builders: Sequence[ColumnBuilder], context: StepContext
) -> tuple[Bundle, list[pa.Array[Any]]]:
    """Build one column per list of values; records with a value that does not fit are rejected.

    Returns:
        The bundle without the rejected records, and one array per list, of its length.
    """
    columns = [builder.build(column) for builder, column in zip(builders, values, strict=True)]
    if all(column is not None for column in columns):
        return bundle, [column for column in columns if column is not None]
    good = np.ones(len(bundle), np.bool_)
    for row in range(len(bundle)):
        for builder, column in zip(builders, values, strict=True):
            if not builder.fits(column[row]):
                good[row] = False
                context.reject(bundle, row, misfit(builder, column[row]))
                break
    kept = [[v for v, ok in zip(column, good.tolist(), strict=True) if ok] for column in values]
    built = [builder.build(column) for builder, column in zip(builders, kept, strict=True)]
    if any(column is None for column in built):
        raise RecordError("values of one field have types that no column can hold", step=context.name)
    return bundle.take(good), [column for column in built if column is not None]


def misfit(builder: ColumnBuilder, value: Any) -> str:
    """Return the reason why a value does not fit a column."""
    found = f"field {builder.name!r} is {type(value).__name__} {cut(repr(value), 80)}"
    if builder.type is None or pa.types.is_null(builder.type):
        return f"{found}, which no column can hold"
    return f"{found}, but its column is {type_name(builder.type)}"


def lacks(record: Any, field: str) -> str:
    """Return the reason why a record cannot be read a field of."""
    if not isinstance(record, dict):
        return f"record is {type(record).__name__}, which has no field {field!r}"
    return f"record has no field {field!r}; it has: {', '.join(map(str, record)) or 'none'}"


def field_values(
    bundle: Bundle, fields: Sequence[str], context: StepContext
) -> tuple[Bundle, list[list[Any]]]:
    """Return the values of some fields of rows; records that lack one are rejected.

    Returns:
        The bundle without the rejected records, and one list per field, of its length.
    """
    try:
        return bundle, [[row[name] for row in bundle.rows] for name in fields]
    except (KeyError, TypeError, IndexError):
        good = np.ones(len(bundle), np.bool_)
        for i, row in enumerate(bundle.rows):
            missing = [name for name in fields if not (isinstance(row, dict) and name in row)]
            if missing:
                good[i] = False
                context.reject(bundle, i, lacks(row, missing[0]))
        kept = bundle.take(good)
        return kept, [[row[name] for row in kept.rows] for name in fields]
