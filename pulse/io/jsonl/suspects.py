"""Lines that the column parser is sure to refuse, told by their Python values without asking it."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from pyarrow import types

from pulse.io.jsonl.reasons import Pairs, parse_exactly

if TYPE_CHECKING:
    import pyarrow as pa

_NULL = type(None)


def misfits(raw: pa.Schema, declared: pa.Schema, rows: list[Any]) -> set[int]:
    """Return the rows with a value of another Python type than its column, or beyond its integers.

    Args:
        raw: the types to read.
        declared: the types of the schema; where those are int64 and double is read, the schema was widened.
        rows: dicts; None for lines that are out already.
    """
    found: set[int] = set()
    whole = None not in rows
    indices = range(len(rows)) if whole else [index for index, row in enumerate(rows) if row is not None]
    dicts = rows if whole else [rows[index] for index in indices]
    for field, original in zip(raw, declared, strict=True):
        allowed = _python_types(field.type)
        if allowed is None:
            continue
        values = list(map(dict.get, dicts, repeat(field.name)))
        if not set(map(type, values)) <= allowed:
            found.update(i for i, value in zip(indices, values, strict=True) if type(value) not in allowed)
        bounds = _bounds(original.type)
        if bounds is not None:
            low, high = bounds
            found.update(
                i
                for i, value in zip(indices, values, strict=True)
                if (type(value) is int and not low <= value < high)
                or (type(value) is float and not low <= value < high)
            )
    return found


def _python_types(kind: pa.DataType) -> set[type] | None:
    if types.is_integer(kind):
        return {int, _NULL}
    if types.is_float64(kind):
        return {int, float, _NULL}
    if types.is_string(kind) or types.is_large_string(kind):
        return {str, _NULL}
    return {bool, _NULL} if types.is_boolean(kind) else None


def _bounds(kind: pa.DataType) -> tuple[int, int] | None:
    if not types.is_integer(kind):
        return None
    if types.is_signed_integer(kind):
        return -(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1)
    return 0, 2**kind.bit_width
