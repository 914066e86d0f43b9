"""From a block of JSON lines to records: fast where the block is clean, line by line where it is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa

from pulse.errors import cut
from pulse.io.base import BadRecord, Block, Decoded
from pulse.io.conversions import convert, raw_type
from pulse.io.jsonl.columns import Refused, parse_columns
from pulse.io.jsonl.lines import Lines, is_utf8, may_be_too_deep, may_hold_non_numbers, split
from pulse.io.jsonl.reasons import why_malformed
from pulse.io.jsonl.rows import load_any
from pulse.io.jsonl.salvage import Parsed, salvage
from pulse.io.rows import to_rows

if TYPE_CHECKING:
    from pulse.io.files.cutter import Text
    from pulse.io.projection import Projection
    from pulse.model.bundle import Data, Int64s

_LOOKED_AT = 100
"""Records at the start of a file whose names are compared with the schema."""


@dataclass(frozen=True)
class JsonFormat:
    """Cuts and decodes JSON lines.

    Args:
        projection: what to build.
        widens: whether an int64 field that meets a fraction becomes double in that block (schema sniffed),
            or the record is bad (schema declared).
    """

    projection: Projection
    widens: bool = False
    header: bool = False

    def cut(self, data: bytes) -> int:
        """Return where the last whole line ends."""
        return data.rfind(b"\n") + 1

    def first(self, data: bytes) -> int:
        """Return where the first line ends; JSON lines have no header to look for."""
        return data.find(b"\n") + 1 or len(data)

    def lines(self, data: bytes) -> int:
        """Return how many lines the data spans."""
        return data.count(b"\n") + (not data.endswith(b"\n") and data != b"")

    def decode(self, block: Block) -> Decoded:
        """Turn a block into records."""
        text: Text = block.payload
        lines, units, others = split(text.data)
        bad = [(number, line, why_malformed(line) or "a record is a JSON object") for number, line in others]
        if not is_utf8(lines.data):
            lines, more = _without_bad_utf8(lines)
            bad += more
        if self.projection.schema is None:
            return self._any(block, lines, units, bad)
        parsed = self._parse(lines)
        bad += [_named(lines, index, reason) for index, reason in parsed.bad]
        return self._build(block, parsed, units, bad)

    @cached_property
    def _needed(self) -> pa.Schema:
        return self.projection.needed

    @cached_property
    def _raw(self) -> pa.Schema:
        return pa.schema([(field.name, raw_type(field)) for field in self._needed])

    def _parse(self, lines: Lines) -> Parsed:
        if not lines.count:
            return Parsed(lines, pa.RecordBatch.from_pylist([], self._raw), None, [])
        if not may_hold_non_numbers(lines.data) and not may_be_too_deep(lines):
            try:
                return Parsed(lines, parse_columns(lines, self._raw), None, [])
            except Refused:
                pass
        return salvage(lines, self._raw, self._needed, widens=self.widens)

    def _build(self, block: Block, parsed: Parsed, units: int, bad: list[tuple[int, bytes, str]]) -> Decoded:
        lines, batch = parsed.lines, parsed.batch
        wrong: dict[int, str] = {}
        columns = {}
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            field = self._needed.field(name)
            done = convert(field, column)
            if done.bad is not None:
                wrong |= {i: done.reason(i) for i in np.flatnonzero(done.bad).tolist() if i not in wrong}
            columns[name] = done.column
        times: Int64s | None = None
        if self.projection.time is not None:
            times, unusable, reason = self.projection.time.parse_column(columns[self.projection.time.field])
            if unusable.any():
                wrong |= {i: reason(i) for i in np.flatnonzero(unusable).tolist() if i not in wrong}
        out = _batch(columns, self.projection.fields, lines.count)
        ignored = self._ignored(block, parsed)
        if wrong:
            bad += [_named(lines, index, reason) for index, reason in wrong.items()]
            kept = [index for index in range(lines.count) if index not in wrong]
            out, lines = out.take(pa.array(kept, pa.int64())), lines.at(kept)
            times = None if times is None else times[kept]
        data: Data = to_rows(out) if self.projection.layout == "rows" else out
        return Decoded(data, times, lines.numbers, units, _bad(block, bad), ignored)

    def _ignored(self, block: Block, parsed: Parsed) -> dict[str, int]:
        """Count the names that the schema does not have: where lines became dicts, and at a file's start."""
        rows = parsed.rows
        if rows is None and block.first == 0:
            rows = list(map(orjson.loads, parsed.lines.texts[:_LOOKED_AT]))
        schema = self.projection.schema
        if not rows or schema is None:
            return {}
        found = Counter(chain.from_iterable(rows))
        return {name: count for name, count in found.items() if name not in schema.names}

    def _any(self, block: Block, lines: Lines, units: int, bad: list[tuple[int, bytes, str]]) -> Decoded:
        rows, kept, refused = load_any(lines)
        bad += [_named(lines, index, reason) for index, reason in refused]
        times: Int64s | None = None
        time = self.projection.time
        if time is not None:
            times, unusable, reason = time.parse_values([row.get(time.field) for row in rows])
            if unusable.any():
                bad += [_named(lines, kept[i], reason(i)) for i in np.flatnonzero(unusable).tolist()]
                usable = np.flatnonzero(~unusable).tolist()
                rows, kept, times = [rows[i] for i in usable], [kept[i] for i in usable], times[usable]
        return Decoded(rows, times, lines.numbers[kept], units, _bad(block, bad))


def _without_bad_utf8(lines: Lines) -> tuple[Lines, list[tuple[int, bytes, str]]]:
    broken = [index for index, text in enumerate(lines.texts) if not is_utf8(text)]
    bad = [_named(lines, index, why_malformed(lines.texts[index]) or "not valid UTF-8") for index in broken]
    return lines.at(sorted(set(range(lines.count)) - set(broken))), bad


def _named(lines: Lines, index: int, reason: str) -> tuple[int, bytes, str]:
    return int(lines.numbers[index]), lines.texts[index], reason


def _bad(block: Block, found: list[tuple[int, bytes, str]]) -> tuple[BadRecord, ...]:
    return tuple(
        BadRecord(cut(text.decode(errors="replace").strip()), reason, number, block.origin)
        for number, text, reason in sorted(found, key=itemgetter(0))
    )


def _batch(columns: dict[str, pa.Array[Any]], names: tuple[str, ...], count: int) -> pa.RecordBatch:
    """Build a batch that knows its length even when it has no columns."""
    if not names:
        return pa.RecordBatch.from_arrays([pa.nulls(count)], ["_"]).select([])
    return pa.RecordBatch.from_arrays([columns[name] for name in names], list(names))
