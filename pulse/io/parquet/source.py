"""Parquet files: only the columns and row groups that are needed, in batches."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pulse.errors import ConnectorError
from pulse.io.files import Path, locate
from pulse.io.files.locate import label_of
from pulse.io.parquet.reader import ParquetReader, open_parquet, plain_schema
from pulse.io.projection import Projection
from pulse.io.timed import TimedSource
from pulse.model.arguments import placed

if TYPE_CHECKING:
    from pulse.io.base import Json, Reader, ReadRequest


@placed
@dataclass(frozen=True)
class Parquet(TimedSource):
    """Parquet files, read one after another in name order, as one split.

    Only the columns that the plan needs are read, and row groups whose statistics show that no record can
    match the plan's filter are skipped.

    Args:
        path: a file, glob, directory or URL, or several of these.
        time_field: the column that holds the event time; None when the records have none.
        time_format: how numbers and texts are read: ``"ms"`` (the default for numbers), ``"s"``, ``"us"``,
            ``"ns"``, ``"iso"`` or a ``strptime`` format. Timestamps need none.
        time_zone: zone of times without one; None is UTC.
        schema: type names by column, or an Arrow schema, that each file must fit; None takes that of the
            first file. A column that a file lacks is null; types are widened, never narrowed.

    Example:
        >>> import tempfile, pathlib, pyarrow.parquet
        >>> from pulse.io.base import ReadRequest
        >>> path = pathlib.Path(tempfile.mkdtemp(), "events.parquet")
        >>> pyarrow.parquet.write_table(pa.table({"ts": [1, None], "word": ["a", "b"]}), path)
        >>> source = Parquet(path, time_field="ts")
        >>> source.label, source.sniff_schema().names
        ('parquet(events.parquet)', ['ts', 'word'])
        >>> reader = source.open("0", ReadRequest(source.sniff_schema(), ("word",)))
        >>> records = reader.decode(reader.poll())
        >>> reader.close()
        >>> records.data.to_pylist(), [(bad.number, bad.reason) for bad in records.bad]
        ([{'word': 'a'}], [(2, "event time 'ts' is null or missing")])
    """

    path: Path

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.schema, str):
            raise ConnectorError(
                f"schema {self.schema!r} is not type names by column",
                hint="leave schema out to take that of the first file",
            )
        if not isinstance(self.path, str | os.PathLike):
            object.__setattr__(self, "path", tuple(self.path))
        object.__setattr__(self, "prunes", True)

    @property
    def label(self) -> str:
        """The file's name, such as ``parquet(events.parquet)``."""
        return f"parquet({label_of(self.path)})"

    def sniff_schema(self) -> pa.Schema:
        """Return the declared schema, or that of the first file."""
        if isinstance(self.schema, pa.Schema):
            return self.schema
        file = open_parquet(locate(self.path)[0])
        try:
            return plain_schema(file.schema_arrow)
        finally:
            file.close()

    def open(self, split: str, request: ReadRequest, position: Json = None) -> Reader:  # noqa: ARG002
        """Open the files, at their start or at a position that a block gave.

        Raises:
            ConnectorError: when a file cannot be read, or the position does not fit the files.
            UnknownField: when the request or ``time_field`` names a field that the schema does not have.
        """
        return ParquetReader(
            locate(self.path),
            Projection.of(request, self.event_time),
            predicate=request.predicate,
            block_bytes=request.block_bytes,
            position=position,
        )
