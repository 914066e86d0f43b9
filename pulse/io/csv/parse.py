"""Parsing CSV text into columns, with pyarrow."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pcsv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.bundle import Mask

_csv: Any = pcsv  # the stubs type every option as required


@dataclass(frozen=True, slots=True)
class Cells:
    """The columns of CSV text.

    Args:
        batch: the wanted columns of the records with the right number of cells.
        misfits: which records, of those that are not blank lines, have another number of cells.
        found: how many cells each of those has.
    """

    batch: pa.RecordBatch
    misfits: Mask
    found: tuple[int, ...]


def parse(
    data: bytes,
    count: int,
    names: Sequence[str],
    wanted: pa.Schema,
    *,
    delimiter: str,
    quote: str,
    null_values: Sequence[str],
) -> Cells:
    """Parse CSV text without a header.

    Args:
        data: whole records.
        count: how many, blank lines left out.
        names: the names of all columns.
        wanted: the columns to build, with their types.
        delimiter: the character between cells.
        quote: the character around cells.
        null_values: texts of cells without quotes that mean null.

    Raises:
        pyarrow.ArrowInvalid: when a value is not of its column's type.
    """
    misfits = np.zeros(count, np.bool_)
    found: list[int] = []

    def skip(row: Any) -> str:
        misfits[row.number - 1] = True
        found.append(row.actual_columns)
        return "skip"

    # asked for no column at all, pyarrow would build every one
    chosen = wanted.names or names[:1]
    table = _csv.read_csv(
        pa.BufferReader(data),
        _csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=list(names)),
        _csv.ParseOptions(
            delimiter=delimiter, quote_char=quote, newlines_in_values=True, invalid_row_handler=skip
        ),
        _csv.ConvertOptions(
            include_columns=list(chosen),
            column_types=wanted if wanted.names else {names[0]: pa.binary()},
            null_values=list(null_values),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    batches = table.combine_chunks().select(wanted.names).to_batches()
    batch = batches[0] if batches else pa.RecordBatch.from_pylist([], wanted)
    return Cells(batch, misfits, tuple(found))


def parse_cells(record: bytes, delimiter: str, quote: str) -> tuple[str, ...]:
    r"""Return the cells of one record as text.

    Raises:
        UnicodeDecodeError: when it is not UTF-8.

    Example:
        >>> parse_cells(b'a,"b,c"\r\n', ",", '"')
        ('a', 'b,c')
    """
    text = StringIO(record.decode(), newline="")
    return tuple(next(iter(csv.reader(text, delimiter=delimiter, quotechar=quote)), ()))
