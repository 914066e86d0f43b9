"""The last step of every decoder: declared types, event times, bad records, layout."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from pulse.errors import cut
from pulse.io.base import BadRecord, Decoded
from pulse.io.conversions import convert
from pulse.model.rows import to_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulse.io.projection import Projection
    from pulse.model.bundle import Data, Int64s


class BadLine(NamedTuple):
    """A line or row that is not a record: its number within the block, its text and why."""

    number: int
    text: bytes
    reason: str

    def named(self, origin: str) -> BadRecord:
        """Return it as a bad record of an origin."""
        text = self.text.decode(errors="replace").strip()
        return BadRecord(cut(text), self.reason, self.number, origin)


def assemble(
    batch: pa.RecordBatch,
    projection: Projection,
    numbers: Int64s,
    *,
    units: int,
    origin: str,
    bad: Sequence[BadLine],
    text: Callable[[int], bytes],
    ignored: Mapping[str, int] | None = None,
) -> Decoded:
    """Build records from columns as a parser read them.

    Args:
        batch: the needed fields, of the types that ``raw_type`` gives, n records.
        projection: what to build.
        numbers: line or row of each record within the block, 1-based, ``int64[n]``.
        units: lines or rows of the block.
        origin: where the block came from.
        bad: what the parser refused.
        text: gives the text of a record, for those that turn out bad here.
        ignored: names met that the schema does not have.
    """
    wrong: dict[int, str] = {}
    columns: dict[str, pa.Array[Any]] = {}
    for field, column in zip(projection.needed, batch.columns, strict=True):
        done = convert(field, column)
        if done.bad is not None:
            wrong = {row: done.reason(row) for row in np.flatnonzero(done.bad).tolist()} | wrong
        columns[field.name] = done.column
    times: Int64s | None = None
    if projection.time is not None:
        times, unusable, reason = projection.time.parse_column(columns[projection.time.field])
        if unusable.any():
            wrong = {row: reason(row) for row in np.flatnonzero(unusable).tolist()} | wrong
    records = _batch(columns, projection.fields, len(numbers))
    bad_lines = list(bad)
    if wrong:
        bad_lines += [BadLine(int(numbers[row]), text(row), why) for row, why in wrong.items()]
        keep = np.ones(len(numbers), np.bool_)
        keep[list(wrong)] = False
        records = records.filter(pa.array(keep))
        numbers = numbers[keep]
        times = None if times is None else times[keep]
    data: Data = to_rows(records) if projection.layout == "rows" else records
    named = tuple(line.named(origin) for line in sorted(bad_lines, key=itemgetter(0)))
    return Decoded(data, times, numbers, units, named, ignored or {})


def _batch(columns: Mapping[str, pa.Array[Any]], names: tuple[str, ...], count: int) -> pa.RecordBatch:
    """Build a batch that knows its length even when it has no columns."""
    if not names:
        return pa.RecordBatch.from_arrays([pa.nulls(count)], ["_"]).select([])
    return pa.RecordBatch.from_arrays([columns[name] for name in names], list(names))
