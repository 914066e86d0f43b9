"""Reads Parquet files one after another, batch by batch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from pulse.errors import ConnectorError
from pulse.io.assemble import assemble
from pulse.io.base import Block, Decoded, End, Reader
from pulse.io.files.position import read_position, resume_at
from pulse.io.parquet.pruning import groups_that_may_match
from pulse.model.rows import shown_row
from pulse.model.schema import type_name, widen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pulse.io.base import Json
    from pulse.io.files import Located
    from pulse.io.projection import Projection
    from pulse.model.expressions import Expr

_MOST_ROWS = 1 << 17


@dataclass(frozen=True, slots=True)
class ParquetPosition:
    """The place before the next record: file, row group, row in it, and files before this one."""

    file: str
    row_group: int = 0
    row: int = 0
    index: int = 0


class ParquetReader(Reader):
    """Reads Parquet files in the order given, as one split.

    Args:
        files: the files.
        projection: what to build.
        predicate: row groups that cannot match it are skipped.
        block_bytes: about how much to read at a time.
        position: where to continue.

    Raises:
        ConnectorError: when a file cannot be read or does not fit the schema.
    """

    def __init__(
        self,
        files: Sequence[Located],
        projection: Projection,
        *,
        predicate: Expr | None,
        block_bytes: int,
        position: Json = None,
    ) -> None:
        self._files = files
        self._projection = projection
        self._predicate = predicate
        self._block_bytes = block_bytes
        self._read = 0
        start = ParquetPosition(files[0].name)
        if position is not None:
            start = read_position(ParquetPosition, position, "a Parquet file")
            index = resume_at([file.name for file in files], start.file, start.index)
            start = replace(start, index=index)
        self._file: pq.ParquetFile | None = None
        self._blocks = self._walk(start)

    def poll(self) -> Block | End:
        """Read the next batch."""
        return next(self._blocks, None) or End()

    def decode(self, block: Block) -> Decoded:
        """Turn a batch into records."""
        return decode(self._projection, block)

    def decoder(self) -> Callable[[Block], Decoded]:
        """Return what turns batches into records, which knows nothing of files."""
        return partial(decode, self._projection)

    def progress(self) -> tuple[int, int | None]:
        """Return the bytes of the row groups read, and those of all files."""
        sizes = [file.size for file in self._files]
        return self._read, sum(size or 0 for size in sizes)

    def close(self) -> None:
        """Close the current file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _walk(self, start: ParquetPosition) -> Iterator[Block]:
        for index in range(start.index, len(self._files)):
            located = self._files[index]
            self._file = open_parquet(located)
            check_fits(self._file.schema_arrow, self._projection.needed, located.name)
            metadata = self._file.metadata
            wanted = groups_that_may_match(located, self._predicate, self._projection.schema)
            before = 0
            for group in range(metadata.num_row_groups):
                rows = metadata.row_group(group).num_rows
                first = start.row_group if index == start.index else 0
                if group >= first and (wanted is None or group in wanted):
                    skip = start.row if index == start.index and group == first else 0
                    yield from self._group(located, ParquetPosition(located.name, group, skip, index), before)
                before += rows
                self._read += metadata.row_group(group).total_byte_size
            self.close()

    def _group(self, located: Located, at: ParquetPosition, before: int) -> Iterator[Block]:
        assert self._file is not None  # noqa: S101 - opened by the caller
        present = self._file.schema_arrow.names
        names = [name for name in self._projection.needed.names if name in present]
        size = _rows_per_block(self._file.metadata.row_group(at.row_group), self._block_bytes)
        done = 0
        batches: Any = self._file.iter_batches(size, row_groups=[at.row_group], columns=names)
        try:
            for batch in batches:
                skip = min(max(at.row - done, 0), batch.num_rows)
                done += batch.num_rows
                if skip == batch.num_rows:
                    continue
                part = batch.slice(skip)
                place = asdict(ParquetPosition(located.name, at.row_group, done, at.index))
                yield Block(part, place, located.name, part.nbytes, before + done - part.num_rows)
        except (OSError, pa.ArrowException) as error:
            raise _unreadable(located.name, error) from error


def decode(projection: Projection, block: Block) -> Decoded:
    """Turn a batch into records."""
    batch: pa.RecordBatch = block.payload
    count = batch.num_rows
    columns = [_fitted(batch, field, block.origin) for field in projection.needed]
    names = projection.needed.names
    return assemble(
        pa.RecordBatch.from_arrays(columns, names) if names else batch.select([]),
        projection,
        np.arange(1, count + 1),
        units=count,
        origin=block.origin,
        bad=(),
        text=lambda row: shown_row(batch, row).encode(),
    )


def open_parquet(file: Located) -> pq.ParquetFile:
    """Open a file and read its footer.

    Raises:
        ConnectorError: when it cannot be opened, or is not a Parquet file.
    """
    if not file.seekable:
        raise ConnectorError(
            f"{file.name!r} can't be read as Parquet, whose footer stands at the end",
            hint="write it to a file first",
            where=file.name,
        )
    try:
        if file.filesystem is None:
            return pq.ParquetFile(file.path)
        return pq.ParquetFile(file.filesystem.open_input_file(file.path), pre_buffer=True)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(file.name, error) from error


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return a file's schema without metadata, and with values in place of dictionaries."""
    return pa.schema([(f.name, f.type.value_type if types.is_dictionary(f.type) else f.type) for f in schema])


def check_fits(found: pa.Schema, wanted: pa.Schema, name: str) -> None:
    """Refuse a file with a column that does not widen to the type of the schema.

    Raises:
        ConnectorError: naming file, column and types.
    """
    for field in wanted:
        if field.name in found.names:
            kind = plain_schema(found).field(field.name).type
            if kind != field.type and widen(kind, field.type) != field.type:
                raise ConnectorError(
                    f"column {field.name!r} of {name!r} is {type_name(kind)}, which does not widen to the "
                    f"schema's {type_name(field.type)}",
                    hint=f"declare schema with {field.name} = {type_name(kind)!r}, or convert the file",
                    where=name,
                )


def _fitted(batch: pa.RecordBatch, field: pa.Field[Any], origin: str) -> pa.Array[Any]:
    """Return a column in the schema's type: null when the file lacks it."""
    present = field.name in batch.schema.names
    column: pa.Array[Any] = batch.column(field.name) if present else pa.nulls(batch.num_rows, field.type)
    if column.type == field.type:
        return column
    # Integers may lose digits in doubles, and nanoseconds are cut, but coarse times must not wrap around.
    kind: Any = column.type
    try:
        return column.cast(field.type, safe=types.is_timestamp(kind) and kind.unit != "ns")
    except pa.ArrowInvalid as error:
        reason = f"does not fit {type_name(field.type)}: {error}"
        raise ConnectorError(f"column {field.name!r} of {origin!r} {reason}", where=origin) from error


def _rows_per_block(group: pq.RowGroupMetaData, block_bytes: int) -> int:
    """Return how many rows take about ``block_bytes`` once they are decoded."""
    per_row = max(1, group.total_byte_size // max(1, group.num_rows))
    return min(max(1, block_bytes // per_row), _MOST_ROWS)


def _unreadable(name: str, error: Exception) -> ConnectorError:
    return ConnectorError(f"file {name!r} can't be read as Parquet: {error}", where=name)
