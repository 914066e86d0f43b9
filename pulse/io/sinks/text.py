r"""The text of columns: JSON lines and CSV cells built by whole-column kernels, never record by record.

A column is turned into a column of strings; the strings of all columns are then joined into lines with the
literals between them (``{"a":``, ``,"b":``, ``}\n``). This is five times as fast as a dict per record. The
table of values stands in :mod:`pulse.io.sinks.values`; columns of nested values, bytes and times of day take
that path value by value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute

from pulse.errors import RecordError
from pulse.io.sinks import values
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME, SECOND, to_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

pc: Any = pyarrow.compute  # the stubs lack most of the overloads that the kernels have

Column: TypeAlias = "pa.Array[Any]"

Kind = Literal["bare", "safe", "free"]
"""How JSON shows a text: as it is, in quotes, or in quotes with escapes."""

_CHUNK = 65_536
_ESCAPES = {chr(code): orjson.dumps(chr(code)).decode()[1:-1] for code in (92, 34, *range(32))}
_TO_ESCAPE = r'["\\\x00-\x1f]'
_ORJSON_MAX = 253_402_207_200 * SECOND
_UNITS = {"s": SECOND, "ms": 1000, "us": 1}


def json_lines(batch: pa.RecordBatch) -> bytes:
    r"""Return a batch as JSON lines, one object per row with every field of the schema in its order.

    Example:
        >>> json_lines(pa.record_batch({"a": [1, None], "b": ["x", 'say "y"']}))
        b'{"a":1,"b":"x"}\n{"a":null,"b":"say \\"y\\""}\n'
    """
    parts = []
    for start in range(0, batch.num_rows, _CHUNK):
        chunk = batch.slice(start, _CHUNK)
        parts.append(_bytes_of(_object(chunk.schema.names, chunk.columns, len(chunk), end="}\n")))
    return b"".join(parts)


def json_objects(batch: pa.RecordBatch) -> Column:
    """Return each row of a batch as the text of a JSON object, ``string[n]``.

    Example:
        >>> json_objects(pa.record_batch({"a": [1.5, 2.0]})).to_pylist()
        ['{"a":1.5}', '{"a":2.0}']
    """
    return _object(batch.schema.names, batch.columns, len(batch), end="}")


def join_lines(cells: Sequence[Column], delimiter: str) -> bytes:
    r"""Return columns of strings as delimited lines; null is empty.

    Example:
        >>> join_lines([pa.array(["a", None]), pa.array(["1", "2"])], ",")
        b'a,1\n,2\n'
    """
    parts: list[Any] = []
    for each in cells:
        parts += [each, delimiter]
    return _bytes_of(_join([*parts[:-1], "\n"], null=""))


def cells(column: Column) -> Column:
    """Return a column as CSV cells and partition names show it, ``string[n]``.

    Example:
        >>> cells(pa.array([1.0, float("nan"), None])).to_pylist()
        ['1.0', 'NaN', None]
    """
    text, _ = _text(column)
    if pa.types.is_floating(column.type):
        wide = column.cast(pa.float64())
        for name, found in (
            ("NaN", pc.is_nan(wide)),
            ("Infinity", pc.equal(wide, float("inf"))),
            ("-Infinity", pc.equal(wide, float("-inf"))),
        ):
            text = pc.if_else(pc.fill_null(found, fill_value=False), name, text)
    return text


def _object(names: Sequence[str], columns: Sequence[Column], rows: int, *, end: str) -> Column:
    """Join columns into JSON objects that end with ``end``."""
    if not names:
        return pa.array(["{" + end] * rows, pa.string())
    parts: list[Any] = []
    for name, column in zip(names, columns, strict=True):
        lead = ("," if parts else "{") + orjson.dumps(name).decode() + ":"
        parts += [lead, _json(column)]
    return _join([*parts, end], null="null")


def _json(column: Column) -> Column:
    """Return a column as JSON values; null stays null."""
    text, kind = _text(column)
    if kind == "bare":
        return text
    return quote(escape(text) if kind == "free" else text)


def quote(text: Column) -> Column:
    """Put strings in quotes; null stays null.

    Example:
        >>> quote(pa.array(["a", None])).to_pylist()
        ['"a"', None]
    """
    quoted: Column = pc.binary_join_element_wise('"', text, '"', "")
    return quoted


def escape(text: Column) -> Column:
    r"""Escape strings for JSON; a column without such characters comes back as it is.

    Example:
        >>> escape(pa.array(['a"b', "c\n"])).to_pylist() == ['a\\"b', "c\\n"]
        True
    """
    if pc.any(pc.match_substring_regex(text, _TO_ESCAPE)).as_py():
        for character, escaped in _ESCAPES.items():
            if pc.any(pc.match_substring(text, character)).as_py():
                text = pc.replace_substring(text, character, escaped)
    return text


def _text(column: Column) -> tuple[Column, Kind]:  # noqa: PLR0911 - a flat table of types
    """Return a column as text without quotes, and how JSON shows it."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(cast("pa.DictionaryArray[Any, Any]", column).dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return column.cast(pa.string()), "free"
    if pa.types.is_boolean(kind) or pa.types.is_null(kind):
        return column.cast(pa.string()), "bare"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _numbers(column), "bare"
    if pa.types.is_timestamp(kind):
        return _times(column), "safe"
    if pa.types.is_date(kind):
        return _dates(column), "safe"
    if pa.types.is_decimal(kind):
        text = column.cast(pa.string())
        if not pc.any(pc.match_substring(text, "E")).as_py():
            return text, "safe"
    if pa.types.is_struct(kind):
        flat = cast("pa.StructArray", column)
        names = [field.name for field in kind]
        return _masked(_object(names, flat.flatten(), len(flat), end="}"), column.is_valid()), "bare"
    return _each(column)


def _numbers(column: Column) -> Column:
    """Write numbers as orjson does; NaN and infinities are null."""
    if pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
        valid = pc.and_kleene(column.is_valid(), pc.is_finite(column))
    else:
        valid = column.is_valid()
    filled = pc.fill_null(column, pa.scalar(0, column.type)).to_numpy(zero_copy_only=False)
    return _masked(_dumped(filled), valid)


def _times(column: Column) -> Column:
    """Write timestamps in RFC 3339; those outside of years 1 to 9999, such as the ends of time, are null."""
    kind = cast("pa.TimestampType[Any, Any]", column.type)
    if kind.unit == "ns":
        if not pc.all(pc.equal(pc.nanosecond(column), 0)).as_py():
            exact: Column = pc.strftime(column.cast(pa.timestamp("ns", "UTC")), "%Y-%m-%dT%H:%M:%SZ")
            return exact
        raw, factor = pc.divide(column.view(pa.int64()), 1000), 1
    else:
        raw, factor = column.view(pa.int64()), _UNITS[kind.unit]
    inside = pc.and_kleene(
        pc.greater_equal(raw, MIN_EVENT_TIME // factor), pc.less_equal(raw, MAX_EVENT_TIME // factor)
    )
    valid = pc.fill_null(inside, fill_value=False)
    micros = pc.fill_null(pc.if_else(valid, raw, 0), 0).to_numpy(zero_copy_only=False) * factor
    if len(micros) and micros.max() >= _ORJSON_MAX:
        return _masked(pa.array([values.plain(to_datetime(each)) for each in micros.tolist()]), valid)
    return _masked(_dumped(micros.view("datetime64[us]"), quoted=True), valid)


def _dates(column: Column) -> Column:
    """Write dates in ISO 8601; those outside of years 1 to 9999 are null."""
    days = column.cast(pa.date32()).view(pa.int32())
    first, last = (each // (86_400 * SECOND) for each in (MIN_EVENT_TIME, MAX_EVENT_TIME))
    inside = pc.and_kleene(pc.greater_equal(days, first), pc.less_equal(days, last))
    kept: Column = pc.if_else(inside, days, pa.scalar(None, pa.int32())).view(pa.date32())
    return kept.cast(pa.string())


def _each(column: Column) -> tuple[Column, Kind]:
    """Write a column value by value: lists, maps, bytes, times of day, durations, UUIDs."""
    texts = [None if each is None else values.json_text(each).decode() for each in _objects_of(column)]
    if all(each is None or each.startswith('"') for each in texts):
        return pa.array([each and orjson.loads(each) for each in texts], pa.string()), "free"
    return pa.array(texts, pa.string()), "bare"


def _objects_of(column: Column) -> list[Any]:
    try:
        return cast("list[Any]", column.to_pylist())
    except (ValueError, OverflowError) as error:
        raise RecordError(f"a value of type {column.type} cannot be written as text: {error}") from None


def _dumped(array: npt.NDArray[Any], *, quoted: bool = False) -> Column:
    """Cut the JSON list of an array, whose texts hold no comma, at its commas."""
    if not len(array):
        return pa.array([], pa.string())
    listed = orjson.dumps(np.ascontiguousarray(array), option=values.OPTIONS)
    raw = np.frombuffer(listed, np.uint8)
    commas = raw == ord(",")
    keep = ~commas
    keep[0] = keep[-1] = False
    edge = 1
    if quoted:
        keep &= raw != ord('"')
        edge = 3  # a comma or bracket and two quotes stand around each text
    offsets = np.empty(len(array) + 1, np.int32)
    offsets[0] = 0
    offsets[1:-1] = np.flatnonzero(commas) - edge * np.arange(1, len(array))
    offsets[-1] = np.count_nonzero(keep)
    return pa.StringArray.from_buffers(len(array), pa.py_buffer(offsets.data), pa.py_buffer(raw[keep].data))


def _masked(text: Column, valid: Column) -> Column:
    """Return the text where valid, null elsewhere."""
    return text if pc.all(valid).as_py() is not False else cast("Column", pc.if_else(valid, text, None))


def _join(parts: list[Any], *, null: str) -> Column:
    joined: Column = pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement=null)
    return joined


def _bytes_of(lines: Column) -> bytes:
    """Return the strings of a column as they lie in memory, one after the other."""
    if not len(lines):
        return b""
    _, offsets, data = cast("list[Any]", lines.buffers())
    ends = np.frombuffer(offsets, np.int32)[lines.offset : lines.offset + len(lines) + 1]
    return cast("bytes", data.slice(int(ends[0]), int(ends[-1] - ends[0])).to_pybytes())
