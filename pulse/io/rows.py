"""From columns to rows."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyarrow import types


def to_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the records as dicts; nanoseconds are cut to microseconds, which is what Python knows.

    Example:
        >>> to_rows(pa.record_batch({"a": [1, 2], "b": ["x", None]}))
        [{'a': 1, 'b': 'x'}, {'a': 2, 'b': None}]
    """
    names = batch.schema.names
    if not names:
        return [{} for _ in range(batch.num_rows)]
    columns = [to_values(column) for column in batch.columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def to_values(column: pa.Array[Any]) -> list[Any]:
    """Return the values of a column as Python objects."""
    kind = column.type
    if types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    values: list[Any] = column.to_pylist()
    return values
