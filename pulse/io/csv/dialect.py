"""How a CSV file is written: delimiter, quote, null texts, header."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache

from pulse.errors import ConnectorError
from pulse.io.csv.parse import parse_cells


@dataclass(frozen=True, slots=True)
class Dialect:
    """How CSV text is written (RFC 4180, with choices).

    Args:
        delimiter: the character between cells.
        quote: the character around cells that hold delimiters, quotes (doubled) or line ends.
        null_values: texts of cells without quotes that mean null.
        columns: names of the columns, in place of those in the header.
        header: whether the first record of a file is a header.
    """

    delimiter: str = ","
    quote: str = '"'
    null_values: tuple[str, ...] = ("",)
    columns: tuple[str, ...] | None = None
    header: bool = True

    def __post_init__(self) -> None:
        for name, value in (("delimiter", self.delimiter), ("quote", self.quote)):
            if len(value) != 1 or not value.isascii() or value in "\r\n":
                raise ConnectorError(f"{name} {value!r} is not one ASCII character")
        if self.delimiter == self.quote:
            raise ConnectorError(f"delimiter and quote are both {self.quote!r}")
        if self.columns is None and not self.header:
            raise ConnectorError(
                "header = false leaves the columns without names",
                hint="name them: columns = ['event_time', 'word']",
            )
        _refuse_twins(self.columns or (), "columns")

    def names(self, header: bytes, origin: str) -> tuple[str, ...]:
        """Return the names of the columns of a file.

        Raises:
            ConnectorError: when the header is not UTF-8, or has a name twice.
        """
        if self.columns is not None:
            return self.columns
        return _header_names(header, self.delimiter, self.quote, origin)


@lru_cache(maxsize=128)
def _header_names(header: bytes, delimiter: str, quote: str, origin: str) -> tuple[str, ...]:
    try:
        cells = parse_cells(header, delimiter, quote)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConnectorError(f"header of {origin!r} can't be read: {error}", where=f"{origin}:1") from None
    _refuse_twins(cells, f"header of {origin!r}")
    return cells


def _refuse_twins(names: tuple[str, ...], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConnectorError(
            f"{what} has the name {twice[0]!r} twice", hint="name the columns yourself: columns = [...]"
        )
