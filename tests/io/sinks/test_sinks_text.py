"""The text of values: the table, and columns agreeing with rows on every value."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.errors import RecordError
from pulse.io.sinks import text, values
from pulse.model.rows import to_rows


class Point(NamedTuple):
    x: int
    y: bytes


@dataclass
class Place:
    name: str


class Color(enum.Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, b"null"),
        (True, b"true"),
        (1.0, b"1.0"),
        (float("nan"), b"null"),
        (float("-inf"), b"null"),
        (2**64 - 1, b"18446744073709551615"),
        (datetime(2024, 5, 1, 12, tzinfo=UTC), b'"2024-05-01T12:00:00Z"'),
        (datetime(2024, 5, 1, 12, 0, 0, 5), b'"2024-05-01T12:00:00.000005Z"'),
        (datetime(2024, 5, 1, 12, tzinfo=timezone(timedelta(hours=2))), b'"2024-05-01T10:00:00Z"'),
        (datetime(2024, 5, 1, 12, tzinfo=ZoneInfo("Europe/Berlin")), b'"2024-05-01T10:00:00Z"'),
        (datetime(2024, 1, 1, 12, tzinfo=ZoneInfo("Europe/London")), b'"2024-01-01T12:00:00Z"'),
        (date(2024, 5, 1), b'"2024-05-01"'),
        (time(1, 2, 3), b'"01:02:03"'),
        (timedelta(minutes=1.5), b'"1m30s"'),
        (Decimal("1E+2"), b'"100"'),
        (Decimal("0.0000001"), b'"0.0000001"'),
        (b"\x00\xff", b'"AP8="'),
        (uuid.UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        (Color.RED, b'"red"'),
        (Point(1, b"a"), b'{"x":1,"y":"YQ=="}'),
        (Place("here"), b'{"name":"here"}'),
        ([1, {"a": Decimal(2)}], b'[1,{"a":"2"}]'),
    ],
)
def test_json_value(value, written):
    assert values.json_text(value) == written


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (
            {"a": {1}},
            "record cannot be written as JSON: type is not JSON serializable: set\n  record: {'a': {1}}",
        ),
        (2**64, "record cannot be written as JSON: integer exceeds 64-bit range"),
        ({1: 2}, "record cannot be written as JSON: dict key must be str\n  record: {1: 2}"),
        ("\ud800", "record cannot be written as JSON: str is not valid UTF-8: surrogates not allowed"),
    ],
)
def test_a_value_without_text_names_the_record(value, reason):
    with pytest.raises(RecordError) as caught:
        values.json_lines([{"ok": 1}, value])
    assert str(caught.value).startswith(reason)
    with pytest.raises(RecordError):
        values.json_text(value)


COLUMNS = [
    (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    (pa.uint64(), st.integers(0, 2**64 - 1)),
    (pa.int8(), st.integers(-128, 127)),
    (pa.float64(), st.floats()),
    (pa.float32(), st.floats(width=32)),
    (pa.bool_(), st.booleans()),
    (pa.string(), st.text(st.characters(codec="utf-8"))),
    (pa.large_string(), st.text('a"\\\n\t\x00\x1f\x7fé')),
    (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["a", 'b"'])),
    (pa.timestamp("us", "UTC"), st.datetimes(timezones=st.just(UTC))),
    (pa.timestamp("us"), st.datetimes()),
    (pa.timestamp("ms", "Europe/Berlin"), st.integers(-(10**13), 10**13)),
    (pa.timestamp("s", "UTC"), st.datetimes(timezones=st.just(UTC)).map(lambda t: t.replace(microsecond=0))),
    (pa.date32(), st.dates()),
    (pa.date64(), st.dates()),
    (pa.time64("us"), st.times()),
    (pa.duration("us"), st.timedeltas(timedelta(-(10**4)), timedelta(10**4))),
    (pa.decimal128(20, 9), st.decimals(-(10**9), 10**9, places=9)),
    (pa.binary(), st.binary()),
    (pa.list_(pa.int64()), st.lists(st.integers(0, 9))),
    (
        pa.struct([("x", pa.float64()), ("y", pa.string())]),
        st.fixed_dictionaries({"x": st.none() | st.floats(), "y": st.none() | st.text('a"é')}),
    ),
    (pa.null(), st.none()),
]


@settings(max_examples=60, deadline=None)
@given(data=st.data(), skip=st.integers(0, 2))
@pytest.mark.parametrize(("kind", "each"), COLUMNS, ids=lambda value: str(value)[:25])
def test_columns_and_rows_agree(kind, each, data, skip):
    drawn = data.draw(st.lists(st.none() | each, max_size=6))
    batch = pa.record_batch({'k"': pa.array(drawn, kind), "n": pa.array(range(len(drawn)))}).slice(skip)
    rows = to_rows(batch)
    lines = text.json_lines(batch)
    assert lines == values.json_lines(rows)
    assert [orjson.loads(each) for each in text.json_objects(batch).to_pylist()] == [
        orjson.loads(line) for line in lines.splitlines()
    ]
    assert text.cells(batch.column(0)).to_pylist() == [values.cell(row['k"']) for row in rows]


def test_nanoseconds_are_kept():
    column = pa.array([1, 1_714_564_800_000_000_000, None], pa.timestamp("ns"))
    assert text.cells(column).to_pylist() == [
        "1970-01-01T00:00:00.000000001Z",
        "2024-05-01T12:00:00.000000000Z",
        None,
    ]
    whole = pa.array([-1_000, 1_714_564_800_000_000_000], pa.timestamp("ns", "UTC"))
    assert text.cells(whole).to_pylist() == ["1969-12-31T23:59:59.999999Z", "2024-05-01T12:00:00Z"]


def test_the_ends_of_time_are_null():
    column = pa.array([-(2**63), 0, 2**63 - 1], pa.timestamp("us", "UTC"))
    assert text.cells(column).to_pylist() == [None, "1970-01-01T00:00:00Z", None]
    days = pa.array([-(2**31), 0, 2**31 - 1], pa.int32()).view(pa.date32())
    assert text.cells(days).to_pylist() == [None, "1970-01-01", None]


def test_a_value_beyond_python_is_an_error():
    with pytest.raises(
        RecordError, match=r"a value of type list<item: timestamp\[us\]> cannot be written as text"
    ):
        text.cells(pa.array([[2**63 - 1]], pa.list_(pa.int64())).cast(pa.list_(pa.timestamp("us"))))


def test_more_rows_than_a_chunk_and_no_rows():
    batch = pa.record_batch({"a": pa.array(range(70_000))})
    lines = text.json_lines(batch).splitlines()
    assert (len(lines), lines[0], lines[-1]) == (70_000, b'{"a":0}', b'{"a":69999}')
    assert text.json_lines(batch.slice(0, 0)) == b""


def test_a_struct_without_fields():
    batch = pa.record_batch({"a": pa.array([{}, None], pa.struct([]))})
    assert text.json_lines(batch) == b'{"a":{}}\n{"a":null}\n'
