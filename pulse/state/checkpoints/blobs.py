"""Columns as bytes: Arrow IPC streams for tables, raw little-endian numbers for arrays."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAGIC = b"PULSEST1"
_HEAD = struct.Struct("<8sQQ")
_ALIGN = 64


class Blobs:
    """Collects byte strings, each at an offset that is a multiple of 64.

    Example:
        >>> blobs = Blobs()
        >>> blobs.add(b"abc"), blobs.add(b"de")
        ([0, 3], [64, 2])
    """

    def __init__(self) -> None:
        self.parts: list[Any] = []
        self.size = 0

    def add(self, data: Any) -> list[int]:
        """Add bytes and return their offset and length."""
        place = [self.size, len(data)]
        padding = -len(data) % _ALIGN
        self.parts += [data, bytes(padding)]
        self.size += len(data) + padding
        return place


def join(structure: bytes, blobs: Blobs) -> list[Any]:
    """Return a state file as a list of byte strings: head, structure, columns."""
    padding = bytes(-(_HEAD.size + len(structure)) % _ALIGN)
    return [_HEAD.pack(MAGIC, len(structure), blobs.size), structure, padding, *blobs.parts]


def part(data: memoryview) -> tuple[memoryview, memoryview]:
    """Return the structure and the columns of a state file.

    Raises:
        StateError: when it is none, is of another format, or is cut short.
    """
    if len(data) < _HEAD.size or bytes(data[:7]) != MAGIC[:7]:
        raise StateError("it does not begin as a state file does")
    magic, structure, columns = _HEAD.unpack(data[: _HEAD.size])
    if magic != MAGIC:
        raise StateError(f"it is of format {magic.decode('latin-1')}, and this pulse reads {MAGIC.decode()}")
    start = _HEAD.size + structure
    start += -start % _ALIGN
    if len(data) != start + columns:
        raise StateError(f"it has {len(data)} bytes in place of {start + columns}")
    return data[_HEAD.size : _HEAD.size + structure], data[start:]


def write_table(table: pa.Table) -> pa.Buffer:
    """Return a table as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def read_table(data: memoryview, rows: int) -> pa.Table:
    """Return the table of an Arrow IPC stream; ``rows`` counts those of a table without columns."""
    table = pa.ipc.open_stream(pa.py_buffer(data)).read_all()
    if table.num_columns == 0 and rows:
        return pa.table({"_": pa.nulls(rows)}).select([])
    return table


def write_array(array: np.ndarray[Any, Any]) -> bytes:
    """Return the numbers of an array in C order, little-endian."""
    return array.astype(array.dtype.newbyteorder("<"), order="C", copy=False).tobytes()


def read_array(data: memoryview, dtype: str, shape: Sequence[int]) -> np.ndarray[Any, Any]:
    """Return an array of its own memory from ``write_array``'s bytes."""
    return np.frombuffer(data, np.dtype(dtype)).reshape(tuple(shape)).copy()
