"""From a block of CSV text to records."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from pulse.errors import ConnectorError, PulseInternalError, did_you_mean
from pulse.io.assemble import BadLine, assemble
from pulse.io.conversions import raw_type
from pulse.io.csv.parse import Cells, parse
from pulse.io.csv.records import Records, count_lines, find_records, first_end, last_end
from pulse.io.csv.salvage import salvage_column
from pulse.model.schema import type_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.io.base import Block, Decoded
    from pulse.io.csv.dialect import Dialect
    from pulse.io.files import Text
    from pulse.io.projection import Projection
    from pulse.model.bundle import Int64s


@dataclass(frozen=True)
class CsvFormat:
    """Cuts and decodes CSV text.

    Args:
        projection: what to build.
        dialect: how the text is written.
        widens: whether an int64 column that meets a fraction becomes double in that block (schema sniffed),
            or the record is bad (schema declared).
    """

    projection: Projection
    dialect: Dialect
    widens: bool = False

    @property
    def header(self) -> bool:
        """Whether the first record of a file is a header."""
        return self.dialect.header

    def cut(self, data: bytes) -> int:
        """Return where the last whole record ends."""
        return last_end(data, self.dialect.delimiter, self.dialect.quote)

    def first(self, data: bytes) -> int:
        """Return where the first record that is not blank ends."""
        return first_end(data, self.dialect.delimiter, self.dialect.quote)

    def lines(self, data: bytes) -> int:
        """Return how many lines the data spans."""
        return count_lines(data)

    def decode(self, block: Block) -> Decoded:
        """Turn a block into records."""
        text: Text = block.payload
        names = self.dialect.names(text.header, block.origin)
        self._check_names(names, block.origin)
        records = find_records(text.data, self.dialect.delimiter, self.dialect.quote)
        data, bad = text.data, []
        if records.open_at is not None:
            number = count_lines(data[: records.open_at]) + 1
            bad = [BadLine(number, data[records.open_at :], "a quoted cell is not closed")]
            data = data[: records.open_at]
        batch, kept, more = self._parse(data, records, names)
        return assemble(
            batch,
            self.projection,
            records.numbers[kept],
            units=records.lines,
            origin=block.origin,
            bad=bad + more,
            text=lambda row: _text(data, records, int(kept[row])),
            ignored=self._ignored(names, len(records.starts)),
        )

    @cached_property
    def _raw(self) -> pa.Schema:
        return pa.schema([(field.name, _cell_type(field)) for field in self.projection.needed])

    def _parse(
        self, data: bytes, records: Records, names: Sequence[str]
    ) -> tuple[pa.RecordBatch, Int64s, list[BadLine]]:
        """Return the needed columns, which records their rows are, and the records that are bad."""
        if not len(records.starts):
            return pa.RecordBatch.from_pylist([], self._raw), np.zeros(0, np.int64), []
        reasons: dict[int, str] = {}
        try:
            cells = self._cells(data, records, names, self._raw)
            batch = cells.batch
        except pa.ArrowInvalid:
            cells = self._cells(data, records, names, pa.schema([(n, pa.binary()) for n in self._raw.names]))
            batch, reasons = self._salvage(cells.batch)
        kept = np.flatnonzero(~cells.misfits)
        if batch.num_rows != len(kept):
            raise PulseInternalError(f"{batch.num_rows} CSV records were parsed where {len(kept)} were found")
        bad = []
        for row, found in zip(np.flatnonzero(cells.misfits).tolist(), cells.found, strict=True):
            reason = f"record has {found} {'cell' if found == 1 else 'cells'}, there are {len(names)} columns"
            bad.append(BadLine(int(records.numbers[row]), _text(data, records, row), reason))
        if reasons:
            for row, reason in reasons.items():
                at = int(kept[row])
                bad.append(BadLine(int(records.numbers[at]), _text(data, records, at), reason))
            good = np.ones(len(kept), np.bool_)
            good[list(reasons)] = False
            batch, kept = batch.filter(pa.array(good)), kept[good]
        return batch, kept, bad

    def _cells(self, data: bytes, records: Records, names: Sequence[str], wanted: pa.Schema) -> Cells:
        dialect = self.dialect
        return parse(
            data,
            len(records.starts),
            names,
            wanted,
            delimiter=dialect.delimiter,
            quote=dialect.quote,
            null_values=dialect.null_values,
        )

    def _salvage(self, cells: pa.RecordBatch) -> tuple[pa.RecordBatch, dict[int, str]]:
        columns: dict[str, pa.Array[Any]] = {}
        reasons: dict[int, str] = {}
        for field, column in zip(self._raw, cells.columns, strict=True):
            done = salvage_column(field, column, self.dialect.null_values, widens=self.widens)
            columns[field.name] = done.column
            reasons = done.bad | reasons
        return pa.RecordBatch.from_arrays(list(columns.values()), list(columns)), reasons

    def _check_names(self, names: Sequence[str], origin: str) -> None:
        for name in self.projection.needed.names:
            if name not in names:
                raise ConnectorError(
                    f"{origin!r} has no column {name!r}; columns: {', '.join(names)}",
                    hint=did_you_mean(name, names),
                    where=origin,
                )

    def _ignored(self, names: Sequence[str], count: int) -> dict[str, int]:
        known = self.projection.schema.names if self.projection.schema is not None else names
        return {name: count for name in names if name not in known}


def _cell_type(field: pa.Field[Any]) -> pa.DataType:
    kind = raw_type(field)
    if types.is_nested(kind):
        raise ConnectorError(
            f"field {field.name!r} of type {type_name(kind)} can't be read from CSV",
            hint="declare it as string",
        )
    return kind


def _text(data: bytes, records: Records, row: int) -> bytes:
    return data[int(records.starts[row]) : int(records.ends[row])]
