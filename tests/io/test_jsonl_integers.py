"""Integers beyond 64 bits in JSON lines: kept or refused, never rounded unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.io.base import Block
from pulse.io.files import Text
from pulse.io.jsonl.decode import JsonFormat
from pulse.io.projection import Projection

if TYPE_CHECKING:
    from pulse.io.base import Decoded, Layout

SCHEMA = pa.schema([("x", pa.float64()), ("ts", pa.int64())])


def decode(data: bytes, layout: Layout, *, schema: pa.Schema | None, widens: bool = True) -> Decoded:
    projection = Projection(schema, () if schema is None else tuple(schema.names), layout)
    return JsonFormat(projection, widens).decode(Block(Text(data), None, "f", len(data), 0))


def rows_of(decoded: Decoded) -> list[Any]:
    return decoded.data if isinstance(decoded.data, list) else decoded.data.to_pylist()


def both(data: bytes, *, schema: pa.Schema = SCHEMA, widens: bool = True) -> Decoded:
    """Decode in both layouts, compare them, and return the columns."""
    columns = decode(data, "columns", schema=schema, widens=widens)
    rows = decode(data, "rows", schema=schema, widens=widens)
    assert rows_of(columns) == rows_of(rows)
    assert columns.bad == rows.bad
    return columns


def test_an_integer_beyond_64_bits_is_never_rounded_to_a_double_that_no_one_declared() -> None:
    data = b'{"x": 0.5, "ts": 1}\n{"x": 100000000000000000001, "ts": 2}\n{"x": 1e30, "ts": 3}\n'
    sniffed = both(data)
    assert [row["x"] for row in rows_of(sniffed)] == [0.5, 1e30]
    assert [(bad.number, bad.reason) for bad in sniffed.bad] == [
        (
            2,
            (
                "field 'x' holds 100000000000000000001, an integer beyond 64 bits; "
                "declare decimal(38, 0) to keep it"
            ),
        )
    ]
    assert [row["x"] for row in rows_of(both(data, widens=False))] == [0.5, 1e20, 1e30]
    nested = pa.schema([("r", pa.struct([("a", pa.list_(pa.float64()))])), ("ts", pa.int64())])
    deep = b'{"r": {"a": [100000000000000000001]}, "ts": 1}\n{"r": {"a": [1, 2.5]}, "ts": 2}\n'
    decoded = both(deep, schema=nested)
    assert [bad.number for bad in decoded.bad] == [1]
    assert rows_of(decoded) == [{"r": {"a": [1, 2.5]}, "ts": 2}]


def test_an_integer_beyond_64_bits_is_bad_in_rows_of_any_shape_too() -> None:
    data = (
        b'{"a": 18446744073709551615}\n{"a": [{"b": -18446744073709551616}]}\n{"a": "12345678901234567890"}\n'
    )
    decoded = decode(data, "rows", schema=None)
    assert decoded.data == [{"a": 2**64 - 1}, {"a": "12345678901234567890"}]
    assert [(bad.number, bad.reason) for bad in decoded.bad] == [
        (
            2,
            (
                "field 'a' holds -18446744073709551616, an integer beyond 64 bits; "
                "write it as a string to keep it"
            ),
        )
    ]
