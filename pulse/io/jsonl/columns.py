"""Parsing whole blocks of JSON lines into columns, with pyarrow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj
from pyarrow import types

if TYPE_CHECKING:
    from pulse.io.jsonl.lines import Lines

_json: Any = pj  # the stubs type every option as required
_kernels: Any = pc


class Refused(Exception):
    """The parser does not take the block; the message is the parser's."""


def parse_columns(lines: Lines, schema: pa.Schema) -> pa.RecordBatch:
    """Parse lines into the columns of a schema; fields that it does not have are passed over.

    Args:
        lines: lines that start with ``{`` and end with ``}``, in valid UTF-8, without ``NaN`` and
            ``Infinity``.
        schema: the fields to read, of types that ``raw_type`` gives.

    Raises:
        Refused: when a line is not well-formed, is not exactly one object, has a field of the schema twice,
            or a value that is not of its type.
    """
    try:
        table = _json.read_json(
            pa.BufferReader(lines.data),
            _json.ReadOptions(use_threads=False, block_size=len(lines.data) + 1),
            _json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise Refused(str(error)) from None
    if table.num_rows != lines.count:
        raise Refused("not one object per line")
    batch: pa.RecordBatch = table.combine_chunks().to_batches()[0]
    for column in batch.columns:
        if types.is_float64(column.type) and not _all_finite(column):
            raise Refused("a number is too large for a double")
    return batch


def _all_finite(column: pa.Array[Any]) -> bool:
    limits = _kernels.min_max(column)
    low, high = limits["min"].as_py(), limits["max"].as_py()
    return low is None or (low > -math.inf and high < math.inf)
