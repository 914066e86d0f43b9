"""What a record is in JSON lines: one answer for both layouts, wherever a block is cut."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.io.base import Block
from pulse.io.files import Text
from pulse.io.jsonl.decode import JsonFormat
from pulse.io.projection import Projection
from pulse.model.event_time import EventTime
from pulse.testing.connectors import equal

if TYPE_CHECKING:
    from pulse.io.base import Decoded, Layout

SCHEMA = pa.schema(
    [("n", pa.int64()), ("x", pa.float64()), ("s", pa.string()), ("b", pa.bool_()), ("ts", pa.int64())]
)
GOOD = b'{"n": 1, "x": 0.5, "s": "a", "b": true, "ts": 1}'
TS = EventTime("ts")


def decode(
    data: bytes,
    layout: Layout = "columns",
    *,
    schema: pa.Schema | None = SCHEMA,
    fields: tuple[str, ...] | None = None,
    widens: bool = True,
    time: EventTime | None = TS,
    first: int = 0,
) -> Decoded:
    names = () if schema is None else tuple(schema.names) if fields is None else fields
    text_format = JsonFormat(Projection(schema, names, layout, time), widens)
    return text_format.decode(Block(Text(data), None, "f", len(data), first))


def rows_of(decoded: Decoded) -> list[Any]:
    return decoded.data if isinstance(decoded.data, list) else decoded.data.to_pylist()


def both(data: bytes, **options: Any) -> Decoded:
    """Decode in both layouts, compare them, and return the columns."""
    columns, rows = decode(data, "columns", **options), decode(data, "rows", **options)
    assert equal(rows_of(columns), rows_of(rows))
    assert columns.bad == rows.bad
    assert columns.numbers.tolist() == rows.numbers.tolist()
    assert columns.units == rows.units
    assert (columns.times is None) == (rows.times is None)
    if columns.times is not None and rows.times is not None:
        assert columns.times.tolist() == rows.times.tolist()
    return columns


BAD = {
    "invalid UTF-8": (b'{"n": 1, "s": "\xff", "ts": 1}', "not valid UTF-8: byte 0xff in column 16"),
    "invalid UTF-8 elsewhere": (
        b'{"n": 1, "z": "\xc3(", "ts": 1}',
        "not valid UTF-8: byte 0xc3 in column 16",
    ),
    "NaN": (b'{"n": 1, "x": NaN, "ts": 1}', "not valid JSON: "),
    "Infinity": (b'{"n": 1, "z": -Infinity, "ts": 1}', "not valid JSON: "),
    "Inf": (b'{"n": 1, "z": [Inf], "ts": 1}', "not valid JSON: "),
    "a field twice": (b'{"n": 1, "n": 2, "ts": 1}', "field 'n' stands twice"),
    "a field twice, escaped": (b'{"n": 1, "\\u006e": 2, "ts": 1}', "field 'n' stands twice"),
    "two objects on a line": (
        b'{"n": 1, "ts": 1} {"n": 2, "ts": 2}',
        "not one JSON object per line: there is more behind the first",
    ),
    "half an object": (b'{"n": 1,', "not valid JSON: "),
    "the other half": (b'"ts": 1}', "not one JSON object per line: there is more behind the first"),
    "half an object that ends well": (b'{"n": 1, "z": [{}', "not valid JSON: "),
    "an array": (b"[1, 2]", "a record is a JSON object, this is an array"),
    "a string": (b'"abc"', "a record is a JSON object, this is a string"),
    "a number": (b"17", "a record is a JSON object, this is an integer"),
    "null": (b"null", "a record is a JSON object, this is null"),
    "no JSON": (b"hello", "not valid JSON: "),
    "an integer beyond 64 bits": (
        b'{"n": 9223372036854775808, "ts": 1}',
        "field 'n' is 9223372036854775808, an integer beyond 64 bits; declare uint64 or ",
    ),
    "an integer far beyond": (
        b'{"n": 100000000000000000000, "ts": 1}',
        "field 'n' is 100000000000000000000, an integer beyond 64 bits; declare uint64 or decimal(38, 0) to",
    ),
    "text for a number": (
        b'{"n": "1", "ts": 1}',
        "field 'n' is \"1\", a string, where the schema says int64",
    ),
    "a number for text": (b'{"s": 1, "ts": 1}', "field 's' is 1, an integer, where the schema says string"),
    "an object for text": (
        b'{"s": {"a": 1}, "ts": 1}',
        "field 's' is {\"a\": 1}, an object, where the schema says string",
    ),
    "a boolean for a number": (
        b'{"x": true, "ts": 1}',
        "field 'x' is true, a boolean, where the schema says double",
    ),
    "a number for a boolean": (
        b'{"b": 1, "ts": 1}',
        "field 'b' is 1, an integer, where the schema says bool",
    ),
    "a number too large": (b'{"x": 1e999, "ts": 1}', "not valid JSON: "),
    "a control character": (b'{"s": "\x01", "ts": 1}', "not valid JSON: "),
    "a lone surrogate": (b'{"s": "\\ud800", "ts": 1}', "not valid JSON: "),
    "a trailing comma": (b'{"n": 1, "ts": 1,}', "not valid JSON: "),
    "a byte order mark inside": (b'\xef\xbb\xbf{"n": 1, "ts": 1}', "not valid JSON: "),
    "a null byte behind": (
        b'{"n": 1, "ts": 1}\x00',
        "not one JSON object per line: there is more behind the first",
    ),
    "nested too deeply": (b'{"n": 1, "z": ' + b"[" * 1500 + b"]" * 1500 + b', "ts": 1}', "not valid JSON: "),
    "no time": (b'{"n": 1}', "event time 'ts' is null or missing"),
    "a null time": (b'{"n": 1, "ts": null}', "event time 'ts' is null or missing"),
    "a time out of range": (
        b'{"n": 1, "ts": 999999999999999999}',
        "event time 'ts' 999999999999999999 is outside the years 1 to 9999",
    ),
}


@pytest.mark.parametrize("position", [0, 1, 2])
@pytest.mark.parametrize("what", BAD)
def test_a_bad_line_is_reported_and_its_neighbours_are_read(what: str, position: int) -> None:
    line, reason = BAD[what]
    lines = [GOOD, GOOD]
    lines.insert(position, line)
    for ending in (b"\n", b"\r\n"):
        decoded = both(ending.join(lines) + ending)
        assert [bad.number for bad in decoded.bad] == [position + 1]
        assert decoded.bad[0].reason.startswith(reason)
        assert decoded.bad[0].origin == "f"
        assert decoded.numbers.tolist() == [n for n in (1, 2, 3) if n != position + 1]
        assert rows_of(decoded) == [orjson.loads(GOOD)] * 2
        assert decoded.units == 3


@pytest.mark.parametrize(
    ("data", "numbers", "units"),
    [
        (b"%b\n%b\n", [1, 2], 2),
        (b"%b\r\n%b\r\n", [1, 2], 2),
        (b"%b\n%b", [1, 2], 2),
        (b"\n%b\n\n  \t\n%b\n\n", [2, 5], 6),
        (b"  %b  \n\t%b\t\r\n", [1, 2], 2),
        (b"%b\r\n\r\n%b", [1, 3], 3),
    ],
)
def test_blank_lines_and_space_around_objects_are_no_records_and_no_errors(
    data: bytes, numbers: list[int], units: int
) -> None:
    decoded = both(data % (GOOD, GOOD))
    assert decoded.numbers.tolist() == numbers
    assert decoded.units == units
    assert decoded.bad == ()


def test_an_object_over_two_lines_is_bad_even_when_the_counts_agree() -> None:
    decoded = both(b'{"n":1,"ts":1}{"n":2,"ts":2}\n{"ts":3,"z":[{}\n{}]}\n{"n":5,"ts":5}\n')
    assert [bad.number for bad in decoded.bad] == [1, 2, 3]
    assert decoded.numbers.tolist() == [4]


def test_missing_fields_are_null_and_unknown_ones_are_passed_over_and_counted() -> None:
    decoded = both(b'{"n": 1, "ts": 1, "new": 5}\n{"ts": 2, "new": [1], "s": null}\n')
    assert rows_of(decoded) == [
        {"n": 1, "x": None, "s": None, "b": None, "ts": 1},
        {"n": None, "x": None, "s": None, "b": None, "ts": 2},
    ]
    assert decoded.ignored == {"new": 2}
    many = b'{"n": 1, "ts": 1, "new": 5}\n' * 200
    assert decode(many).ignored == {"new": 100}


def test_a_record_is_judged_by_the_requested_fields_and_the_time_only() -> None:
    data = b'{"n": "x", "s": "a", "s": "b", "x": 1, "ts": 1}\n'
    assert rows_of(both(data, fields=("x",))) == [{"x": 1.0}]
    assert [bad.reason for bad in both(data, fields=("s",)).bad] == ["field 's' stands twice"]
    assert len(both(data, fields=()).numbers) == 1
    assert len(both(data, fields=(), time=None).numbers) == 1
    assert both(data, fields=(), time=EventTime("n")).bad[0].reason == (
        "field 'n' is \"x\", a string, where the schema says int64"
    )


def test_a_fraction_widens_a_sniffed_integer_and_is_bad_for_a_declared_one() -> None:
    data = b'{"n": 1, "ts": 1}\n{"n": 1.5, "ts": 2}\n{"n": 2.0, "ts": 3}\n{"n": null, "ts": 4}\n'
    widened = both(data)
    assert [row["n"] for row in rows_of(widened)] == [1, 1.5, 2, None]
    assert widened.data.schema.field("n").type == pa.float64()
    declared = both(data, widens=False)
    assert declared.numbers.tolist() == [1, 4]
    assert [bad.reason for bad in declared.bad] == [
        "field 'n' is 1.5, a number with a fraction, where the schema says int64",
        "field 'n' is 2.0, a number with a fraction, where the schema says int64",
    ]


def test_an_integer_beyond_64_bits_is_bad_also_where_a_fraction_widens() -> None:
    data = (
        b'{"n": 1.5, "ts": 1}\n{"n": 100000000000000000000, "ts": 2}\n{"n": 9223372036854775808, "ts": 3}\n'
    )
    decoded = both(data)
    assert [row["n"] for row in rows_of(decoded)] == [1.5]
    assert [bad.number for bad in decoded.bad] == [2, 3]
    assert all("beyond 64 bits" in bad.reason for bad in decoded.bad)
    alone = both(data.split(b"\n", 1)[1])
    assert alone.data.schema == SCHEMA
    assert len(alone.bad) == 2


def test_words_that_look_like_numbers_do_no_harm_in_strings() -> None:
    first = b'{"s": "Info: NaN, Infinity", "NaN": 1, "ts": 1}\n'
    decoded = both(first + b'{"s": ": NaN ", "ts": 2}\n{"s": "[Inf]", "ts": 3}\n')
    assert decoded.bad == ()
    assert [row["s"] for row in rows_of(decoded)] == ["Info: NaN, Infinity", ": NaN ", "[Inf]"]


DECLARED = pa.schema(
    [
        ("at", pa.timestamp("us", "UTC")),
        ("local", pa.timestamp("ms")),
        ("day", pa.date32()),
        ("clock", pa.time64("us")),
        ("span", pa.duration("us")),
        ("raw", pa.binary()),
        ("price", pa.decimal128(10, 2)),
        ("small", pa.int8()),
        ("half", pa.float32()),
        ("tags", pa.list_(pa.string())),
        ("place", pa.struct([("x", pa.int64()), ("y", pa.float64())])),
    ]
)


def test_declared_types_beyond_those_of_json_are_read_from_text() -> None:
    record = {
        "at": "2024-05-01T14:00:00+02:00", "local": "2024-05-01T12:00:00.25", "day": "2024-05-01",
        "clock": "12:00:01", "span": "1m30s", "raw": "aGk=", "price": 1.5, "small": -128, "half": 0.1,
        "tags": ["a", None], "place": {"x": 1, "z": 2},
    }  # fmt: skip
    decoded = both(json.dumps(record).encode() + b"\n{}\n", schema=DECLARED, time=None)
    assert decoded.bad == ()
    assert decoded.data.schema == DECLARED
    row, empty = rows_of(decoded)
    assert [str(row[name]) for name in ("at", "local", "day", "clock", "span", "price")] == [
        "2024-05-01 12:00:00+00:00", "2024-05-01 12:00:00.250000", "2024-05-01", "12:00:01", "0:01:30",
        "1.50",
    ]  # fmt: skip
    assert (row["raw"], row["small"], row["tags"], row["place"]) == (
        b"hi",
        -128,
        ["a", None],
        {"x": 1, "y": None},
    )
    assert row["half"] == pytest.approx(0.1)
    assert set(empty.values()) == {None}


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("at", '"noon"', "field 'at' 'noon' is not an ISO 8601 time"),
        ("at", "5", "field 'at' is 5, an integer, where the schema says timestamp"),
        ("day", '"2024-02-30"', "field 'day' '2024-02-30' is not a date"),
        ("span", '"90"', "field 'span' '90' is not a duration such as '1m30s'"),
        ("raw", '"?"', "field 'raw' '?' is not a binary in base64"),
        ("price", "1.234", "does not fit the schema: "),
        ("small", "128", "field 'small' is 128, which does not fit int8"),
        ("tags", "[1]", "field 'tags' is 1, an integer, where the schema says string"),
        ("place", '{"x": "1"}', "field 'place' in 'x' is \"1\", a string, where the schema says int64"),
        ("place", '{"x": 1, "x": 1}', "field 'place' has 'x' twice"),
        ("place", "1", "field 'place' is 1, an integer, where the schema says struct<x: int64, y: double>"),
    ],
)
def test_what_is_not_of_a_declared_type_is_bad(field: str, value: str, reason: str) -> None:
    decoded = both(f'{{"{field}": {value}}}\n{{}}\n'.encode(), schema=DECLARED, time=None, widens=False)
    assert [(bad.number, bad.reason[: len(reason)]) for bad in decoded.bad] == [(1, reason)]
    assert decoded.numbers.tolist() == [2]


def test_rows_of_any_shape_are_the_dicts_as_they_are() -> None:
    data = b'{"ts": 1, "a": {"b": [1, {"c": 2}]}}\n\n[1]\n{"ts": "1970-01-01T00:00:02Z"}\n'
    data += b'{"ts": "x"}\n{"a": 1}\n{"ts": 3}x\n'
    decoded = decode(data, "rows", schema=None)
    assert decoded.data == [{"ts": 1, "a": {"b": [1, {"c": 2}]}}, {"ts": "1970-01-01T00:00:02Z"}]
    assert decoded.times is not None
    assert decoded.times.tolist() == [1000, 2_000_000]
    assert decoded.numbers.tolist() == [1, 4]
    assert [(bad.number, bad.reason) for bad in decoded.bad] == [
        (3, "a record is a JSON object, this is an array"),
        (5, "event time 'ts' 'x' is not an ISO 8601 time"),
        (6, "event time 'ts' is null or missing"),
        (7, "not one JSON object per line: there is more behind the first"),
    ]


@pytest.mark.parametrize(
    "line",
    [b'{"a":1,"a":2}', b'{"a":1,"a" :2}', b'{"a":1,"a"\t:2}', b'{"z":{"a":1,"a":2}}',
     b'{"z":[{"a":1,"a":2}]}', b'{"a":1,"\\u0061":2}', b'{"s":"\\":","a":1,"a" :2}'],
)  # fmt: skip
def test_a_name_that_stands_twice_is_bad_in_rows_of_any_shape_too(line: bytes) -> None:
    decoded = decode(b'{"a":1}\n' + line + b'\n{"s":"\\":","a" :2}\n', "rows", schema=None, time=None)
    assert [(bad.number, bad.reason) for bad in decoded.bad] == [(2, "field 'a' stands twice")]
    assert decoded.data == [{"a": 1}, {"s": '":', "a": 2}]


NAMES = st.sampled_from(["n", "x", "s", "b", "ts", "z", "\\u006e"])
NUMBERS = ["0", "-0", "1", "-7", "1.0", "2.5", "1e2", "9223372036854775807", "9223372036854775808", "1e30",
           "9007199254740993", "100000000000000000000", "1e400", "01", "1.", "NaN", "Infinity",
           "-Inf"]  # fmt: skip
STRINGS = [
    '""',
    '"a"',
    '"é"',
    '"\\ud83d\\ude00"',
    '"\\ud800"',
    '"NaN"',
    '" Infinity "',
    '"{"',
    '"}\\n{"',
    '"\x02"',
]
VALUES = st.recursive(
    st.sampled_from([*NUMBERS, *STRINGS, "true", "false", "null"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=2).map(lambda parts: f"[{', '.join(parts)}]"),
        st.tuples(NAMES, inner).map(lambda pair: f'{{"{pair[0]}": {pair[1]}}}'),
    ),
    max_leaves=3,
)
OBJECTS = st.lists(st.tuples(NAMES, VALUES), max_size=4).map(
    lambda pairs: "{" + ", ".join(f'"{name}":{value}' for name, value in [*pairs, ("ts", "5")]) + "}"
)
GOODS = st.sampled_from([GOOD.decode(), '{"n":2,"ts":2}', '{"x":3,"ts":3,"z":{"n":1}}'])
LINES = st.one_of(
    GOODS,
    OBJECTS,
    OBJECTS.map(lambda text: f"  {text}\t"),
    st.tuples(OBJECTS, st.sampled_from(["", ",", " ", "\r"]), OBJECTS).map("".join),
    st.tuples(OBJECTS, st.integers(0, 40)).map(lambda pair: pair[0][: pair[1]]),
    st.tuples(OBJECTS, st.integers(0, 40)).map(lambda pair: pair[0][pair[1] :]),
    st.sampled_from(["", " ", "[]", "1", "nul", "{}", "{", "}"]),
).map(str.encode)
BYTES = st.one_of(LINES, LINES, LINES.map(lambda line: line.replace(b"a", b"\xff")))
FIELDS = st.sampled_from([None, ("n",), ("s", "b"), ("x", "ts"), ()])


def verdict(line: bytes, names: list[str]) -> dict[str, Any] | None:
    """Judge a line the slow and plain way: its fields, or None when it is bad."""
    pairs: list[list[str]] = []

    def collect(found: list[tuple[str, Any]]) -> dict[str, Any]:
        pairs.append([name for name, _ in found])
        return dict(found)

    try:
        assert isinstance(orjson.loads(line), dict)
        value = json.loads(line, object_pairs_hook=collect)
    except (AssertionError, orjson.JSONDecodeError):
        return None
    kinds = {"n": (int, float), "x": (int, float), "s": (str,), "b": (bool,), "ts": (int,)}
    for name in names:
        found = value.get(name)
        if pairs[-1].count(name) > 1 or (found is not None and type(found) not in kinds[name]):
            return None
        if type(found) is int and name in ("n", "x", "ts") and not -(2**63) <= found < 2**63:
            return None
    return {name: value.get(name) for name in names}


@settings(max_examples=400, deadline=None)
@given(st.lists(BYTES, min_size=1, max_size=6), FIELDS)
def test_a_line_means_the_same_in_every_block(lines: list[bytes], fields: tuple[str, ...] | None) -> None:
    names = [name for name in SCHEMA.names if fields is None or name in fields]
    judged = {n: verdict(line, [*names, "ts"]) for n, line in enumerate(lines, 1) if line.strip(b" \t\r")}
    judged = {n: None if row is None or row["ts"] is None else row for n, row in judged.items()}
    decoded = both(b"\n".join(lines), fields=fields)
    assert [bad.number for bad in decoded.bad] == [n for n, row in judged.items() if row is None]
    good = {n: row for n, row in judged.items() if row is not None}
    assert decoded.numbers.tolist() == list(good)
    for row, expected in zip(rows_of(decoded), good.values(), strict=True):
        assert row == {name: near(row[name], expected[name]) for name in names}


def near(found: Any, expected: Any) -> Any:
    """Take an integer for the double that it became in a column of doubles."""
    return float(expected) if isinstance(found, float) and expected is not None else expected


@settings(max_examples=150, deadline=None)
@given(st.lists(BYTES, min_size=1, max_size=5))
def test_rows_of_any_shape_take_the_lines_that_are_one_object(lines: list[bytes]) -> None:
    decoded = decode(b"\n".join(lines), "rows", schema=None, time=None)
    good: list[int] = []
    for number, line in enumerate(lines, 1):
        twice: list[bool] = []
        integers: list[int] = []
        try:
            value = orjson.loads(line.strip(b" \t\r"))
            json.loads(
                line,
                object_pairs_hook=lambda p: twice.append(len(dict(p)) < len(p)),  # noqa: B023
                parse_int=lambda digits: integers.append(int(digits)),  # noqa: B023
            )
        except orjson.JSONDecodeError:
            continue
        fits = all(-(2**63) <= each < 2**64 for each in integers)
        if isinstance(value, dict) and not any(twice) and fits:
            good.append(number)
    assert decoded.numbers.tolist() == good
