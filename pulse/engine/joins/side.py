"""One input of a join: from its bundles to the table of plain columns that state holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation.values import comparable, decoded, kernels, whole
from pulse.engine.joins.hashing import hash_rows
from pulse.model.aggregates.types import decoded_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.bundle import Bundle, Int64s, Mask

TIME, SEQ, MARK, HASH = "__time", "__seq", "__mark", "__hash"
"""Columns of state: event time, place in the order of arrival, watermark in force, hash of the key."""


def field_column(name: str) -> str:
    """Return the name that a field has in state.

    Example:
        >>> field_column("word")
        'field word'
    """
    return f"field {name}"


def key_column(index: int) -> str:
    """Return the name that a key has in state.

    Example:
        >>> key_column(0)
        'key 0'
    """
    return f"key {index}"


class Side:
    """Prepares the records of one input.

    Args:
        schema: its fields.
        keys: its key fields.
        types: the types in which keys are compared.
    """

    def __init__(self, schema: pa.Schema, keys: Sequence[str], types: Sequence[pa.DataType]) -> None:
        self.keys = tuple(zip(keys, types, strict=True))
        self.by = [key_column(i) for i in range(len(keys))]
        self.fields = [(f.name, decoded_type(f.type)) for f in schema]
        self.arrived = 0
        columns = [(key_column(i), kind) for i, kind in enumerate(types)]
        columns += [(field_column(name), kind) for name, kind in self.fields]
        columns += [(name, pa.int64()) for name in (TIME, SEQ, MARK, HASH)]
        self.schema = pa.schema(columns)

    def table(self, bundle: Bundle, marks: Int64s) -> pa.Table:
        """Return the records of a bundle as a table of ``schema``.

        Args:
            bundle: the records, as columns.
            marks: the watermark by which each is judged.
        """
        batch = bundle.batch
        count = len(bundle)
        keys = [
            whole(comparable(pa.chunked_array([batch.column(name)])).cast(kind)) for name, kind in self.keys
        ]
        columns = [
            whole(decoded(pa.chunked_array([batch.column(name)])).cast(kind))
            if name in batch.schema.names
            else nulls(count, kind)  # nothing after this step reads it
            for name, kind in self.fields
        ]
        order = np.arange(self.arrived, self.arrived + count)
        self.arrived += count
        numbers = [np.asarray(bundle.times, np.int64), order, marks, hash_rows(keys, count)]
        return pa.Table.from_arrays([*keys, *columns, *map(pa.array, numbers)], schema=self.schema)

    def complete(self, table: pa.Table) -> Mask:
        """Return which records have all their keys; the others match nothing."""
        found = np.ones(table.num_rows, np.bool_)
        for name in self.by:
            column = table.column(name)
            if column.null_count:
                found &= np.asarray(kernels.is_valid(column))
        return found


def numbers(table: pa.Table, name: str) -> Int64s:
    """Return a column of numbers, without nulls, as an array."""
    return np.asarray(whole(table.column(name)).to_numpy(), np.int64)


def take(table: pa.Table, rows: Any) -> pa.Table:
    """Return some rows of a table, by their numbers; a negative number gives a row of nulls."""
    rows = np.asarray(rows, np.int64)
    missing = rows < 0
    indices = pa.array(rows, pa.int64(), mask=missing if missing.any() else None)
    return table.take(indices)


def nulls(count: int, kind: pa.DataType) -> pa.Array[Any]:
    """Return a column of nulls."""
    make: Any = pa.nulls
    return make(count, kind)  # type: ignore[no-any-return]


def structs(table: pa.Table, fields: Sequence[str], kind: Any) -> pa.Array[Any]:
    """Return rows of state as structs of the fields that the records had."""
    columns = [whole(table.column(field_column(name))) for name in fields]
    made: Any = (
        pa.StructArray.from_arrays(columns, fields=list(kind))
        if columns
        else pa.array([{}] * table.num_rows, kind)
    )
    return made  # type: ignore[no-any-return]


def one_batch(table: pa.Table) -> pa.RecordBatch:
    """Return a table as one batch."""
    arrays = [whole(column) if column.num_chunks else nulls(0, column.type) for column in table.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=table.schema)


def compact(tables: Sequence[pa.Table]) -> pa.Table:
    """Return tables of one schema as one, each column in one piece."""
    return pa.Table.from_batches([one_batch(pa.concat_tables(tables))])
