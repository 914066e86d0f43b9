"""Rows to columns, columns to rows, and one schema for bundles whose types drift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from pulse.errors import ConnectorError, RecordError
from pulse.io.sinks.values import fields_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.io.sinks.text import Column


def to_batch(rows: Sequence[Any], *, without: str | None = None) -> pa.RecordBatch:
    """Return rows as columns: the fields of all records in the order in which they are first seen.

    Whole numbers and floats in one field make a column of doubles; a missing field is null.

    Args:
        rows: the records.
        without: a field to leave out.

    Raises:
        RecordError: when no column can hold the values of a field, naming it.

    Example:
        >>> to_batch([{"a": 1}, {"a": 2.5, "b": "x"}]).to_pydict()
        {'a': [1.0, 2.5], 'b': [None, 'x']}
        >>> to_batch([1, 2]).to_pydict()
        {'value': [1, 2]}
    """
    records = [fields_of(each) for each in rows]
    names = list(dict.fromkeys(name for record in records for name in record if name != without))
    return pa.record_batch(
        [_column(name, [record.get(name) for record in records]) for name in names], names=names
    )


def normal(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch without what differs from bundle to bundle but not in value.

    Dictionaries are decoded, zoned times are put in UTC, and metadata is dropped.

    Example:
        >>> normal(pa.record_batch({"a": pa.array(["x"]).dictionary_encode()})).schema.field("a").type
        DataType(string)
    """
    columns = [_normal(column) for column in batch.columns]
    fields = [pa.field(name, column.type) for name, column in zip(batch.schema.names, columns, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=pa.schema(fields))


def unify(known: pa.Schema | None, new: pa.Schema) -> pa.Schema:
    """Return the schema that holds both: int widens to double, null to anything, new fields come last.

    Raises:
        ConnectorError: when the types of a field cannot be unified.

    Example:
        >>> unify(pa.schema({"a": pa.int64()}), pa.schema({"a": pa.float64(), "b": pa.string()}))
        a: double
        b: string
    """
    if known is None or known.equals(new):
        return new
    try:
        return pa.unify_schemas([known, new], promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        name = next(
            each.name
            for each in new
            if each.name in known.names and not _unifiable(known.field(each.name), each)
        )
        raise ConnectorError(
            f"field {name!r} was {known.field(name).type} and is now {new.field(name).type}, "
            "which one column cannot hold",
            hint="cast the field before the sink, or write layout='json'",
        ) from None


def conform(batch: pa.RecordBatch, schema: pa.Schema, *, rows: int) -> pa.RecordBatch:
    """Return a batch with the fields and types of a schema that :func:`unify` made; a missing field is null.

    Args:
        batch: the records.
        schema: the fields and types wanted.
        rows: the number of records, which a batch without columns does not know.

    Raises:
        ConnectorError: when a value does not fit, such as an integer beyond 2**53 in a column of doubles.

    Example:
        >>> wide = pa.schema({"a": pa.float64(), "b": pa.string()})
        >>> conform(pa.record_batch({"a": [1]}), wide, rows=1).to_pydict()
        {'a': [1.0], 'b': [None]}
    """
    if batch.schema.equals(schema):
        return batch
    columns = []
    for field in schema:
        if field.name not in batch.schema.names:
            columns.append(pa.nulls(rows, field.type))
            continue
        column = batch.column(field.name)
        try:
            columns.append(column.cast(field.type))
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ConnectorError(
                f"field {field.name!r} of type {column.type} does not fit {field.type}: {_lower(error)}",
                hint="cast the field before the sink, or write layout='json'",
            ) from None
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _column(name: str, values: list[Any]) -> Column:
    try:
        return cast("Column", pa.array(values))
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        raise RecordError(
            f"no column can hold the values of field {name!r}: {_lower(error)}",
            hint="make the values of the field one type, or write layout='json'",
        ) from None


def _normal(column: Column) -> Column:
    if pa.types.is_dictionary(column.type):
        column = cast("pa.DictionaryArray[Any, Any]", column).dictionary_decode()
    if pa.types.is_timestamp(column.type) and column.type.tz not in {None, "UTC"}:
        return column.cast(pa.timestamp(column.type.unit, "UTC"))
    return column


def _unifiable(one: pa.Field[Any], other: pa.Field[Any]) -> bool:
    try:
        pa.unify_schemas([pa.schema([one]), pa.schema([other])], promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return False
    return True


def _lower(error: Exception) -> str:
    reason = str(error)
    return reason[:1].lower() + reason[1:]
