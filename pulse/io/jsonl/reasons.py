"""Why a line is not a record: words for people, worked out only for lines that are refused."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import orjson
from pyarrow import types

from pulse.errors import cut
from pulse.io.conversions import raw_type
from pulse.model.schema import type_name

if TYPE_CHECKING:
    import pyarrow as pa

_BITS = 63
LONGEST_SHOWN = 1000
"""Bits, or digits, of an integer that messages may spell out."""

_KINDS = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number with a fraction",
    type(None): "null",
}


class Pairs(dict[str, Any]):
    """An object of a JSON text that remembers which of its names stand twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        names = [name for name, _ in pairs]
        self.twice = [name for name in self if names.count(name) > 1] if len(self) < len(names) else []


def parse_exactly(text: bytes) -> Any:
    """Parse a well-formed JSON text slowly: integers of any size, and names that stand twice."""
    return json.loads(text, object_pairs_hook=Pairs, parse_int=_parse_int)


def _parse_int(digits: str) -> int:
    """Read an integer; one of so many digits that Python would refuse it only needs to be too long."""
    return int(digits[:LONGEST_SHOWN])


def why_malformed(text: bytes) -> str | None:
    """Return why a line is not one well-formed JSON object, or None when it is.

    Example:
        >>> why_malformed(b"[1]")
        'a record is a JSON object, this is an array'
        >>> why_malformed(b'{"a": 1} {"a": 2}')
        'not one JSON object per line: there is more behind the first'
    """
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return f"not valid UTF-8: byte 0x{text[error.start]:02x} in column {error.start + 1}"
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if error.msg.startswith("unexpected content after document"):
            return "not one JSON object per line: there is more behind the first"
        reason = error.msg.partition(": line ")[0]
        return f"not valid JSON: {reason} in column {error.colno}"
    return None if isinstance(value, dict) else f"a record is a JSON object, this is {_KINDS[type(value)]}"


def why_refused(text: bytes, schema: pa.Schema, verdict: str) -> str:
    """Return why a well-formed object does not fit a schema.

    Args:
        text: the line.
        schema: the fields that were read, with the types declared or sniffed.
        verdict: what the column parser said, for what is not known here.
    """
    try:
        value = parse_exactly(text)
    except RecursionError:
        return "nested too deeply"
    for name in value.twice:
        if name in schema.names:
            return f"field {name!r} stands twice"
    for field in schema:
        reason = _misfit(value.get(field.name), raw_type(field), field.type)
        if reason:
            return f"field {field.name!r} {reason}"
    return f"does not fit the schema: {cut(verdict, 120)}"


def _misfit(value: Any, kind: Any, declared: pa.DataType) -> str | None:  # noqa: PLR0911 - one per kind
    """Return what is wrong with a value, or None when nothing is, as far as known here."""
    if value is None:
        return None
    if isinstance(value, dict) and types.is_struct(kind):
        return _misfit_part(value, kind)
    if isinstance(value, list) and types.is_list(kind):
        item = kind.value_type
        return next((reason for part in value if (reason := _misfit(part, item, item))), None)
    if type(value) is int and types.is_integer(kind):
        return _too_wide(value, kind)
    if type(value) is float and types.is_float64(kind):
        return None if math.isfinite(value) else "is a number too large for a double"
    fits = (
        (types.is_boolean(kind) and isinstance(value, bool))
        or (types.is_floating(kind) and type(value) is int)
        or (types.is_decimal(kind) and type(value) in (int, float, str))
        or (_is_text(kind) and isinstance(value, str))
    )
    if fits:
        return None
    shown = cut(json.dumps(value), 60)
    found = _KINDS.get(type(value), "an object")
    return f"is {shown}, {found}, where the schema says {type_name(declared)}"


def _too_wide(value: int, kind: pa.DataType) -> str | None:
    signed = types.is_signed_integer(kind)
    low, high = (
        (-(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1)) if signed else (0, 2**kind.bit_width)
    )
    if low <= value < high:
        return None
    shown = cut(str(value), 60) if value.bit_length() < LONGEST_SHOWN else "a very long integer"
    if value.bit_length() > _BITS:
        return f"is {shown}, an integer beyond 64 bits; declare uint64 or decimal(38, 0) to keep it"
    return f"is {shown}, which does not fit {type_name(kind)}"


def _is_text(kind: pa.DataType) -> bool:
    return types.is_string(kind) or types.is_large_string(kind)


def _misfit_part(value: Any, kind: pa.StructType) -> str | None:
    for name in value.twice:
        if kind.get_field_index(name) >= 0:
            return f"has {name!r} twice"
    for index in range(kind.num_fields):
        part = kind.field(index)
        reason = _misfit(value.get(part.name), part.type, part.type)
        if reason:
            return f"in {part.name!r} {reason}"
    return None
