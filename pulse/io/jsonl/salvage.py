"""What is good in a block that the column parser refused: line by line, and as fast as that allows.

A line is a record when orjson takes it as an object *and* the column parser takes it alone. That is found
with few parses: orjson for each line, a look at the Python types of the requested fields, one try of the
column parser on all lines without a suspect, and halving where even those are refused.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import pyarrow as pa
from pyarrow import types

from pulse.io.jsonl.columns import Refused, parse_columns
from pulse.io.jsonl.reasons import parse_exactly, why_malformed, why_refused

if TYPE_CHECKING:
    from pulse.io.jsonl.lines import Lines


class Parsed(NamedTuple):
    """Lines that are records.

    Args:
        lines: the lines.
        batch: their fields, as the column parser reads them.
        rows: the lines as dicts, when they were parsed to dicts on the way.
        bad: index and reason of the lines that are not records, of those that were given.
    """

    lines: Lines
    batch: pa.RecordBatch
    rows: list[dict[str, Any]] | None
    bad: list[tuple[int, str]]


def salvage(lines: Lines, raw: pa.Schema, declared: pa.Schema, *, widens: bool) -> Parsed:
    """Parse the lines that are records, and say of the others why they are not.

    Args:
        lines: lines that start with ``{`` and end with ``}``.
        raw: the fields to read, of types that ``raw_type`` gives.
        declared: the same fields with their types in the schema.
        widens: whether an int64 field that meets a fraction becomes double (schema sniffed), instead of the
            record being bad (schema declared).
    """
    dicts: list[Any] = []
    bad: dict[int, str] = {}
    good: list[int] = []
    for index, text in enumerate(lines.texts):
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            bad[index] = why_malformed(text) or "not valid JSON"
            value = None
        else:
            good.append(index)
        dicts.append(value)
    if widens:
        raw = _widened(lines, raw, dicts, good, bad)
        good = [index for index in good if index not in bad]
    suspects = _suspects(raw, dicts, good)
    sure = [index for index in good if index not in suspects]
    kept, refused = _halve(lines, sure, raw)
    for index in sorted(suspects):
        more, verdicts = _halve(lines, [index], raw)
        kept += more
        refused |= verdicts
    for index, verdict in refused.items():
        bad[index] = why_refused(lines.texts[index], declared, verdict)
    kept.sort()
    taken = lines.at(kept)
    batch = parse_columns(taken, raw) if kept else pa.RecordBatch.from_pylist([], raw)
    return Parsed(taken, batch, [dicts[index] for index in kept], sorted(bad.items()))


def _halve(lines: Lines, indices: list[int], raw: pa.Schema) -> tuple[list[int], dict[int, str]]:
    """Return the lines that the column parser takes, and its verdict on each of the others."""
    if not indices:
        return [], {}
    try:
        parse_columns(lines.at(indices), raw)
    except Refused as verdict:
        if len(indices) == 1:
            return [], {indices[0]: str(verdict)}
        middle = len(indices) // 2
        left, bad_left = _halve(lines, indices[:middle], raw)
        right, bad_right = _halve(lines, indices[middle:], raw)
        return left + right, bad_left | bad_right
    return indices, {}


def _suspects(raw: pa.Schema, dicts: list[Any], good: list[int]) -> set[int]:
    """Return the lines whose fields have Python types that their column surely or likely refuses."""
    found: set[int] = set()
    for field in raw:
        allowed = _python_types(field.type)
        if allowed is None:
            continue
        kinds = list(map(type, map(dict.get, (dicts[i] for i in good), repeat(field.name))))
        if not set(kinds) <= allowed:
            found.update(index for index, kind in zip(good, kinds, strict=True) if kind not in allowed)
    return found


def _python_types(kind: pa.DataType) -> set[type] | None:
    if types.is_integer(kind):
        return {int, type(None)}
    if types.is_float64(kind):
        return {int, float, type(None)}
    if types.is_string(kind) or types.is_large_string(kind):
        return {str, type(None)}
    return {bool, type(None)} if types.is_boolean(kind) else None


def _widened(
    lines: Lines, raw: pa.Schema, dicts: list[Any], good: list[int], bad: dict[int, str]
) -> pa.Schema:
    """Make double what is int64 and meets a fraction; an integer beyond 64 bits is bad, not a fraction."""
    for position, field in enumerate(raw):
        if not types.is_int64(field.type):
            continue
        values = [(index, dicts[index].get(field.name)) for index in good]
        if not any(type(value) is float for _, value in values):
            continue
        wide = pa.schema([field])
        fraction = False
        for index, value in values:
            beyond = type(value) in (int, float) and not -(2**63) <= value < 2**63
            if beyond and type(parse_exactly(lines.texts[index]).get(field.name)) is int:
                bad.setdefault(index, why_refused(lines.texts[index], wide, ""))
            elif type(value) is float:
                fraction = True
        if fraction:
            raw = raw.set(position, pa.field(field.name, pa.float64()))
    return raw
