"""Integers beyond 64 bits, of which a parser makes the nearest double without a word: found in the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc
from pyarrow import types

from pulse.errors import cut
from pulse.io.jsonl.lines import may_hold_long_integers
from pulse.io.jsonl.reasons import LONGEST_SHOWN, parse_exactly

if TYPE_CHECKING:
    import pyarrow as pa

_kernels: Any = pc  # the stubs know only some of the overloads
_LEAST, _MOST = -(2**63), 2**63 - 1
_MOST_UNSIGNED = 2**64 - 1


def why_rounded(text: bytes, schema: pa.Schema | None) -> str | None:
    """Return why a well-formed object would lose digits, or None when it keeps them all.

    Args:
        text: the line.
        schema: the fields that are read, of which those with doubles are looked at; None looks at all.

    Example:
        >>> why_rounded(b'{"a": {"b": 100000000000000000001}}', None)
        "field 'a' holds 100000000000000000001, an integer beyond 64 bits; write it as a string to keep it"
    """
    if not may_hold_long_integers(text):
        return None
    try:
        value = parse_exactly(text)
    except RecursionError:
        return "nested too deeply"
    names = value if schema is None else [field.name for field in schema if _holds_doubles(field.type)]
    for name in names:
        # orjson keeps unsigned integers of 64 bits in rows; a column of doubles has no room for them
        found = _long_integer(value.get(name), _MOST_UNSIGNED if schema is None else _MOST)
        if found is not None:
            shown = cut(str(found), 60) if found.bit_length() < LONGEST_SHOWN else "a very long integer"
            way = "write it as a string" if schema is None else "declare decimal(38, 0)"
            return f"field {name!r} holds {shown}, an integer beyond 64 bits; {way} to keep it"
    return None


def may_be_rounded(batch: pa.RecordBatch) -> bool:
    """Return whether a double is so large, or so deep, that it may stand for an integer beyond 64 bits."""
    for column in batch.columns:
        if types.is_floating(column.type):
            ends: Any = _kernels.min_max(column).as_py()
            if ends["min"] is not None and (ends["min"] <= _LEAST or ends["max"] >= _MOST):
                return True
        elif _holds_doubles(column.type):
            return True
    return False


def _long_integer(value: Any, most: int) -> int | None:
    parts = [value]
    for part in parts:  # grows while it is walked
        if type(part) is int and not _LEAST <= part <= most:
            return part
        parts += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return None


def _holds_doubles(kind: pa.DataType) -> bool:
    if types.is_list(kind):
        return _holds_doubles(kind.value_type)
    if types.is_struct(kind):
        return any(_holds_doubles(kind.field(index).type) for index in range(kind.num_fields))
    return types.is_floating(kind)
