"""What a record is in CSV: quoting, cells, types; the same in every block."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.errors import ConnectorError
from pulse.io.base import Block
from pulse.io.csv.decode import CsvFormat
from pulse.io.csv.dialect import Dialect
from pulse.io.csv.records import count_lines, find_records, first_end, last_end
from pulse.io.csv.sniff import sniff
from pulse.io.files import Text
from pulse.io.projection import Projection
from pulse.model.event_time import EventTime
from pulse.testing.connectors import equal

if TYPE_CHECKING:
    from pulse.io.base import Decoded, Layout

SCHEMA = pa.schema([("n", pa.int64()), ("x", pa.float64()), ("s", pa.string()), ("b", pa.bool_())])
HEADER = b"n,x,s,b\n"


def decode(
    data: bytes,
    layout: Layout = "columns",
    *,
    schema: pa.Schema = SCHEMA,
    fields: tuple[str, ...] | None = None,
    widens: bool = True,
    time: EventTime | None = None,
    header: bytes = HEADER,
    dialect: Dialect | None = None,
) -> Decoded:
    names = tuple(schema.names) if fields is None else fields
    text_format = CsvFormat(Projection(schema, names, layout, time), dialect or Dialect(), widens)
    return text_format.decode(Block(Text(data, header), None, "f", len(data), 0))


def rows_of(decoded: Decoded) -> list[Any]:
    return decoded.data if isinstance(decoded.data, list) else decoded.data.to_pylist()


def both(data: bytes, **options: Any) -> Decoded:
    """Decode in both layouts, compare them, and return the columns."""
    columns, rows = decode(data, "columns", **options), decode(data, "rows", **options)
    assert equal(rows_of(columns), rows_of(rows))
    assert columns.bad == rows.bad
    assert columns.numbers.tolist() == rows.numbers.tolist()
    return columns


def test_cells_may_be_quoted_and_hold_delimiters_quotes_and_line_ends() -> None:
    decoded = both(b'1,0.5,"a,""b""\nc",true\n"2"," 2.5 ",plain "text",FALSE\r\n\r\n3,,"",\n')
    assert rows_of(decoded) == [
        {"n": 1, "x": 0.5, "s": 'a,"b"\nc', "b": True},
        {"n": 2, "x": 2.5, "s": 'plain "text"', "b": False},
        {"n": 3, "x": None, "s": "", "b": None},
    ]
    assert decoded.numbers.tolist() == [1, 3, 5]
    assert decoded.units == 5


BAD = {
    "too few cells": (b"1,0.5,a", "record has 3 cells, there are 4 columns"),
    "one cell": (b"   ", "record has 1 cell, there are 4 columns"),
    "too many cells": (b"1,0.5,a,true,more", "record has 5 cells, there are 4 columns"),
    "text for a number": (b"one,0.5,a,true", "field 'n' 'one' is not of type int64"),
    "text for a double": (b'1,"0,5",a,true', "field 'x' '0,5' is not of type double"),
    "text for a boolean": (b"1,0.5,a,yes", "field 'b' 'yes' is not of type bool"),
    "an integer beyond 64 bits": (
        b"9223372036854775808,1,a,true",
        "field 'n' '9223372036854775808' is an integer beyond int64; declare decimal or string to keep it",
    ),
    "invalid UTF-8": (b"1,0.5,\xff,true", "field 's' is not valid UTF-8: byte 0xff"),
}


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("what", BAD)
def test_a_bad_record_is_reported_and_its_neighbours_are_read(what: str, position: int) -> None:
    line, reason = BAD[what]
    lines = [b'1,0.5,"a\nb",true', b"\n2,1e3,,0"]
    lines.insert(position, line)
    number = [1, 3, 5][position]
    decoded = both(b"\n".join(lines))
    assert [(bad.number, bad.reason) for bad in decoded.bad] == [(number, reason)]
    assert [row["n"] for row in rows_of(decoded)] == [1, 2]
    assert decoded.numbers.tolist() == [[2, 5], [1, 5], [1, 4]][position]


def test_a_quote_that_is_never_closed_makes_one_bad_record() -> None:
    decoded = both(b'1,0.5,a,true\n2,0.5,"a,true\n3,0.5,a,true\n')
    assert decoded.numbers.tolist() == [1]
    assert [(bad.number, bad.reason) for bad in decoded.bad] == [(2, "a quoted cell is not closed")]
    assert both(b'"').bad[0].reason == "a quoted cell is not closed"


def test_quoted_nulls_are_empty_text_but_null_for_every_other_type() -> None:
    decoded = both(b'"","","",""\n"1","0.5","a","true"\n')
    assert rows_of(decoded) == [
        {"n": None, "x": None, "s": "", "b": None},
        {"n": 1, "x": 0.5, "s": "a", "b": True},
    ]
    dashes = both(b"-,NA,NA,-\n", dialect=Dialect(null_values=("-", "NA")))
    assert rows_of(dashes) == [{"n": None, "x": None, "s": None, "b": None}]


def test_a_fraction_widens_a_sniffed_integer_and_is_bad_for_a_declared_one() -> None:
    data = b"1,,,\n1.5,,,\n2.0,,,\n99999999999999999999,,,\nx,,,\n"
    widened = both(data)
    assert [row["n"] for row in rows_of(widened)] == [1, 1.5, 2]
    assert widened.data.schema.field("n").type == pa.float64()
    assert [bad.number for bad in widened.bad] == [4, 5]
    declared = both(data, widens=False)
    assert [row["n"] for row in rows_of(declared)] == [1]
    assert [bad.number for bad in declared.bad] == [2, 3, 4, 5]


def test_a_record_is_judged_by_its_cells_and_the_requested_fields_only() -> None:
    data = b"x,0.5,\xff,true\n1,2\n"
    decoded = both(data, fields=("x",))
    assert rows_of(decoded) == [{"x": 0.5}]
    assert [bad.number for bad in decoded.bad] == [2]
    assert both(data, fields=()).numbers.tolist() == [1]


def test_times_are_read_and_bad_ones_reported() -> None:
    decoded = both(b"1,,2024-01-01T00:00:00Z,\n2,,noon,\n3,,,\n", time=EventTime("s"), fields=("n",))
    assert rows_of(decoded) == [{"n": 1}]
    assert decoded.times is not None
    assert decoded.times.tolist() == [1_704_067_200_000_000]
    assert [(bad.number, bad.record, bad.reason) for bad in decoded.bad] == [
        (2, "2,,noon,", "event time 's' 'noon' is not an ISO 8601 time"),
        (3, "3,,,", "event time 's' is null or missing"),
    ]


def test_declared_types_beyond_those_of_the_parser_are_read_from_text() -> None:
    schema = pa.schema(
        [("at", pa.timestamp("us", "UTC")), ("day", pa.date32()), ("raw", pa.binary()),
         ("price", pa.decimal128(10, 2)), ("half", pa.float32()), ("span", pa.duration("us"))]
    )  # fmt: skip
    data = b"2024-05-01T12:00:00Z,2024-05-01,aGk=,1.50,0.5,1m\n,,,,,\n"
    decoded = both(data, schema=schema, header=b"at,day,raw,price,half,span\n", widens=False)
    assert decoded.data.schema == schema
    first, second = rows_of(decoded)
    assert [str(value) for value in first.values()] == [
        "2024-05-01 12:00:00+00:00", "2024-05-01", "b'hi'", "1.50", "0.5", "0:01:00",
    ]  # fmt: skip
    assert set(second.values()) == {None}
    wrong = both(data + b"noon,,,,,\n,,,1.234,,\n", schema=schema, header=b"at,day,raw,price,half,span\n")
    assert [(bad.number, bad.reason) for bad in wrong.bad] == [
        (3, "field 'at' 'noon' is not an ISO 8601 time"),
        (4, "field 'price' '1.234' is not of type decimal(10, 2)"),
    ]
    with pytest.raises(ConnectorError, match="field 'l' of type list<int64> can't be read from CSV"):
        decode(b"1\n", schema=pa.schema([("l", pa.list_(pa.int64()))]), header=b"l\n")


def test_columns_that_the_schema_lacks_are_counted_and_missing_ones_are_an_error() -> None:
    decoded = both(b"1,2\n3,4\n", schema=pa.schema([("n", pa.int64())]), header=b"n,new\n")
    assert rows_of(decoded) == [{"n": 1}, {"n": 3}]
    assert decoded.ignored == {"new": 2}
    with pytest.raises(ConnectorError, match="'f' has no column 'word'; columns: wrd") as caught:
        decode(b"1\n", schema=pa.schema([("word", pa.int64())]), header=b"wrd\n")
    assert caught.value.hint == "did you mean 'wrd'?"
    with pytest.raises(ConnectorError, match="header of 'f' has the name 'a' twice"):
        decode(b"1,2\n", schema=pa.schema([("a", pa.int64())]), header=b"a,a\n")
    with pytest.raises(ConnectorError, match="header of 'f' can't be read"):
        decode(b"1,2\n", schema=pa.schema([("a", pa.int64())]), header=b"a,\xff\n")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delimiter": ";;"}, "delimiter ';;' is not one ASCII character"),
        ({"quote": "\n"}, "quote '\\n' is not one ASCII character"),
        ({"quote": ","}, "delimiter and quote are both ','"),
        ({"header": False}, "header = false leaves the columns without names"),
        ({"columns": ("a", "a")}, "columns has the name 'a' twice"),
    ],
)
def test_a_dialect_that_can_not_be_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        Dialect(**options)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "", "-2"], pa.int64()),
        (["1", "2.5", " 3 "], pa.float64()),
        (["true", "FALSE"], pa.bool_()),
        (["0", "1"], pa.int64()),
        (["1", "x"], pa.string()),
        (["", ""], pa.string()),
        (["99999999999999999999"], pa.string()),
        (["1.5", "99999999999999999999"], pa.string()),
        (['"1"', '""'], pa.int64()),
        (['""', '""'], pa.string()),
        (["2024-01-01"], pa.string()),
        (["1", "\xe9"], pa.string()),
    ],
)
def test_types_are_sniffed_from_all_cells(cells: list[str], kind: pa.DataType) -> None:
    texts = [f"{cell},x\n" for cell in cells]
    whole, *parts = [
        Block(Text(text.encode(), b"a,b\n"), None, "f", len(text), 0) for text in ("".join(texts), *texts)
    ]
    assert sniff([whole], Dialect()).field("a").type == kind
    # each block alone is sniffed and the types widened
    assert sniff(parts, Dialect()).names == ["a", "b"]


ALPHABET = st.text(st.sampled_from(list('ab1.,;"\n\r -é')), max_size=6)
CSV_TEXT = st.lists(st.lists(ALPHABET, min_size=1, max_size=3), max_size=5)


@settings(max_examples=300, deadline=None)
@given(cells=CSV_TEXT, ending=st.sampled_from(["\n", "\r\n"]), everything=st.booleans())
def test_what_a_writer_quotes_reads_back(*, cells: list[list[str]], ending: str, everything: bool) -> None:
    if not everything:  # Python's writer leaves a carriage return unquoted when lines end without one
        cells = [[cell.replace("\r", "") for cell in row] for row in cells]
    out = StringIO(newline="")
    writer = csv.writer(
        out, lineterminator=ending, quoting=csv.QUOTE_ALL if everything else csv.QUOTE_MINIMAL
    )
    writer.writerows(cells)
    data = out.getvalue().encode()
    schema = pa.schema([("a", pa.string()), ("b", pa.string())])
    decoded = decode(data, schema=schema, header=b"a,b\n", dialect=Dialect(null_values=()))
    assert [list(row.values()) for row in rows_of(decoded)] == [row for row in cells if len(row) == 2]
    assert len(decoded.bad) == sum(len(row) != 2 for row in cells)
    assert decoded.units == count_lines(data)


RAW = st.text(st.sampled_from(list('ab1,"\n\r ')), max_size=25).map(str.encode)
NUMBERS = st.sampled_from(
    ["1", "-2", " 3 ", "1.5", "", '""', '"7"', "x", "0x1F", "99999999999999999999", "1e3", "nan", "+5", "007",
     "true", "2024-01-01", "9223372036854775807", "1_0", "é"]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(RAW)
def test_any_bytes_are_cut_into_records_as_the_parser_does(data: bytes) -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.string())])
    decoded = decode(data, schema=schema, header=b"a,b\n")
    found = find_records(data, ",", '"')
    assert len(decoded.numbers) + len(decoded.bad) == len(found.starts) + (found.open_at is not None)
    end = last_end(data, ",", '"')
    if end:  # the same records, cut in two
        one, two = (
            decode(part, schema=schema, header=b"a,b\n") for part in (data[:end], data[end:] or b"\n")
        )
        assert rows_of(one) + rows_of(two) == rows_of(decoded)
        assert (
            one.numbers.tolist() + [n + one.units for n in two.numbers.tolist()] == decoded.numbers.tolist()
        )
    assert first_end(data, ",", '"') <= len(data)


@settings(max_examples=80, deadline=None)
@given(
    cells=st.lists(st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=5),
    widens=st.booleans(),
)
def test_a_record_means_the_same_in_every_block(*, cells: list[tuple[str, ...]], widens: bool) -> None:
    lines = [",".join(row).encode() + b"\n" for row in cells]
    together = both(b"".join(lines), widens=widens)
    alone = [both(line, widens=widens) for line in lines]
    rows = [row for one in alone for row in rows_of(one)]
    if together.data.schema.field("n").type == pa.float64():  # a column of doubles holds doubles
        rows = [{**row, "n": None if row["n"] is None else float(row["n"])} for row in rows]
    assert equal(rows_of(together), rows)
    assert [bad.reason for bad in together.bad] == [bad.reason for one in alone for bad in one.bad]
