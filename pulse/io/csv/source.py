"""CSV files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pulse.errors import ConnectorError
from pulse.io.csv.decode import CsvFormat
from pulse.io.csv.dialect import Dialect
from pulse.io.csv.sniff import sniff
from pulse.io.files import TextFiles, TextFormat
from pulse.model.arguments import placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from pulse.io.base import Block
    from pulse.io.projection import Projection


@placed
@dataclass(frozen=True)
class Csv(TextFiles):
    r"""Files of comma-separated values (RFC 4180): cells may be quoted, and hold line ends when they are.

    A record with too few or too many cells is bad, as is one with a value that is not of its column's type.
    Blank lines are skipped. With a sniffed schema, an int64 column that meets a fraction is double in that
    block. Columns that the schema does not have are passed over and counted.

    Args:
        path: a file, glob, directory or URL, ``-`` for standard input, or several of these.
        time_field: the column that holds the event time; None when the records have none.
        time_format: ``"ms"`` (the default for numbers), ``"s"``, ``"us"``, ``"ns"``, ``"iso"`` or a
            ``strptime`` format.
        time_zone: zone of times without one; None is UTC.
        schema: type names by column, or an Arrow schema; None sniffs it from the first MiB.
        columns: names of the columns; None takes them from the header of each file.
        header: whether the first record of a file is a header; by default when ``columns`` is not given.
        delimiter: the character between cells.
        quote: the character around cells.
        null_values: texts of cells that mean null; a quoted cell of text never does.
        compression: ``"gzip"``, ``"bz2"``, ``"zstd"`` or ``"none"``; None goes by the path's ending.
        follow: whether to wait for what is added to the (one, local, uncompressed) file.
        block_bytes: about how much to read at a time; None leaves it to the plan.

    Example:
        >>> import tempfile, pathlib
        >>> from pulse.io.base import ReadRequest
        >>> path = pathlib.Path(tempfile.mkdtemp(), "events.csv")
        >>> _ = path.write_text('ts,word\n1,"a\nb"\n2,c,d\n3,\n')
        >>> source = Csv(path, time_field="ts")
        >>> source.label, source.sniff_schema().names
        ('csv(events.csv)', ['ts', 'word'])
        >>> reader = source.open("0", ReadRequest(source.sniff_schema()))
        >>> block = reader.poll()
        >>> records = reader.decode(block)
        >>> reader.close()
        >>> records.data.to_pylist(), records.times.tolist()
        ([{'ts': 1, 'word': 'a\nb'}, {'ts': 3, 'word': None}], [1000, 3000])
        >>> [(block.first + bad.number, bad.reason) for bad in records.bad]
        [(4, 'record has 3 cells, there are 2 columns')]
    """

    columns: Sequence[str] | None = None
    header: bool | None = None
    delimiter: str = ","
    quote: str = '"'
    null_values: Sequence[str] = ("",)

    kind: ClassVar[str] = "csv"

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.schema, str):
            raise ConnectorError(
                f"schema {self.schema!r} is not type names by column",
                hint="CSV has no records of any shape; leave schema out to have it sniffed",
            )
        for name in ("columns", "null_values"):
            value = getattr(self, name)
            if isinstance(value, str):
                raise ConnectorError(f"{name} {value!r} is not a list of texts")
            object.__setattr__(self, name, None if value is None else tuple(value))
        _ = self.dialect

    @property
    def dialect(self) -> Dialect:
        """How the text is written."""
        columns = None if self.columns is None else tuple(self.columns)
        header = columns is None if self.header is None else self.header
        return Dialect(self.delimiter, self.quote, tuple(self.null_values), columns, header)

    def text_format(self, projection: Projection) -> TextFormat:
        """Return what cuts and decodes the text."""
        return CsvFormat(projection, self.dialect, widens=self.schema is None)

    def sniff(self, head: list[Block]) -> pa.Schema:
        """Return the schema that the first records show."""
        return sniff(head, self.dialect)
