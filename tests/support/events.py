"""A source for tests of the engine: any records, any times, several splits, blocks of a chosen size."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.io.base import BadRecord, Block, Decoded, End, Reader, ReadRequest, Source
from pulse.model.schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, eq=False)
class Events(Source):
    """Records with event times, taken as they are: no checks, so that the ends of time can be tested.

    Args:
        records: dicts, or any objects; ``Bad(text)`` stands for a record that cannot be parsed.
        times: event times in microseconds; None when there are none.
        schema: type names by field; None for rows of any shape.
        splits_of: how many splits the records are dealt to, in turn.
        block: how many records a block has.
        promises: what the source promises after each block of a split, for ``FromSource``.
    """

    records: Sequence[Any] = field(repr=False)
    times: Sequence[int] | None = None
    schema: Mapping[str, Any] | None = None
    splits_of: int = 1
    block: int = 1000
    promises: Sequence[int] | None = None

    @property
    def timed(self) -> bool:  # type: ignore[override]
        return self.times is not None

    @property
    def layouts(self):  # type: ignore[override]
        return ("columns", "rows") if self.schema is not None else ("rows",)

    @property
    def label(self) -> str:
        return "events"

    def declared_schema(self) -> pa.Schema | None:
        return None if self.schema is None else schema_of(self.schema)

    def sniff_schema(self) -> pa.Schema | None:
        return self.declared_schema()

    def splits(self) -> Sequence[str]:
        return tuple(str(i) for i in range(self.splits_of))

    def open(self, split: str, request: ReadRequest, position: Any = None) -> Reader:
        return _EventsReader(self, int(split), request, position or 0)


@dataclass(frozen=True)
class Bad:
    """A record that cannot be parsed."""

    text: str


class _EventsReader(Reader):
    def __init__(self, source: Events, split: int, request: ReadRequest, start: int) -> None:
        self.source, self.request, self.next = source, request, start
        self.rows = list(range(split, len(source.records), source.splits_of))

    def poll(self) -> Block | End:
        if self.next >= len(self.rows):
            return End()
        first, self.next = self.next, min(self.next + self.source.block, len(self.rows))
        return Block((first, self.next), self.next, "events", 100 * (self.next - first), first)

    def decode(self, block: Block) -> Decoded:
        source, request = self.source, self.request
        first, stop = block.payload
        chosen = self.rows[first:stop]
        good = [(i, row) for i, row in enumerate(chosen, 1) if not isinstance(source.records[row], Bad)]
        bad = tuple(
            BadRecord(source.records[row].text, "not a record", i, "events")
            for i, row in enumerate(chosen, 1)
            if isinstance(source.records[row], Bad)
        )
        records = [source.records[row] for _, row in good]
        times = None
        if source.times is not None:
            times = np.array([source.times[row] for _, row in good], np.int64)
        promised = None
        if source.promises is not None:
            promised = source.promises[first // source.block]
        data: Any = records
        names = request.fields if request.fields is not None else (request.schema or pa.schema([])).names
        if request.layout == "columns":
            assert request.schema is not None
            arrays = [
                pa.array([record.get(name) for record in records], request.schema.field(name).type)
                for name in names
            ]
            data = (
                pa.RecordBatch.from_arrays(arrays, names=list(names))
                if arrays
                else pa.RecordBatch.from_arrays([pa.nulls(len(records))], ["_"]).select([])
            )
        elif request.schema is not None:
            data = [{name: record.get(name) for name in names} for record in records]
        numbers = np.array([i for i, _ in good], np.int64)
        return Decoded(data, times, numbers, len(chosen), bad, watermark=promised)
