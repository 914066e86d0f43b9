"""One Parquet file in the making: a buffer of records, and the staged file that row groups go to."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from pulse.io.sinks.durable import disk_errors, sync_file

if TYPE_CHECKING:
    from pathlib import Path

ParquetCompression = Literal["snappy", "zstd", "none"]

ROW_GROUP_ROWS = 131_072
ROW_GROUP_BYTES = 32 << 20
_COMPACT = 64
_OVERHEAD = 4096


class Part:
    """Collects the records of one file; the file itself is opened when the first row group is full.

    So a thousand partitions of a few records each cost memory, not a thousand open files.

    Args:
        staged: the hidden file.
        schema: columns of the file.
        compression: ``"snappy"``, ``"zstd"`` or ``"none"``.
        born: processing time in microseconds when it began; None until the first tick.
    """

    def __init__(
        self, staged: Path, schema: pa.Schema, *, compression: ParquetCompression, born: int | None
    ) -> None:
        self.staged = staged
        self.schema = schema
        self.born = born
        self.rows = 0
        self._compression = compression
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = 0
        self._pending_bytes = 0
        self._file: Any = None
        self._writer: Any = None

    @property
    def held(self) -> int:
        """About how many bytes the buffer holds, with what each slice costs by itself."""
        return self._pending_bytes + _OVERHEAD * len(self._pending)

    @property
    def is_open(self) -> bool:
        """Whether the file is open."""
        return self._file is not None

    def add(self, batch: pa.RecordBatch, *, flush_bytes: int = ROW_GROUP_BYTES) -> None:
        """Buffer records, and write a row group when there are enough."""
        if len(self._pending) >= _COMPACT:  # slices keep whole bundles alive: copy them into one
            self._pending = pa.Table.from_batches(self._pending).combine_chunks().to_batches()
        self._pending.append(batch)
        self._pending_rows += len(batch)
        self._pending_bytes += batch.nbytes
        self.rows += len(batch)
        if self._pending_rows >= ROW_GROUP_ROWS or self._pending_bytes >= flush_bytes:
            self.flush()

    def flush(self) -> None:
        """Write what is buffered as a row group."""
        with disk_errors(self.staged):
            if self._file is None:
                self._file = pa.OSFile(str(self.staged), "wb")
                self._writer = pq.ParquetWriter(self._file, self.schema, compression=self._compression)
            if self._pending:
                self._writer.write_table(pa.Table.from_batches(self._pending), row_group_size=ROW_GROUP_ROWS)
        self._pending = []
        self._pending_rows = self._pending_bytes = 0

    def size(self) -> int:
        """Return how many bytes are in the file so far."""
        return int(self._file.tell()) if self._file is not None else 0

    def finish(self) -> None:
        """Write the rest and the footer, and have the file reach the disk."""
        self.flush()
        with disk_errors(self.staged):
            self._writer.close()
            self._file.close()
            sync_file(self.staged)
        self._file = self._writer = None

    def drop(self) -> None:
        """Close and remove the file."""
        if self._file is not None:
            with suppress(OSError, pa.ArrowException):  # a full disk must not keep it from being removed
                self._writer.close()
                self._file.close()
            self._file = self._writer = None
            self.staged.unlink(missing_ok=True)
