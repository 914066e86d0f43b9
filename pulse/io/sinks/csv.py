"""CSV as in RFC 4180."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pyarrow as pa

from pulse.errors import ConnectorError
from pulse.io.sinks import text
from pulse.io.sinks.lines import LinesSink
from pulse.io.sinks.text import Column, pc
from pulse.io.sinks.values import cell, fields_of
from pulse.model.arguments import placed

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from pulse.io.base import Json
    from pulse.io.sinks.compression import Compression
    from pulse.io.sinks.lines import Encoder
    from pulse.model.bundle import Bundle


@placed
@dataclass(frozen=True)
class CsvSink(LinesSink):
    r"""Write comma-separated values to a file, or to standard output.

    The file appears when the run commits, complete, and replaces a former result. Lines end with ``\n``.
    Cells are quoted when they hold the delimiter, a quote or a line break. Null is empty; an empty string is
    ``""``, and so is a null that stands alone on its line. Nested values are JSON text.

    The columns are those of the schema or, for rows without one, the fields of the first record: they do not
    depend on how records are bundled. A field that comes later is an error, because the header is written.

    Args:
        path: the file, or ``-`` for standard output: at least once, flushed after every bundle.
        delimiter: one character.
        header: whether the first line names the columns.
        columns: the fields to write, in this order; others are left out, and a missing one is an empty cell.
        compression: ``"gzip"``, ``"bz2"``, ``"zstd"`` or ``"none"``; None goes by the path's ending.

    Raises:
        ConnectorError: for a wrong delimiter, no or repeated columns, an unknown compression, or compression
            of standard output.

    Example:
        >>> CsvSink("words.csv", delimiter=";").label
        'csv(words.csv)'
    """

    kind: ClassVar[str] = "csv"

    path: str | os.PathLike[str]
    delimiter: str = ","
    header: bool = True
    columns: Sequence[str] | None = None
    compression: Compression | None = None

    def __post_init__(self) -> None:
        if len(self.delimiter) != 1 or self.delimiter in '"\r\n':
            raise ConnectorError(
                f"delimiter {self.delimiter!r} is not one character other than a quote or line break",
                hint="use ',', ';', '|' or '\\t'",
            )
        if self.columns is not None:
            names = tuple(self.columns)
            if not names or len(set(names)) < len(names) or isinstance(self.columns, str):
                raise ConnectorError(
                    f"columns {self.columns!r} is not a list of one or more names, each once"
                )
            object.__setattr__(self, "columns", names)
        super().__post_init__()

    def encoder(self, schema: pa.Schema | None) -> Encoder:
        """Return what makes the lines of a run."""
        return _CsvEncoder(self, schema)


class _CsvEncoder:
    """Encodes either layout; holds the columns, and whether the header is written."""

    def __init__(self, sink: CsvSink, schema: pa.Schema | None) -> None:
        self._delimiter = sink.delimiter
        self._chosen = sink.columns is not None
        self._columns = list(sink.columns) if sink.columns else list(schema.names) if schema else None
        self._headed = not sink.header

    def head(self) -> bytes:
        if self._headed or self._columns is None:
            return b""
        self._headed = True
        return self._lines([pa.array([name], pa.string()) for name in self._columns])

    def encode(self, bundle: Bundle) -> bytes:
        if not len(bundle):
            return b""
        if bundle.is_rows:
            records = [fields_of(each) for each in bundle.rows]
            columns = self._columns_for(records[0])
            if not self._chosen:
                self._check(dict.fromkeys(name for record in records for name in record))
            cells: list[Column] = [
                pa.array([cell(each.get(name)) for each in records], pa.string()) for name in columns
            ]
        else:
            batch = bundle.batch
            present = dict(zip(batch.schema.names, batch.columns, strict=True))
            columns = self._columns_for(present)
            if not self._chosen:
                self._check(present)
            empty = pa.nulls(len(batch), pa.string())
            cells = [text.cells(present[name]) if name in present else empty for name in columns]
        return self.head() + self._lines(cells)

    def snapshot(self) -> Json:
        return {"columns": self._columns, "headed": self._headed}

    def restore(self, state: Json) -> None:
        held = cast("dict[str, Any]", state)
        self._columns, self._headed = held["columns"], held["headed"]

    def _columns_for(self, first: Mapping[str, Any]) -> list[str]:
        if self._columns is None:
            self._columns = list(first)
        return self._columns

    def _check(self, names: Mapping[str, Any]) -> None:
        known = self._columns or []
        for name in names:
            if name not in known:
                raise ConnectorError(
                    f"field {name!r} came after the header was written; columns: {', '.join(known)}",
                    hint="list the fields with columns=[...], or leave it out with a select before the sink",
                )

    def _lines(self, cells: Sequence[Column]) -> bytes:
        quoted = [_quote(each, self._delimiter) for each in cells]
        if len(quoted) == 1:
            quoted = [pc.fill_null(quoted[0], '""')]
        return text.join_lines(quoted, self._delimiter)


def _quote(cells: Column, delimiter: str) -> Column:
    """Quote the cells that need it."""
    special = pc.match_substring_regex(cells, f'^$|["\r\n\\x{{{ord(delimiter):x}}}]')
    if not pc.any(special).as_py():
        return cells
    quoted: Column = pc.if_else(special, text.quote(pc.replace_substring(cells, '"', '""')), cells)
    return quoted
