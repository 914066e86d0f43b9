"""Lines that the column parser is sure to refuse, told by their Python values without asking it."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from pyarrow import types

from pulse.io.jsonl.reasons import Pairs, parse_exactly

if TYPE_CHECKING:
    import pyarrow as pa

_NULL = type(None)


def misfits(
    raw: pa.Schema, declared: pa.Schema, texts: list[bytes], rows: list[Any]
) -> dict[int, pa.Field[Any]]:
    """Return the rows with a value of another Python type than its column, or beyond its integers.

    Args:
        raw: the types to read.
        declared: the same fields as the schema has them; one that is double in ``raw`` and int64 here has
            met a fraction, and keeps refusing integers beyond 64 bits.
        texts: the lines.
        rows: the lines as dicts; None for those that are out already.

    Returns:
        The field that is wrong, by index.
    """
    found: dict[int, pa.Field[Any]] = {}
    indices = [index for index, row in enumerate(rows) if row is not None]
    dicts = [rows[index] for index in indices] if len(indices) < len(rows) else rows
    for read, field in zip(raw, declared, strict=True):
        allowed = _python_types(read.type)
        if allowed is None:
            continue
        values: list[Any] = list(map(dict.get, dicts, repeat(field.name)))
        kinds = set(map(type, values))
        if not kinds <= allowed:
            wrong = (i for i, value in zip(indices, values, strict=True) if type(value) not in allowed)
            found |= dict.fromkeys(wrong, field)
        if types.is_integer(field.type) and kinds & {int, float}:
            low, high = _bounds(field.type)
            wide = [
                i
                for i, value in zip(indices, values, strict=True)
                if type(value) in (int, float) and not low <= value < high
            ]
            # orjson makes a float of an integer beyond 64 bits, which the text tells from a fraction
            found |= {i: field for i in wide if type(parse_exactly(texts[i]).get(field.name)) is int}
    return found


def twins(raw: pa.Schema, texts: list[bytes], rows: list[Any], indices: list[int]) -> list[int]:
    """Return those of some lines that have a field of the schema twice."""
    found = []
    for index in indices:
        # each name that is kept stands in the text once, followed by a colon, if it is written plainly
        if texts[index].count(b'":') != len(rows[index]):
            value = parse_exactly(texts[index])
            if isinstance(value, Pairs) and any(name in raw.names for name in value.twice):
                found.append(index)
    return found


def _python_types(kind: pa.DataType) -> set[type] | None:
    if types.is_integer(kind):
        return {int, _NULL}
    if types.is_float64(kind):
        return {int, float, _NULL}
    if types.is_string(kind) or types.is_large_string(kind):
        return {str, _NULL}
    return {bool, _NULL} if types.is_boolean(kind) else None


def _bounds(kind: Any) -> tuple[int, int]:
    if types.is_signed_integer(kind):
        return -(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1)
    return 0, 2**kind.bit_width
