"""Values of CSV columns, one column at a time, where the parser refused a block for one of them.

The columns are parsed again as bytes, which nothing refuses, and each is converted with the rules that the
parser has, so that a value means the same in every block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from pulse.errors import cut
from pulse.model.schema import type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.bundle import Mask

_kernels: Any = pc  # the stubs know only some of the overloads

_TRUE = {"1", "true", "True", "TRUE"}
_FALSE = {"0", "false", "False", "FALSE"}
_SAFE_INTEGER = r"^-?\d{1,18}$"
INTEGER = r"^-?\d+$"
"""A text of digits only, which never stands for a fraction."""
_SAFE_DOUBLE = r"^-?\d+(\.\d+)?$"


class Salvaged(NamedTuple):
    """A column, null where a value is bad, and the reasons by row."""

    column: pa.Array[Any]
    bad: dict[int, str]


def salvage_column(
    field: pa.Field[Any], cells: pa.Array[Any], null_values: Sequence[str], *, widens: bool
) -> Salvaged:
    """Convert one column of cells.

    Args:
        field: name and type, one that ``raw_type`` gives.
        cells: ``binary[n]``; null for cells without quotes whose text means null.
        null_values: texts that mean null; within quotes they do so for all types but text.
        widens: whether int64 becomes double when it meets a fraction.
    """
    texts, bad = _texts(field.name, cells)
    kind = field.type
    if types.is_string(kind) or types.is_large_string(kind):
        return Salvaged(texts.cast(kind), bad)
    texts = _kernels.if_else(_kernels.is_in(texts, pa.array(null_values, pa.string())), None, texts)
    if types.is_boolean(kind):
        values, wrong = _booleans(texts)
    else:
        trimmed = _kernels.utf8_trim(texts, " \t")
        values, wrong = _numbers(trimmed, kind)
        if widens and types.is_int64(kind) and wrong.any():
            values, wrong = _widened(trimmed, values, wrong)
    for row in np.flatnonzero(wrong).tolist():
        bad[row] = _reason(field, texts[row].as_py())
    return Salvaged(values, bad)


def _texts(name: str, cells: pa.Array[Any]) -> tuple[pa.Array[Any], dict[int, str]]:
    try:
        return cells.cast(pa.string()), {}
    except pa.ArrowInvalid:
        bad = {}
        values: list[str | None] = []
        for row, cell in enumerate(cells.to_pylist()):
            try:
                values.append(None if cell is None else bytes(cell).decode())
            except UnicodeDecodeError as error:
                values.append(None)
                bad[row] = f"field {name!r} is not valid UTF-8: byte 0x{error.object[error.start]:02x}"
        return pa.array(values, pa.string()), bad


def _booleans(texts: pa.Array[Any]) -> tuple[pa.Array[Any], Mask]:
    true = _kernels.is_in(texts, pa.array(sorted(_TRUE)))
    false = _kernels.is_in(texts, pa.array(sorted(_FALSE)))
    known = _kernels.or_(true, false)
    wrong = np.asarray(_kernels.and_not(texts.is_valid(), known))
    return _kernels.if_else(known, true, None), wrong


def _numbers(texts: pa.Array[Any], kind: pa.DataType) -> tuple[pa.Array[Any], Mask]:
    """Cast texts; those of usual spelling at once, the others one by one."""
    safe = _SAFE_INTEGER if types.is_int64(kind) else _SAFE_DOUBLE if types.is_float64(kind) else "^$"
    usual = _kernels.fill_null(_kernels.match_substring_regex(texts, safe), fill_value=False)
    values: pa.Array[Any] = _kernels.cast(_kernels.if_else(usual, texts, None), kind)
    rest = np.flatnonzero(np.asarray(texts.is_valid()) & ~np.asarray(usual)).tolist()
    wrong = np.zeros(len(texts), np.bool_)
    if not rest:
        return values, wrong
    merged: list[Any] = values.to_pylist()
    for row in rest:
        try:
            merged[row] = _kernels.cast(texts[row], kind).as_py()
        except pa.ArrowInvalid:
            wrong[row] = True
    return pa.array(merged, kind), wrong


def _widened(texts: pa.Array[Any], values: pa.Array[Any], wrong: Mask) -> tuple[pa.Array[Any], Mask]:
    """Make a column of int64 double where a fraction asks for it; digits beyond 64 bits stay bad."""
    digits = np.asarray(_kernels.fill_null(_kernels.match_substring_regex(texts, INTEGER), fill_value=False))
    doubles, odd = _numbers(_kernels.if_else(pa.array(wrong & ~digits), texts, None), pa.float64())
    if doubles.null_count == len(doubles):
        return values, wrong
    return _kernels.coalesce(values.cast(pa.float64(), safe=False), doubles), odd | (wrong & digits)


def _reason(field: pa.Field[Any], text: str) -> str:
    shown = f"field {field.name!r} {cut(repr(text), 60)}"
    stripped = text.strip(" \t")
    if types.is_integer(field.type) and stripped.removeprefix("-").isdecimal():
        return f"{shown} is an integer beyond {type_name(field.type)}; declare decimal or string to keep it"
    return f"{shown} is not of type {type_name(field.type)}"
