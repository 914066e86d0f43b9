"""Partial aggregates of several bundles in one table, where the types of the bundles differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.types as pat

from pulse.errors import RecordError
from pulse.model.schema import type_name, widen

if TYPE_CHECKING:
    from collections.abc import Sequence


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    """Put tables with the same columns one after the other; types that differ are widened.

    Integers meet floats as doubles, so keys such as ``1`` and ``1.0`` become equal; the next ``merge`` brings
    them together.

    Args:
        tables: at least one; all have the columns of the first, in any order.

    Raises:
        RecordError: when no type holds the values of all, such as text and numbers.

    Example:
        >>> concat([pa.table({"k": [1]}), pa.table({"k": [2.5]})]).column("k").to_pylist()
        [1.0, 2.5]
    """
    schemas = [table.schema for table in tables]
    if all(schema.equals(schemas[0]) for schema in schemas):
        return pa.concat_tables(tables)
    target = pa.schema([(name, _common(name, schemas)) for name in schemas[0].names])
    return pa.concat_tables([_cast(table, target) for table in tables])


def _common(name: str, schemas: Sequence[pa.Schema]) -> pa.DataType:
    kind: pa.DataType = pa.null()
    for schema in schemas:
        other = schema.field(name).type
        wider = _wider(kind, other)
        if wider is None:
            raise RecordError(
                f"column {name!r} is {type_name(kind)} in one bundle and {type_name(other)} in another, "
                "and no type holds both",
                hint="declare the type of the field, or cast it first",
            )
        kind = wider
    return kind


def _wider(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    if left == right:
        return left
    if isinstance(left, pa.LargeListType) and isinstance(right, pa.LargeListType):
        item = _wider(left.value_type, right.value_type)
        return None if item is None else pa.large_list(item)
    for one, other in ((left, right), (right, left)):
        # Partial sums of decimals, next to those of integers or of other scales.
        if isinstance(one, pa.Decimal256Type) and (pat.is_integer(other) or pat.is_decimal(other)):
            return pa.decimal256(one.precision, max(one.scale, getattr(other, "scale", 0)))
        if isinstance(one, pa.Decimal256Type) and pat.is_floating(other):
            return pa.float64()
    return widen(left, right)


def _cast(table: pa.Table, target: pa.Schema) -> pa.Table:
    columns = []
    for field in target:
        column = table.column(field.name)
        if column.type != field.type:
            try:
                column = column.cast(field.type, safe=not _inexact(field.type))
            except pa.ArrowInvalid as error:
                raise RecordError(
                    f"column {field.name!r} has a value that does not fit {type_name(field.type)}: {error}",
                    hint="declare the type of the field, or cast it first",
                ) from error
        columns.append(column)
    return pa.Table.from_arrays(columns, schema=target)


def _inexact(kind: pa.DataType) -> bool:
    """Whether casting to the type may round, as integers beyond 2**53 do on their way to double."""
    return bool(pat.is_floating(kind.value_type if isinstance(kind, pa.LargeListType) else kind))
