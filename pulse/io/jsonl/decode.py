"""From a block of JSON lines to records: fast where the block is clean, line by line where it is not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pyarrow as pa

from pulse.io.assemble import BadLine, assemble
from pulse.io.base import Block, Decoded
from pulse.io.conversions import raw_type
from pulse.io.jsonl.columns import Refused, parse_columns
from pulse.io.jsonl.integers import may_be_rounded, why_rounded
from pulse.io.jsonl.lines import (
    Lines,
    is_utf8,
    may_be_too_deep,
    may_hold_long_integers,
    may_hold_non_numbers,
    split,
)
from pulse.io.jsonl.reasons import why_malformed
from pulse.io.jsonl.rows import load_any
from pulse.io.jsonl.salvage import Parsed, salvage
from pulse.io.newlines import count_byte

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.io.files.cutter import Text
    from pulse.io.projection import Projection
    from pulse.model.bundle import Int64s

_LOOKED_AT = 100
"""Records at the start of a block whose names are compared with the schema."""


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
        return count_byte(data, b"\n") + (not data.endswith(b"\n") and data != b"")

    def decode(self, block: Block) -> Decoded:
        """Turn a block into records."""
        text: Text = block.payload
        lines, units, others = split(text.data)
        bad = [
            BadLine(number, line, why_malformed(line) or "a record is a JSON object")
            for number, line in others
        ]
        if not is_utf8(lines.data):
            lines, more = _without_bad_utf8(lines)
            bad += more
        if self.projection.schema is None:
            return self._any(block, lines, units, bad)
        parsed = self._parse(lines)
        bad += [_named(lines, index, reason) for index, reason in parsed.bad]
        if self.widens and may_be_rounded(parsed.batch):
            parsed, more = self._without_rounded(parsed)
            bad += more
        return assemble(
            parsed.batch,
            self.projection,
            parsed.lines.numbers,
            units=units,
            origin=block.origin,
            bad=bad,
            text=lambda index: parsed.lines.texts[index],
            ignored=self._ignored(parsed.lines),
        )

    @cached_property
    def _raw(self) -> pa.Schema:
        return pa.schema([(field.name, raw_type(field)) for field in self.projection.needed])

    def _parse(self, lines: Lines) -> Parsed:
        if not lines.count:
            return Parsed(lines, pa.RecordBatch.from_pylist([], self._raw), [])
        if not may_hold_non_numbers(lines.data) and not may_be_too_deep(lines):
            try:
                return Parsed(lines, parse_columns(lines, self._raw), [])
            except Refused:
                pass
        return salvage(lines, self._raw, self.projection.needed, widens=self.widens)

    def _without_rounded(self, parsed: Parsed) -> tuple[Parsed, list[BadLine]]:
        """Leave out integers that became doubles where no one declared a double."""
        lines, reasons = (
            parsed.lines,
            _rounded(parsed.lines, range(parsed.lines.count), self.projection.needed),
        )
        kept = [index for index in range(lines.count) if index not in reasons]
        bad = [_named(lines, index, reason) for index, reason in reasons.items()]
        return Parsed(lines.at(kept), parsed.batch.take(pa.array(kept, pa.int64())), []), bad

    def _ignored(self, lines: Lines) -> dict[str, int]:
        """Count the names that the schema does not have among the first records of the block."""
        schema = self.projection.schema
        if schema is None or not lines.count:
            return {}
        found = Counter(chain.from_iterable(map(orjson.loads, lines.head(_LOOKED_AT))))
        return {name: count for name, count in found.items() if name not in schema.names}

    def _any(self, block: Block, lines: Lines, units: int, bad: list[BadLine]) -> Decoded:
        rows, kept, refused = load_any(lines)
        bad += [_named(lines, index, reason) for index, reason in refused]
        rounded = _rounded(lines, kept, None)
        if rounded:
            bad += [_named(lines, index, reason) for index, reason in rounded.items()]
            rows = [row for row, index in zip(rows, kept, strict=True) if index not in rounded]
            kept = [index for index in kept if index not in rounded]
        times: Int64s | None = None
        time = self.projection.time
        if time is not None:
            times, unusable, reason = time.parse_values([row.get(time.field) for row in rows])
            if unusable.any():
                bad += [_named(lines, kept[i], reason(i)) for i in np.flatnonzero(unusable).tolist()]
                usable = np.flatnonzero(~unusable).tolist()
                rows, kept, times = [rows[i] for i in usable], [kept[i] for i in usable], times[usable]
        named = tuple(line.named(block.origin) for line in sorted(bad, key=itemgetter(0)))
        return Decoded(rows, times, lines.numbers[kept], units, named)


def _without_bad_utf8(lines: Lines) -> tuple[Lines, list[BadLine]]:
    broken = {index for index, text in enumerate(lines.texts) if not is_utf8(text)}
    bad = [_named(lines, index, why_malformed(lines.texts[index]) or "not valid UTF-8") for index in broken]
    return lines.at([index for index in range(lines.count) if index not in broken]), bad


def _rounded(lines: Lines, indices: Iterable[int], schema: pa.Schema | None) -> dict[int, str]:
    """Return why some lines would lose digits of integers, by index."""
    if not may_hold_long_integers(lines.data):
        return {}
    found = ((index, why_rounded(lines.texts[index], schema)) for index in indices)
    return {index: reason for index, reason in found if reason}


def _named(lines: Lines, index: int, reason: str) -> BadLine:
    return BadLine(int(lines.numbers[index]), lines.texts[index], reason)
