"""Parquet files in partitions, rotated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pulse.errors import ConnectorError, UnknownField
from pulse.io.base import Sink, SinkContext, Writer
from pulse.io.sinks.compression import check_choice
from pulse.io.sinks.parquet_writer import ParquetWriter
from pulse.io.sinks.partitions import check_format
from pulse.model.arguments import placed
from pulse.model.time import micros

if TYPE_CHECKING:
    import os

    from pulse.io.sinks.parts import ParquetCompression
    from pulse.model.time import Duration


@placed
@dataclass(frozen=True)
class ParquetSink(Sink):
    """Write Parquet files into hive-style partitions.

    Files are ``out_dir/dt=2024-05-01/part-00000.parquet`` by the date (UTC) of the event time,
    ``out_dir/<field>=<value>/part-00000.parquet``, or ``out_dir/part-00000.parquet`` without partitions. A
    null value goes to ``__HIVE_DEFAULT_PARTITION__``; special characters are percent-encoded. Parts count
    from the first number that is free in their directory: a run adds to what is there and destroys nothing.

    A part is complete when it has ``max_rows`` records or about ``max_bytes``, is older than ``max_age``,
    when the types of the records widen (an integer field becomes float, a field is new), and at each
    checkpoint. It is staged in a hidden directory of ``out_dir`` until the checkpoint commits; in a run that
    is not transactional it shows as soon as it is complete.

    Args:
        out_dir: the directory; made when it is absent.
        partition_format: ``strftime`` format of the date partition.
        partition_field: partition by this field instead. In layout ``"columns"`` the field is then kept in
            the path only, where hive-style readers find it.
        partition: False writes all parts into ``out_dir`` itself.
        max_rows: records per part at most.
        max_age: processing time after which a part is complete, such as ``"300s"``; None for any age.
        max_bytes: size at which a part is complete, looked at after each row group; None for any size.
        compression: ``"snappy"``, ``"zstd"`` or ``"none"``.
        layout: ``"columns"`` writes typed columns; ``"json"`` writes ``event_time`` (timestamp, ms, UTC) and
            ``payload`` (the record as JSON), which holds records of any shape.

    Raises:
        ConnectorError: for an option that is not allowed.

    Example:
        >>> ParquetSink("outputs", partition_field="user_id", max_age="300s").label
        'parquet(outputs)'
    """

    out_dir: str | os.PathLike[str]
    partition_format: str = "%Y-%m-%d"
    partition_field: str | None = None
    partition: bool = True
    max_rows: int = 1_000_000
    max_age: Duration | None = None
    max_bytes: int | None = None
    compression: ParquetCompression = "snappy"
    layout: Literal["columns", "json"] = "columns"

    def __post_init__(self) -> None:
        check_choice("compression", self.compression, ("snappy", "zstd", "none"))
        check_choice("layout", self.layout, ("columns", "json"))
        check_format(self.partition_format)
        for name, value in (("max_rows", self.max_rows), ("max_bytes", self.max_bytes)):
            if value is not None and value < 1:
                raise ConnectorError(f"{name} {value} is not positive")
        if self.max_age is not None and micros(self.max_age, name="max_age") <= 0:
            raise ConnectorError(f"max_age {self.max_age!r} is not positive")
        if self.partition_field is not None and not self.partition:
            raise ConnectorError(
                f"partition_field {self.partition_field!r} is given, but partition is False",
                hint="leave out one of the two",
            )

    @property
    def label(self) -> str:
        """``parquet(<directory name>)``."""
        return f"parquet({Path(self.out_dir).name or self.out_dir})"

    def open(self, context: SinkContext) -> Writer:
        """Open the directory for a run.

        Raises:
            UnknownField: when the schema does not have the partition field.
            ConnectorError: when ``out_dir`` is a file, or cannot be made or written.
        """
        if (
            self.partition_field is not None
            and context.schema is not None
            and self.partition_field not in context.schema.names
        ):
            raise UnknownField.of(self.partition_field, context.schema.names)
        return ParquetWriter(self, context)
