"""One model per kind of source."""

from abc import abstractmethod
from typing import Annotated, Any, Literal

from pydantic import Field

from pulse.config.options.texts import Field_, Name, Policy, SchemaFields, SchemaOrAny
from pulse.config.options.time import TimeOptions, WatermarkOptions
from pulse.io.base import Source
from pulse.io.csv import Csv
from pulse.io.jsonl import JsonLines
from pulse.io.nexmark import Nexmark
from pulse.io.parquet import Parquet
from pulse.model.watermarks import FromSource, WatermarkStrategy

_SHARED = {"name", "kind", "format", "on_error", "max_out_of_orderness", "idle_timeout"}
"""Options that are not the connector's own."""


class SourceOptions(WatermarkOptions):
    """What every source has."""

    name: Annotated[Name | None, Field(description="What steps call it in their input.")] = None
    on_error: Annotated[
        Policy | None, Field(description="What happens to records that cannot be parsed.")
    ] = None

    @abstractmethod
    def build(self) -> Source:
        """Return the source that the options describe."""

    def own(self) -> dict[str, Any]:
        """Return the options of the connector that are set, by the names of its constructor."""
        return self.model_dump(exclude_none=True, exclude=_SHARED)

    def strategy(self, time: TimeOptions, source: Source) -> WatermarkStrategy | None:
        """Return the watermark strategy; None for the source's default."""
        return self.watermarks(time, bounded=source.bounded)


class FileOptions(SourceOptions):
    """What all files have."""

    path: Annotated[
        str | list[str],
        Field(description="A file, glob, directory or URL, or several; - is standard input."),
    ]
    time_field: Annotated[Field_ | None, Field(description="The field that holds the event time.")] = None
    time_format: Annotated[
        str | None, Field(description="ms (default for numbers), s, us, ns, iso, or a strptime format.")
    ] = None
    time_zone: Annotated[str | None, Field(description="Zone of times without one; UTC by default.")] = None


class TextOptions(FileOptions):
    """What files of text have."""

    compression: Annotated[
        Literal["gzip", "bz2", "zstd", "none"] | None, Field(description="By default by the path's ending.")
    ] = None
    follow: Annotated[bool, Field(description="Wait for what is added to the file; never ends.")] = False
    block_bytes: Annotated[int | None, Field(ge=1, description="About how much to read at a time.")] = None


class JsonLinesSource(TextOptions):
    """Files of one JSON object per line."""

    kind: Literal["file", "jsonl"]
    format: Literal["jsonl"] | None = None
    schema_: Annotated[
        SchemaOrAny | None,
        Field(alias="schema", description="Types by field, or any; left out, sniffed from the first MiB."),
    ] = None

    def build(self) -> Source:
        """Return the JSON lines."""
        return JsonLines(**_with_schema(self.own()))


class CsvSource(TextOptions):
    """Files of comma-separated values."""

    kind: Literal["file", "csv"]
    format: Literal["csv"] | None = None
    schema_: Annotated[
        SchemaFields | None,
        Field(alias="schema", description="Types by column; left out, sniffed from the first MiB."),
    ] = None
    columns: Annotated[
        list[str] | None, Field(description="Names of the columns; left out, those of the header.")
    ] = None
    header: Annotated[bool | None, Field(description="Whether the first record is a header.")] = None
    delimiter: Annotated[str | None, Field(description="The character between cells; , by default.")] = None
    quote: Annotated[str | None, Field(description='The character around cells; " by default.')] = None
    null_values: Annotated[list[str] | None, Field(description="Texts of cells that mean null.")] = None

    def build(self) -> Source:
        """Return the CSV files."""
        return Csv(**_with_schema(self.own()))


class ParquetSource(FileOptions):
    """Parquet files."""

    kind: Literal["file", "parquet"]
    format: Literal["parquet"] | None = None
    schema_: Annotated[
        SchemaFields | None, Field(alias="schema", description="Types by column; left out, the first file's.")
    ] = None

    def build(self) -> Source:
        """Return the Parquet files."""
        return Parquet(**_with_schema(self.own()))


class NexmarkSource(SourceOptions):
    """Persons, auctions and bids of an auction site, generated."""

    kind: Literal["nexmark"]
    events: Annotated[int | None, Field(ge=0, description="How many; left out, it never ends.")] = None
    only: Annotated[
        Literal["person", "auction", "bid"] | list[Literal["person", "auction", "bid"]] | None,
        Field(description="The kinds of events to keep."),
    ] = None
    rate: Annotated[int | None, Field(ge=1, description="Events per second of event time.")] = None
    shards: Annotated[int | None, Field(ge=1, description="Splits to generate in parallel.")] = None
    live: Annotated[bool, Field(description="Whether events wait for their turn by the clock.")] = False

    def build(self) -> Source:
        """Return the generator."""
        own = self.own()
        if isinstance(self.only, list):
            own["only"] = tuple(self.only)
        return Nexmark(**own)

    def strategy(self, time: TimeOptions, source: Source) -> WatermarkStrategy | None:
        """Return the generator's own promises, which are exact, unless a bound is set."""
        if self.delay(time) is not None:
            return super().strategy(time, source)
        return FromSource()


def _with_schema(own: dict[str, Any]) -> dict[str, Any]:
    if "schema_" in own:
        own["schema"] = own.pop("schema_")
    return own


SOURCES: dict[str, type[SourceOptions]] = {
    "jsonl": JsonLinesSource,
    "csv": CsvSource,
    "parquet": ParquetSource,
    "nexmark": NexmarkSource,
}
"""Every kind of source; ``file`` is that of its ``format`` or its path's ending."""

ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""The format of a file whose ``format`` is not given, by the ending of its path."""

FORMATS = ("jsonl", "csv", "parquet")


def source_kind(value: Any) -> str | None:
    """Return the key in ``SOURCES`` that a table asks for, or None.

    Example:
        >>> source_kind({"kind": "file", "path": "in.csv.gz"}), source_kind({"kind": "nexmark"})
        ('csv', 'nexmark')
    """
    if not isinstance(value, dict):
        return None
    kind = value.get("kind")
    if kind == "file":
        kind = value.get("format") or format_of(value.get("path")) or "jsonl"
    return kind if kind in SOURCES else None


def format_of(path: Any) -> str | None:
    """Return the format that a path's ending tells, None when it tells none.

    Standard streams, devices, directories and what is no path at all count as JSON lines.

    Example:
        >>> format_of("in.csv.gz"), format_of(["a.parquet"]), format_of("-"), format_of("events.log")
        ('csv', 'parquet', 'jsonl', None)
    """
    first = path[0] if isinstance(path, list) and path else path
    if not isinstance(first, str):
        return "jsonl"
    name = first.rstrip("/").rpartition("/")[2]
    for packed in (".gz", ".gzip", ".bz2", ".zst", ".zstd"):
        name = name.removesuffix(packed)
    known = next((kind for ending, kind in ENDINGS.items() if name.endswith(ending)), None)
    ends = "." in name.lstrip(".")
    return known if known or ends else "jsonl"
