"""State as data: nested Python values, arrays and tables as JSON and Arrow, and back; nothing is pickled.

A value is written as JSON writes it when JSON keeps its type: null, booleans, 64-bit integers, finite
numbers, text and lists. Anything else is an object with one key that says what it is, such as
``{"tuple": [1, 2]}``; columns stand outside of the JSON, and the object says where. So what is read back
equals what was written, types included, and reading it can call nothing but the constructors listed here.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from pulse.errors import StateError
from pulse.state.checkpoints.blobs import Blobs, join, part, read_array, read_table, write_array, write_table
from pulse.state.values import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Callable

_SIMPLE = frozenset({type(None), bool, str})
_INT64 = 1 << 63
_MANY: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset"}
_FROM_MANY = {tag: kind for kind, tag in _MANY.items()}


def pack(value: Any, owner: str) -> list[Any]:
    """Return a value as the byte strings of a state file.

    Args:
        value: None, bool, int, float, str, bytes, Decimal, date, time, datetime, timedelta, UUID, a numpy
            number or array, an Arrow table, record batch or type, or a list, tuple, set, frozenset or dict of
            these.
        owner: whose state it is, for the error.

    Raises:
        StateError: when it holds anything else; the message names the owner, the place and the type.

    Example:
        >>> unpack(b"".join(pack({"seen": {2}, 1: (b"x", float("inf"))}, "step 'a'")))
        {'seen': {2}, 1: (b'x', inf)}
    """
    blobs = Blobs()
    try:
        structure = _Writer(owner, blobs).write(value)
    except StateError:
        place = "".join(f"[{key!r}]" for key in _refused(value) or ())
        _Writer(f"{owner}{place and f' at {place}'}", blobs).write(value)
        raise
    return join(_dump(structure), blobs)


def unpack(data: bytes | memoryview) -> Any:
    """Return the value that ``pack`` wrote.

    Raises:
        StateError: when the bytes are not a state file.
    """
    structure, columns = part(memoryview(data))
    try:
        found = orjson.loads(structure)
    except orjson.JSONDecodeError:  # text with half a surrogate pair, which orjson refuses
        found = json.loads(bytes(structure))
    return _Reader(columns).read(found)


def _dump(structure: Any) -> bytes:
    try:
        return orjson.dumps(structure)
    except orjson.JSONEncodeError:
        return json.dumps(structure, separators=(",", ":")).encode()


class _Writer:
    def __init__(self, owner: str, blobs: Blobs) -> None:
        self.owner = owner
        self.blobs = blobs

    def write(self, value: Any) -> Any:
        kind = type(value)
        if kind in _SIMPLE:
            return value
        if (kind is int and -_INT64 <= value < _INT64) or (kind is float and isfinite(value)):
            return value
        if kind is list:
            return self._list(value)
        if kind is dict:
            return self._dict(value)
        if kind in _MANY:
            return {_MANY[kind]: self._list(list(value))}
        columns = self._columns(value)
        return to_plain(value, self.owner) if columns is None else columns

    def _list(self, values: list[Any]) -> list[Any]:
        kinds = set(map(type, values))
        if kinds <= _SIMPLE or (kinds == {int} and min(values) >= -_INT64 and max(values) < _INT64):
            return values
        return list(map(self.write, values))

    def _dict(self, values: dict[Any, Any]) -> Any:
        if set(map(type, values)) <= {str}:
            return {"object": dict(zip(values, self._list(list(values.values())), strict=True))}
        return {"dict": [[self.write(key), self.write(value)] for key, value in values.items()]}

    def _columns(self, value: Any) -> Any:  # noqa: PLR0911 - one line per kind
        if isinstance(value, pa.Table):
            return {"table": [*self.blobs.add(write_table(value)), value.num_rows]}
        if isinstance(value, pa.RecordBatch):
            table = pa.Table.from_batches([value])
            return {"batch": [*self.blobs.add(write_table(table)), value.num_rows]}
        if isinstance(value, pa.DataType):
            empty = pa.schema([("_", value)]).empty_table()
            return {"type": [*self.blobs.add(write_table(empty)), 0]}
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in "biufmM":
                listed = self._list(value.ravel().tolist())
                return {"objects": [list(value.shape), str(value.dtype), listed]}
            place = self.blobs.add(write_array(value))
            return {"array": [*place, value.dtype.newbyteorder("<").str, list(value.shape)]}
        if isinstance(value, np.generic) and value.dtype.kind in "biufmM":
            return {"number": [value.dtype.str, np.asarray(value).tobytes().hex()]}
        return None


def _refused(value: Any) -> list[Any] | None:
    """Return the way to the first value that cannot be written; None when there is none."""
    kind = type(value)
    if kind is dict:
        pairs = [("a key", key) for key in value] + list(value.items())
    elif kind is list or kind in _MANY:
        pairs = list(enumerate(value))
    else:
        try:
            _Writer("", Blobs()).write(value)
        except StateError:
            return []
        return None
    ways = ((key, _refused(item)) for key, item in pairs)
    return next(([key, *way] for key, way in ways if way is not None), None)


class _Reader:
    def __init__(self, columns: memoryview) -> None:
        self.columns = columns

    def read(self, data: Any) -> Any:  # noqa: PLR0911 - one line per kind
        if type(data) is list:
            return [self.read(item) for item in data]
        if type(data) is not dict:
            return data
        ((tag, inner),) = data.items()
        if tag == "object":
            return {key: self.read(value) for key, value in inner.items()}
        if tag == "dict":
            return {self.read(key): self.read(value) for key, value in inner}
        if tag in _FROM_MANY:
            return _FROM_MANY[tag](map(self.read, inner))
        read = _READ.get(tag)
        if read is not None:
            return read(self, inner)
        try:
            return from_plain(data)
        except KeyError:
            raise StateError(f"it holds a value of kind {tag!r}, which this pulse does not know") from None

    def blob(self, place: list[Any]) -> memoryview:
        return self.columns[place[0] : place[0] + place[1]]

    def table(self, inner: list[Any]) -> pa.Table:
        return read_table(self.blob(inner), inner[2])

    def batch(self, inner: list[Any]) -> pa.RecordBatch:
        table = self.table(inner)
        if table.num_columns == 0 and inner[2]:
            return pa.RecordBatch.from_arrays([pa.nulls(inner[2])], ["_"]).select([])
        batches = table.to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)

    def array(self, inner: list[Any]) -> np.ndarray[Any, Any]:
        return read_array(self.blob(inner), inner[2], inner[3])

    def objects(self, inner: list[Any]) -> np.ndarray[Any, Any]:
        shape, dtype, listed = inner
        flat = np.empty(len(listed), np.dtype(dtype))
        flat[:] = [self.read(each) for each in listed]
        return flat.reshape(tuple(shape))


_READ: dict[str, Callable[[_Reader, Any], Any]] = {
    "table": _Reader.table,
    "batch": _Reader.batch,
    "type": lambda reader, inner: reader.table(inner).schema.field(0).type,
    "array": _Reader.array,
    "objects": _Reader.objects,
    "number": lambda _, inner: np.frombuffer(bytes.fromhex(inner[1]), np.dtype(inner[0]))[0],
}
