"""Records in memory as a source: for tests, notebooks and small tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from pulse.errors import ConnectorError, PulseError, UnknownField, cut
from pulse.io.assemble import BadLine, assemble
from pulse.io.base import BadRecord, Block, Decoded, End, Json, Reader, ReadRequest
from pulse.io.projection import Projection
from pulse.io.timed import TimedSource
from pulse.model.arguments import placed
from pulse.model.rows import shown_row
from pulse.model.schema import infer, type_name
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME, from_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.bundle import Int64s

_ORIGIN = "memory"
_MISFITS = (pa.ArrowException, OverflowError, TypeError, ValueError)
_ROW_BYTES = 256
"""What a row of Python objects is taken to weigh, as for a bundle."""


@placed
@dataclass(frozen=True, eq=False)
class Memory(TimedSource):
    """Records in memory.

    Args:
        records: a list of dicts (or of any objects, as rows only), a ``pyarrow.RecordBatch`` or a ``Table``.
        time_field: the field that holds the event time.
        time_format: how numbers and texts are read: ``"ms"`` (the default for numbers), ``"s"``, ``"us"``,
            ``"ns"``, ``"iso"`` or a ``strptime`` format.
        time_zone: zone of times without one; None is UTC.
        times: the event times themselves, in microseconds or as datetimes, in place of ``time_field``.
        schema: type names by field, or an Arrow schema; ``"any"`` for rows as they are; None takes what the
            records show, and rows as they are when no one type holds a field.

    Raises:
        ConnectorError: when there are not as many times as records, or both ways to give time are used.
        UnknownField: when a table lacks ``time_field``.

    Example:
        >>> source = Memory([{"word": "a"}, {"word": "b"}], times=[0, 1_000_000])
        >>> source.sniff_schema()
        word: string
        >>> reader = source.open("0", ReadRequest(source.sniff_schema(), layout="rows"))
        >>> records = reader.decode(reader.poll())
        >>> records.data, records.times.tolist()
        ([{'word': 'a'}, {'word': 'b'}], [0, 1000000])
    """

    records: Sequence[Any] | pa.RecordBatch | pa.Table = field(repr=False)
    _: KW_ONLY
    times: Sequence[int | datetime] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.records, pa.Table):
            whole = self.records.combine_chunks().to_batches()
            empty = pa.RecordBatch.from_pylist([], self.records.schema)
            object.__setattr__(self, "records", whole[0] if whole else empty)
        super().__post_init__()
        if isinstance(self.schema, str) and self.schema != "any":
            raise ConnectorError(f"schema {self.schema!r} is neither 'any' nor type names by field")
        if self.times is not None:
            object.__setattr__(self, "times", tuple(self._checked_times(self.times)))
        names = self._batch.schema.names if self._batch is not None else None
        if names is not None and self.time_field is not None and self.time_field not in names:
            raise UnknownField.of(self.time_field, names)
        object.__setattr__(self, "timed", self.time_field is not None or self.times is not None)
        object.__setattr__(self, "layouts", self._layouts())

    @property
    def _batch(self) -> pa.RecordBatch | None:
        return self.records if isinstance(self.records, pa.RecordBatch) else None

    @property
    def _rows(self) -> list[Any]:
        return [] if isinstance(self.records, pa.RecordBatch | pa.Table) else list(self.records)

    def _layouts(self) -> tuple[str, ...]:
        if self._batch is not None:
            return ("columns", "rows")
        typed = self.schema != "any" and all(isinstance(row, Mapping) for row in self._rows)
        return ("rows", "columns") if typed else ("rows",)

    def _checked_times(self, times: Sequence[int | datetime]) -> list[int]:
        if self.time_field is not None:
            raise ConnectorError("times and time_field are both given; one of them says the event times")
        if len(times) != len(self.records):
            raise ConnectorError(f"{len(times)} times are given for {len(self.records)} records")
        micros = [from_datetime(time) if isinstance(time, datetime) else int(time) for time in times]
        for time in micros:
            if not MIN_EVENT_TIME <= time <= MAX_EVENT_TIME:
                raise ConnectorError(f"time {time} is outside the years 1 to 9999, in microseconds")
        return micros

    @property
    def label(self) -> str:
        """``memory`` with how many records there are."""
        return f"memory({len(self.records)} {'record' if len(self.records) == 1 else 'records'})"

    def declared_schema(self) -> pa.Schema | None:
        """Return the schema that was declared, or that a table has."""
        declared = super().declared_schema()
        if declared is not None or self._batch is None:
            return declared
        return self._batch.schema.remove_metadata()

    def sniff_schema(self) -> pa.Schema | None:
        """Return the declared schema, or the one that holds all records; None when there is none."""
        declared = self.declared_schema()
        if declared is not None or "columns" not in self.layouts or not self._rows:
            return declared
        rows = self._rows
        names = dict.fromkeys(name for row in rows for name in row)
        try:
            kinds = {name: infer(row.get(name) for row in rows) for name in names}
        except PulseError:
            return None
        return pa.schema(
            [(name, pa.string() if types.is_null(kind) else kind) for name, kind in kinds.items()]
        )

    def open(self, split: str, request: ReadRequest, position: Json = None) -> Reader:  # noqa: ARG002
        """Open the records, at their start or at a position that a block gave."""
        row = 0
        if position is not None:
            found = position.get("row") if isinstance(position, dict) else None
            if not isinstance(found, int) or not 0 <= found <= len(self.records):
                raise ConnectorError(f"{position!r} is not a position in {self.label}")
            row = found
        records = self._rows if self._batch is None else self._batch
        times = None if self.times is None else np.array(self.times, np.int64)
        return MemoryReader(records, times, Projection.of(request, self.event_time), request.block_bytes, row)


class MemoryReader(Reader):
    """Reads records in memory.

    Args:
        records: the records.
        times: their event times, when they do not hold them.
        projection: what to build.
        block_bytes: about how much to hand out at a time.
        row: where to start.
    """

    def __init__(
        self,
        records: list[Any] | pa.RecordBatch,
        times: Int64s | None,
        projection: Projection,
        block_bytes: int,
        row: int,
    ) -> None:
        self._records = records
        self._times = times
        self._projection = projection
        self._next = row
        self._size = max(1, block_bytes // _ROW_BYTES)

    def poll(self) -> Block | End:
        """Hand out the next records."""
        start, stop = self._next, min(self._next + self._size, len(self._records))
        if start == stop:
            return End()
        self._next = stop
        return Block((start, stop), {"row": stop}, _ORIGIN, (stop - start) * _ROW_BYTES, start)

    def decode(self, block: Block) -> Decoded:
        """Turn a range of records into what was asked for."""
        start, stop = block.payload
        records = self._records
        part = records[start:stop] if isinstance(records, list) else records.slice(start, stop - start)
        bad: list[BadLine] = []
        rows = np.arange(stop - start)
        if self._projection.schema is None:
            decoded = self._any(part if isinstance(part, list) else _objects(part))
        else:
            if isinstance(part, pa.RecordBatch):
                batch = _cut(part, self._projection.needed)
            else:
                batch, rows, bad = _columns(part, self._projection.needed)
            decoded = assemble(
                batch,
                self._projection,
                rows + 1,
                units=stop - start,
                origin=_ORIGIN,
                bad=bad,
                text=lambda row: shown_row(batch, row).encode(),
            )
        if self._times is None:
            return decoded
        times = self._times[start:stop][decoded.numbers - 1]
        return Decoded(decoded.data, times, decoded.numbers, decoded.units, decoded.bad)

    def progress(self) -> tuple[int, int]:
        """Return the records read, and how many there are."""
        return self._next, len(self._records)

    def _any(self, rows: list[Any]) -> Decoded:
        """Hand out rows as they are."""
        numbers = np.arange(1, len(rows) + 1)
        time = self._projection.time
        if time is None:
            return Decoded(rows, None, numbers, len(rows))
        values = [row.get(time.field) if isinstance(row, Mapping) else None for row in rows]
        times, unusable, reason = time.parse_values(values)
        wrong = np.flatnonzero(unusable).tolist()
        bad = tuple(BadRecord(cut(repr(rows[i])), reason(i), i + 1, _ORIGIN) for i in wrong)
        good = np.flatnonzero(~unusable)
        return Decoded([rows[i] for i in good.tolist()], times[good], numbers[good], len(rows), bad)


def _objects(batch: pa.RecordBatch) -> list[Any]:
    found: list[Any] = batch.to_pylist()
    return found


def _cut(batch: pa.RecordBatch, wanted: pa.Schema) -> pa.RecordBatch:
    """Return some columns of a table, in the types of a schema."""
    part = batch.select([name for name in wanted.names if name in batch.schema.names])
    if part.schema.equals(wanted):
        return part
    columns: list[pa.Array[Any]] = []
    for each in wanted:
        if each.name not in part.schema.names:
            columns.append(pa.nulls(part.num_rows, each.type))
            continue
        try:
            columns.append(part.column(each.name).cast(each.type))
        except pa.ArrowException as error:
            raise ConnectorError(f"field {each.name!r} does not fit the schema: {error}") from error
    return pa.RecordBatch.from_arrays(columns, wanted.names)


def _columns(rows: list[Any], wanted: pa.Schema) -> tuple[pa.RecordBatch, Int64s, list[BadLine]]:
    """Build columns of dicts; those with a value that is not of its type are bad."""
    reasons: dict[int, str] = {}
    columns: list[pa.Array[Any]] = []
    for each in wanted:
        values: list[Any] = [row.get(each.name) for row in rows]
        try:
            column = pa.array(values, each.type)
        except _MISFITS:
            for row, value in enumerate(values):
                try:
                    values[row] = pa.array([value], each.type)[0]
                except _MISFITS:
                    shown = f"field {each.name!r} is {cut(repr(value), 60)}"
                    reasons.setdefault(row, f"{shown}, where the schema says {type_name(each.type)}")
                    values[row] = None
            column = pa.array(values, each.type)
        columns.append(column)
    batch = pa.RecordBatch.from_arrays(columns, wanted.names) if columns else _without_columns(len(rows))
    keep = np.ones(len(rows), np.bool_)
    keep[list(reasons)] = False
    bad = [BadLine(row + 1, repr(rows[row]).encode(), reason) for row, reason in reasons.items()]
    return (batch.filter(pa.array(keep)) if reasons else batch), np.flatnonzero(keep), bad


def _without_columns(count: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([pa.nulls(count)], ["_"]).select([])
