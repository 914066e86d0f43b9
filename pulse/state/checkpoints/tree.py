"""State as data: nested Python values, arrays and tables as JSON and Arrow, and back; nothing is pickled.

A value is written as JSON writes it when JSON keeps its type: null, booleans, 64-bit integers, finite
numbers, text and lists. Anything else is an object with one key that says what it is, such as
``{"tuple": [1, 2]}``; columns stand outside of the JSON, and the object says where. So what is read back
equals what was written, types included, and reading it can call nothing but the constructors listed here.
"""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from math import isfinite
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pyarrow as pa

from pulse.errors import StateError
from pulse.state.checkpoints.blobs import Blobs, join, part, read_array, read_table, write_array, write_table

if TYPE_CHECKING:
    from collections.abc import Callable

_SIMPLE = frozenset({type(None), bool, str})
_INT64 = 1 << 63


def _write_delta(value: timedelta) -> list[int]:
    return [value.days, value.seconds, value.microseconds]


def _read_delta(data: list[int]) -> timedelta:
    return timedelta(*data)


_TEXT: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    Decimal: ("decimal", str, Decimal),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    timedelta: ("timedelta", _write_delta, _read_delta),
    UUID: ("uuid", str, UUID),
}
_FROM_TEXT = {tag: read for tag, _, read in _TEXT.values()}
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
    structure = _Writer(owner, blobs).write(value, ())
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

    def write(self, value: Any, path: tuple[Any, ...]) -> Any:  # noqa: PLR0911 - one line per kind of value
        kind = type(value)
        if kind in _SIMPLE:
            return value
        if kind is int:
            return value if -_INT64 <= value < _INT64 else {"int": str(value)}
        if kind is float:
            return value if isfinite(value) else {"float": str(value)}
        if kind is list:
            return self._list(value, path)
        if kind is dict:
            return self._dict(value, path)
        if kind in _MANY:
            return {_MANY[kind]: self._list(list(value), path)}
        if kind is datetime and (value.tzinfo is None or value.utcoffset() is not None):
            return {"datetime": self._datetime(value, path)}
        if kind in _TEXT and not (kind is time and value.tzinfo is not None):
            tag, write, _ = _TEXT[kind]
            return {tag: write(value)}
        return self._columns(value, path)

    def _list(self, values: list[Any], path: tuple[Any, ...]) -> list[Any]:
        kinds = set(map(type, values))
        if kinds <= _SIMPLE or (kinds == {int} and min(values) >= -_INT64 and max(values) < _INT64):
            return values
        return [self.write(value, (*path, index)) for index, value in enumerate(values)]

    def _dict(self, values: dict[Any, Any], path: tuple[Any, ...]) -> Any:
        if set(map(type, values)) <= {str}:
            return {"dict": {key: self.write(value, (*path, key)) for key, value in values.items()}}
        return {
            "map": [
                [self.write(key, (*path, "a key")), self.write(value, (*path, key))]
                for key, value in values.items()
            ]
        }

    def _datetime(self, value: datetime, path: tuple[Any, ...]) -> list[Any]:
        """Return the wall time, the zone by name or offset, and which of two equal wall times it is."""
        zone = value.tzinfo
        if zone is None:
            return [value.isoformat(), None, value.fold]
        bare = value.replace(tzinfo=None).isoformat()
        if isinstance(zone, ZoneInfo) and zone.key is not None:
            return [bare, zone.key, value.fold]
        offset = value.utcoffset()
        if offset is None:
            raise self._refused(value, path)
        return [bare, offset.total_seconds(), value.fold]

    def _columns(self, value: Any, path: tuple[Any, ...]) -> Any:
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
                listed = self._list(value.ravel().tolist(), path)
                return {"objects": [list(value.shape), str(value.dtype), listed]}
            place = self.blobs.add(write_array(value))
            return {"array": [*place, value.dtype.newbyteorder("<").str, list(value.shape)]}
        if isinstance(value, np.generic) and value.dtype.kind in "biufmM":
            return {"number": [value.dtype.str, np.asarray(value).tobytes().hex()]}
        raise self._refused(value, path)

    def _refused(self, value: Any, path: tuple[Any, ...]) -> StateError:
        kind = type(value)
        place = "".join(f"[{key!r}]" for key in path)
        return StateError(
            f"{self.owner} holds a {kind.__module__}.{kind.__qualname__}"
            f"{f' at {place}' if place else ''}, which cannot be saved in a checkpoint",
            hint="keep plain data in state: numbers, text, bytes, times, lists, tuples, sets, dicts",
        )


class _Reader:
    def __init__(self, columns: memoryview) -> None:
        self.columns = columns

    def read(self, data: Any) -> Any:  # noqa: PLR0911 - one line per kind of value
        if type(data) is list:
            return [self.read(item) for item in data]
        if type(data) is not dict:
            return data
        ((tag, inner),) = data.items()
        if tag == "dict":
            return {key: self.read(value) for key, value in inner.items()}
        if tag == "map":
            return {self.read(key): self.read(value) for key, value in inner}
        if tag in _FROM_MANY:
            return _FROM_MANY[tag](map(self.read, inner))
        if tag in _FROM_TEXT:
            return _FROM_TEXT[tag](inner)
        read = _READ.get(tag)
        if read is None:
            raise StateError(f"it holds a value of kind {tag!r}, which this pulse does not know")
        return read(self, inner)

    def blob(self, place: list[Any]) -> memoryview:
        return self.columns[place[0] : place[0] + place[1]]

    def table(self, inner: list[Any]) -> pa.Table:
        return read_table(self.blob(inner), inner[2])

    def batch(self, inner: list[Any]) -> pa.RecordBatch:
        table = self.table(inner)
        if table.num_columns == 0 and inner[2]:
            whole = pa.RecordBatch.from_arrays([pa.nulls(inner[2])], ["_"]).select([])
            return whole.replace_schema_metadata(table.schema.metadata)
        batches = table.to_batches()
        return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)

    def array(self, inner: list[Any]) -> np.ndarray[Any, Any]:
        return read_array(self.blob(inner), inner[2], inner[3])

    def objects(self, inner: list[Any]) -> np.ndarray[Any, Any]:
        shape, dtype, listed = inner
        flat = np.empty(len(listed), np.dtype(dtype))
        flat[:] = [self.read(each) for each in listed]
        return flat.reshape(tuple(shape))


def _read_datetime(_: _Reader, inner: list[Any]) -> datetime:

    text, zone, fold = inner
    found = datetime.fromisoformat(text).replace(fold=fold)
    if zone is None:
        return found
    return found.replace(
        tzinfo=ZoneInfo(zone) if isinstance(zone, str) else timezone(timedelta(seconds=zone))
    )


_READ: dict[str, Callable[[_Reader, Any], Any]] = {
    "int": lambda _, inner: int(inner),
    "float": lambda _, inner: float(inner),
    "datetime": _read_datetime,
    "table": _Reader.table,
    "batch": _Reader.batch,
    "type": lambda reader, inner: reader.table(inner).schema.field(0).type,
    "array": _Reader.array,
    "objects": _Reader.objects,
    "number": lambda _, inner: np.frombuffer(bytes.fromhex(inner[1]), np.dtype(inner[0]))[0],
}
