"""A hash of each row's key fields, computed over whole columns: equal keys have equal hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.bundle import Int64s

_Hashes = npt.NDArray[np.uint64]
_PRIME = np.uint64(0x100000001B3)
_STEP = np.uint64(0x9E3779B97F4A7C15)


def hash_rows(columns: Sequence[pa.Array[Any]], count: int) -> Int64s:
    """Return a hash of each row; what a null counts for is of no importance, for it never matches.

    Args:
        columns: the key columns, of types that are plain (see ``comparable``).
        count: number of rows.

    Example:
        >>> a, b, c = hash_rows([pa.array(["x", "y", "x"]), pa.array([1, 1, 1])], 3).tolist()
        >>> a == c, a == b
        (True, False)
    """
    total = np.zeros(count, np.uint64)
    for column in columns:
        total = _mix(total * _PRIME + _hash(column))
    return total.view(np.int64)


def _mix(bits: _Hashes) -> _Hashes:
    """Spread the bits: the finalizer of splitmix64, which maps no two numbers to one."""
    bits = bits + _STEP
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def _hash(column: pa.Array[Any]) -> _Hashes:
    kind = column.type
    if types.is_null(kind):
        return np.zeros(len(column), np.uint64)
    if types.is_floating(kind):
        wide = np.ascontiguousarray(column.cast(pa.float64()).fill_null(0.0).to_numpy(zero_copy_only=False))
        return wide.view(np.uint64)
    if types.is_decimal(kind):
        return _hash_texts(column.cast(pa.string()))
    if types.is_unsigned_integer(kind):
        return np.asarray(column.fill_null(0)).astype(np.uint64)
    if types.is_date32(kind):
        column = column.cast(pa.int32())
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_temporal(kind):
        whole = np.asarray(column.cast(pa.int64()).fill_null(0))
        return whole.astype(np.int64).view(np.uint64)
    return _hash_texts(column)


def _hash_texts(column: pa.Array[Any]) -> _Hashes:
    """Return the polynomial of the bytes of each text."""
    column = column.cast(pa.binary()).cast(pa.large_binary())
    count = len(column)
    buffers: Any = column.buffers()
    _, places, data = buffers
    if not count or places is None or data is None:
        return np.zeros(count, np.uint64)
    offsets = np.frombuffer(places, np.int64)[column.offset : column.offset + count + 1]
    found = np.frombuffer(data, np.uint8)[offsets[0] : offsets[-1]]
    offsets = offsets - offsets[0]
    lengths = np.diff(offsets)
    powers = np.multiply.accumulate(np.full(int(lengths.max(initial=0)) + 1, _PRIME, np.uint64))
    places_in_text = np.arange(len(found)) - np.repeat(offsets[:-1], lengths)
    terms = (found.astype(np.uint64) + np.uint64(1)) * powers[places_in_text]
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(terms, dtype=np.uint64)])
    found_sums: _Hashes = sums[offsets[1:]] - sums[offsets[:-1]]
    return found_sums
