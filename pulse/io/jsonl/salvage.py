"""What is good in a block that the column parser refused: line by line, and as fast as that allows.

A line is a record when orjson takes it as an object *and* the column parser takes it alone. That is found
with few parses: orjson for each line, a look at the Python values of the requested fields, one try of the
column parser on all lines that are not out by then, and halving where even those are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
import pyarrow as pa
from pyarrow import types

from pulse.io.jsonl.columns import Refused, parse_columns
from pulse.io.jsonl.reasons import parse_exactly, why_malformed, why_refused
from pulse.io.jsonl.suspects import misfits, twins

if TYPE_CHECKING:
    from collections.abc import Container

    from pulse.io.jsonl.lines import Lines


class Parsed(NamedTuple):
    """Lines that are records.

    Args:
        lines: the lines.
        batch: their fields, as the column parser reads them.
        bad: index and reason of the lines that are not records, of those that were given.
    """

    lines: Lines
    batch: pa.RecordBatch
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
    texts = lines.texts
    rows, bad = _load(texts)
    if widens:
        raw = _widened(texts, raw, rows)
    out = misfits(raw, declared, texts, rows)
    taken, batch, refused = _take(lines, rows, out.keys(), raw)
    for index, field in out.items():
        bad[index] = why_refused(texts[index], pa.schema([field]), "")
    widened = pa.schema(
        [new if types.is_float64(new.type) else old for new, old in zip(raw, declared, strict=True)]
    )
    for index, verdict in refused.items():
        bad[index] = why_refused(texts[index], widened, verdict)
    return Parsed(taken, batch, sorted(bad.items()))


def _load(texts: list[bytes]) -> tuple[list[Any], dict[int, str]]:
    """Parse lines to dicts, None where they are not well-formed, with the reasons."""
    rows: list[Any] = []
    bad: dict[int, str] = {}
    loaded = map(orjson.loads, texts)
    while True:
        try:
            rows.extend(loaded)  # goes on behind a line that raised
        except orjson.JSONDecodeError:
            bad[len(rows)] = why_malformed(texts[len(rows)]) or "not valid JSON"
            rows.append(None)
        else:
            return rows, bad


def _take(
    lines: Lines, rows: list[Any], out: Container[int], raw: pa.Schema
) -> tuple[Lines, pa.RecordBatch, dict[int, str]]:
    """Parse the lines that are not out; return those taken, and the parser's verdict on each other."""
    left = [index for index, row in enumerate(rows) if row is not None and index not in out]
    taken = lines.at(left)
    try:
        return taken, _parse(taken, raw), {}
    except Refused:
        pass
    refused = dict.fromkeys(twins(raw, lines.texts, rows, left), "")
    left, verdicts = _halve(lines, [index for index in left if index not in refused], raw)
    taken = lines.at(left)
    return taken, _parse(taken, raw), refused | verdicts


def _parse(lines: Lines, raw: pa.Schema) -> pa.RecordBatch:
    return parse_columns(lines, raw) if lines.count else pa.RecordBatch.from_pylist([], raw)


def _halve(lines: Lines, indices: list[int], raw: pa.Schema) -> tuple[list[int], dict[int, str]]:
    """Return the lines that the column parser takes, and its verdict on each of the others."""
    try:
        _parse(lines.at(indices), raw)
    except Refused as verdict:
        if len(indices) == 1:
            return [], {indices[0]: str(verdict)}
        middle = len(indices) // 2
        left, bad_left = _halve(lines, indices[:middle], raw)
        right, bad_right = _halve(lines, indices[middle:], raw)
        return left + right, bad_left | bad_right
    return indices, {}


def _widened(texts: list[bytes], raw: pa.Schema, rows: list[Any]) -> pa.Schema:
    """Make double what is int64 and meets a fraction; digits beyond 64 bits are no fraction."""
    for position, field in enumerate(raw):
        if types.is_int64(field.type) and any(
            type(row.get(field.name)) is float and type(parse_exactly(texts[index]).get(field.name)) is float
            for index, row in enumerate(rows)
            if row is not None
        ):
            raw = raw.set(position, pa.field(field.name, pa.float64()))
    return raw
