"""The schema that the first records of CSV text show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types

from pulse.io.csv.parse import parse
from pulse.io.csv.records import find_records
from pulse.io.csv.salvage import INTEGER, salvage_column
from pulse.model.schema import widen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.io.base import Block
    from pulse.io.csv.dialect import Dialect
    from pulse.io.files import Text

_kernels: Any = pc
_WORDS = pa.array(["true", "True", "TRUE", "false", "False", "FALSE"])


def sniff(blocks: Iterable[Block], dialect: Dialect) -> pa.Schema:
    """Return the schema of the first records; the same bytes always give the same.

    A column is of int64, double or bool when each of its cells that is not null reads as such (``0`` and
    ``1`` are integers), and of string otherwise, as is one that is always null, or a header alone. Dates and
    times stay text. Nothing at all gives the declared columns, or a schema without fields.

    Args:
        blocks: the first blocks, whose payload is ``Text``.
        dialect: how the text is written.

    Raises:
        ConnectorError: when a header cannot be read.
    """
    found: dict[str, pa.DataType] = dict.fromkeys(dialect.columns or (), pa.null())
    for block in blocks:
        text: Text = block.payload
        names = dialect.names(text.header, block.origin)
        for name, kind in zip(names, _types(text.data, names, dialect), strict=True):
            # what no one type holds is text
            found[name] = widen(found.get(name, pa.null()), kind) or pa.string()
    return pa.schema([(name, pa.string() if types.is_null(kind) else kind) for name, kind in found.items()])


def _types(data: bytes, names: tuple[str, ...], dialect: Dialect) -> list[pa.DataType]:
    records = find_records(data, dialect.delimiter, dialect.quote)
    if records.open_at == 0 or not len(records.starts):
        return [pa.null()] * len(names)  # one record that a quote leaves open: decoding will report it
    cells = parse(
        data[: records.open_at],
        len(records.starts),
        names,
        pa.schema([(name, pa.binary()) for name in names]),
        delimiter=dialect.delimiter,
        quote=dialect.quote,
        null_values=dialect.null_values,
    ).batch
    return [_column_type(name, column, dialect) for name, column in zip(names, cells.columns, strict=True)]


def _column_type(name: str, column: pa.Array[Any], dialect: Dialect) -> pa.DataType:
    if column.null_count == len(column):
        return pa.null()
    texts = salvage_column(pa.field(name, pa.string()), column, dialect.null_values, widens=False).column
    texts = texts.filter(_kernels.invert(_kernels.is_in(texts, pa.array(dialect.null_values, pa.string()))))
    texts = _kernels.utf8_trim(_kernels.drop_null(texts), " \t")
    if not len(texts):
        return pa.string()
    if _kernels.all(_kernels.is_in(texts, _WORDS)).as_py():
        return pa.bool_()
    if _reads_as(texts, pa.int64()):
        return pa.int64()
    digits = texts.filter(_kernels.match_substring_regex(texts, INTEGER))
    # digits beyond 64 bits are a name, not a quantity
    return pa.float64() if _reads_as(texts, pa.float64()) and _reads_as(digits, pa.int64()) else pa.string()


def _reads_as(texts: pa.Array[Any], kind: pa.DataType) -> bool:
    try:
        _kernels.cast(texts, kind)
    except pa.ArrowInvalid:
        return False
    return True
