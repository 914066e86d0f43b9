"""Parquet files: only the columns and row groups that are needed, in batches."""

from __future__ import annotations

import os
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pulse.errors import ConnectorError
from pulse.io.base import Json, Reader, ReadRequest, Source
from pulse.io.files import Path, locate
from pulse.io.files.locate import label_of
from pulse.io.parquet.reader import ParquetReader, open_parquet, plain_schema
from pulse.io.projection import Projection
from pulse.model.event_time import EventTime
from pulse.model.schema import schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Parquet(Source):
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
    _: KW_ONLY
    time_field: str | None = None
    time_format: str | None = None
    time_zone: str | None = None
    schema: Mapping[str, str] | pa.Schema | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.path, str | os.PathLike):
            object.__setattr__(self, "path", tuple(self.path))
        if self.schema is not None and not isinstance(self.schema, pa.Schema):
            object.__setattr__(self, "schema", schema_of(self.schema))
        if self.time_field is None and (self.time_format or self.time_zone):
            raise ConnectorError("time_format and time_zone say how time_field is read, which is not given")
        _ = self.event_time
        object.__setattr__(self, "timed", self.time_field is not None)
        object.__setattr__(self, "prunes", True)

    @property
    def label(self) -> str:
        """The file's name, such as ``parquet(events.parquet)``."""
        return f"parquet({label_of(self.path)})"

    @property
    def event_time(self) -> EventTime | None:
        """Where the records say when they happened."""
        if self.time_field is None:
            return None
        return EventTime(self.time_field, self.time_format, self.time_zone)

    def declared_schema(self) -> pa.Schema | None:
        """Return the schema that was declared, or None."""
        return self.schema if isinstance(self.schema, pa.Schema) else None

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
