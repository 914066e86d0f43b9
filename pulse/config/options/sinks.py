"""One model per kind of sink."""

from abc import abstractmethod
from typing import Annotated, Any, Literal

from pydantic import Field

from pulse.config.options.base import Options
from pulse.config.options.sources import format_of
from pulse.config.options.texts import Field_, Length, Name
from pulse.io.base import Sink
from pulse.io.sinks import CsvSink, JsonLinesSink, ParquetSink

_SHARED = {"name", "kind", "format", "input"}

STDOUT = "-"


class SinkOptions(Options):
    """What every sink has."""

    name: Annotated[Name | None, Field(description="Its name in metrics.")] = None
    input: Annotated[
        str | None, Field(description="What it writes: a step, or step.late, step.errors, step.tag.")
    ] = None

    @abstractmethod
    def build(self) -> Sink:
        """Return the sink that the options describe."""

    def own(self) -> dict[str, Any]:
        """Return the options of the connector that are set, by the names of its constructor."""
        return self.model_dump(exclude_none=True, exclude=_SHARED)


class TextSinkOptions(SinkOptions):
    """What files of text have."""

    path: Annotated[str, Field(description="The file; - (the default) is standard output.")] = STDOUT
    compression: Annotated[
        Literal["gzip", "bz2", "zstd", "none"] | None, Field(description="By default by the path's ending.")
    ] = None


class JsonLinesSinkOptions(TextSinkOptions):
    """One JSON object per line."""

    kind: Literal["file", "jsonl"]
    format: Literal["jsonl"] | None = None

    def build(self) -> Sink:
        """Return the JSON lines."""
        return JsonLinesSink(**self.own())


class CsvSinkOptions(TextSinkOptions):
    """Comma-separated values."""

    kind: Literal["file", "csv"]
    format: Literal["csv"] | None = None
    delimiter: Annotated[str | None, Field(description="One character; , by default.")] = None
    header: Annotated[bool | None, Field(description="Whether the first line names the columns.")] = None
    columns: Annotated[list[str] | None, Field(description="The fields to write, in this order.")] = None

    def build(self) -> Sink:
        """Return the CSV file."""
        return CsvSink(**self.own())


class ParquetSinkOptions(SinkOptions):
    """Parquet files in partitions, rotated."""

    kind: Literal["file", "parquet"]
    format: Literal["parquet"] | None = None
    out_dir: Annotated[str, Field(description="The directory; made when it is absent.")]
    partition: Annotated[bool, Field(description="False writes all parts into out_dir itself.")] = True
    partition_field: Annotated[Field_ | None, Field(description="Partition by this field.")] = None
    partition_format: Annotated[
        str | None, Field(description="strftime format of the date partition; %Y-%m-%d by default.")
    ] = None
    compression: Annotated[
        Literal["snappy", "zstd", "none"], Field(description="How pages are compressed.")
    ] = "snappy"
    max_rows: Annotated[int | None, Field(ge=1, description="Records per part at most.")] = None
    max_bytes: Annotated[int | None, Field(ge=1, description="Size at which a part is complete.")] = None
    max_age: Annotated[Length | None, Field(description="Age at which a part is complete.")] = None
    layout: Annotated[
        Literal["columns", "json"],
        Field(description="Typed columns, or event_time and payload (the record as JSON)."),
    ] = "columns"

    def build(self) -> Sink:
        """Return the Parquet files."""
        return ParquetSink(**self.own())


SINKS: dict[str, type[SinkOptions]] = {
    "jsonl": JsonLinesSinkOptions,
    "csv": CsvSinkOptions,
    "parquet": ParquetSinkOptions,
}
"""Every kind of sink; ``file`` is that of its ``format`` or its path's ending."""


def sink_kind(value: Any) -> str | None:
    """Return the key in ``SINKS`` that a table asks for, or None.

    Example:
        >>> sink_kind({"kind": "file"}), sink_kind({"kind": "file", "path": "out.csv"})
        ('jsonl', 'csv')
    """
    if not isinstance(value, dict):
        return None
    kind = value.get("kind")
    if kind == "file":
        kind = value.get("format") or format_of(value.get("path")) or "jsonl"
    return kind if kind in SINKS else None
