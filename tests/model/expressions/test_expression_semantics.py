"""What expressions mean: one table of cases, run over columns and over rows."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from pulse.errors import RecordError
from pulse.model.expressions import coalesce, col, lit, max_of, min_of, parse, when

MAX, MIN = 2**63 - 1, -(2**63)
NOON = datetime(2024, 5, 1, 12, 30, 59, 123456, tzinfo=UTC)


def _both_nan(a, b):
    return isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b)


def columns_of(expression, value, kind=None):
    batch = pa.RecordBatch.from_arrays([pa.array([value], kind)], names=["x"])
    return expression.evaluate(batch)[0].as_py()


def both(text, value, kind=None):
    """Return the value over columns, after checking that rows give the same with and without a schema."""
    expression = parse(text)
    found = columns_of(expression, value, kind)
    schema = pa.schema([("x", kind or pa.array([value]).type)])
    for by_row in (expression.row_function(), expression.row_function(schema)):
        row = by_row({"x": value})
        assert row == found or _both_nan(row, found), (row, found)
    return found


@pytest.mark.parametrize(
    ("text", "value", "result"),
    [
        ("x / 2", 3, 1.5),
        ("x / 0", 3, None),
        ("x / 0.0", -0.5, None),
        ("x // 2", -3, -2),
        ("x % 2", -3, 1),
        ("x // 0.5", -1.25, -3.0),
        ("x % -2", 3.5, -0.5),
        ("x ** 2", -3, 9),
        ("x ** 0.5", 4, 2.0),
        ("x ** -1", 0.0, math.inf),
        ("x ** -1", -0.0, -math.inf),
        ("x ** -2", -0.0, math.inf),
        ("x ** 3", -1e300, -math.inf),
        ("x ** 0.5", -8.0, math.nan),
        ("x.sqrt()", -1.0, math.nan),
        ("x.ln()", 0, -math.inf),
        ("x.log10()", -1, math.nan),
        ("x.exp()", 1000, math.inf),
        ("x.round()", 2.5, 2.0),
        ("x.round(1)", 0.25, 0.2),
        ("x.round(-1)", 15, 20),
        ("x.floor()", -1.5, -2.0),
        ("x.ceil()", 7, 7),
        ("x == x", math.nan, False),
        ("x != x", math.nan, True),
        ("x < 1", math.nan, False),
        ("x == 9007199254740992.0", 2**53 + 1, True),
        ("x in [0.0]", -0.0, True),
        ("x in [1, 2]", 2, True),
        ("x in []", 2, False),
        ("x.cast('string')", 1.0, "1"),
        ("x.cast('string')", True, "true"),
        ("x.cast('string')", NOON, "2024-05-01T12:30:59.123456Z"),
        ("x.cast('double')", "1e3", 1000.0),
        ("x.cast('int64')", 3.0, 3),
        ("x.cast('decimal(10, 2)')", 3, Decimal("3.00")),
        ("x.cast('timestamp')", "2024-05-01 14:30+02:00", datetime(2024, 5, 1, 12, 30, tzinfo=UTC)),
        ("x.cast('timestamp')", "2024-05-01", datetime(2024, 5, 1, tzinfo=UTC)),
        ("x.cast('date')", NOON, date(2024, 5, 1)),
        ("x > '2024-05-01T12:00:00Z'", NOON, True),
        ("x == '2024-05-01'", date(2024, 5, 1), True),
        ("x < '2024-05-01T00:00:01Z'", date(2024, 5, 1), True),
        ("x in ['2024-05-01T12:30:59.123456Z']", NOON, True),
        ("x.dt.to_time_zone('Asia/Tokyo').dt.date()", NOON.replace(hour=22), date(2024, 5, 2)),
        ("x.dt.weekday()", date(2024, 5, 1), 2),
        ("x.dt.epoch_ms()", datetime(1969, 12, 31, 23, 59, 59, 999500, tzinfo=UTC), -1),
        ("x.dt.strftime('%H:%M:%S')", NOON, "12:30:59"),
        ("x.str.split('/', -2)", "a/b", "a"),
        ("x.str.split('/', 2)", "a/b", None),
        ("x.str.extract('(a)|(b)', 2)", "a", ""),
        ("x.str.extract('[(](?P<n>\\\\d+)', 'n')", "(42", "42"),
        ("x.str.extract('(z)')", "a", None),
        ("x.str.upper()", "ß", "ẞ"),
        ("x.str.length()", "né🎈", 3),
        ("x + '!'", "a", "a!"),
        ("x + 1.5", 1, 2.5),
        ("min_of(x, 2.0)", math.nan, 2.0),
    ],
)
def test_values(text, value, result):
    found = both(text, value)
    assert found == result or _both_nan(result, found)
    if found is not None:
        assert type(found) is type(result)


def test_bytes_and_decimals():
    assert both("x == b'a'", b"a") is True
    price = pa.decimal128(9, 2)
    assert both("x * 3 + 1", Decimal("1.50"), price) == Decimal("5.50")
    assert both("x - x", Decimal("1.50"), price) == 0
    assert both("-x", Decimal("1.50"), price) == Decimal("-1.50")
    assert both("x / 2", Decimal("1.50"), price) == 0.75
    assert both("x > 1", Decimal("1.50"), price) is True
    assert both("x > 1.4", Decimal("1.50"), price) is True
    assert both("x in [1, decimal('1.5')]", Decimal("1.50"), price) is True


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x + 1", MAX),
        ("x - 1", MIN),
        ("x * 2", MAX),
        ("-x", MIN),
        ("x.abs()", MIN),
        ("x // -1", MIN),
        ("x ** 64", 2),
        ("x ** 1000000", 3),
        ("x ** -1", 2),
        ("x // 0", 1),
        ("x % 0", 1),
        ("x // 0.0", 1.0),
        ("x % 0", 1.5),
        ("x.round(-3)", MAX),
        ("x.round(10)", 1e300),
        ("x.cast('int64')", 1.5),
        ("x.cast('int64')", 2.0**63),
        ("x.cast('int64')", math.nan),
        ("x.cast('int64')", "1.5"),
        ("x.cast('int8')", 300),
        ("x.cast('timestamp')", "yesterday"),
        ("x.cast('timestamp')", "0000-01-01"),
        ("x.cast('bool')", "yes"),
        ("x.dt.from_epoch('s')", MAX),
        ("x.dt.from_epoch('s')", 253402300800),
    ],
)
def test_records_without_a_value_are_errors_in_both(text, value):
    expression = parse(text)
    assert expression.can_fail()
    with pytest.raises(RecordError):
        columns_of(expression, value)
    with pytest.raises(RecordError):
        expression.row_function()({"x": value})


@pytest.mark.parametrize(
    "text",
    [
        "x != 0 and 10 // x > 1",
        "x == 0 or 10 // x > 1",
        "10 // x if x != 0 else 0",
        "1 if x == 0 else 2 if 10 // x > 5 else 3",
        "coalesce(0 if x == 0 else None, 10 // x)",
        "x == 0 or x > 0",
    ],
)
def test_what_is_not_needed_cannot_fail(text):
    expression = parse(text)
    batch = pa.record_batch({"x": [5, 0, None, 1]})
    by_row = expression.row_function()
    assert expression.evaluate(batch).to_pylist() == [by_row(row) for row in batch.to_pylist()]


def test_a_failing_constant_matters_only_where_it_is_needed():
    expression = parse("x == 0 or 1 // 0 > x")
    assert expression.evaluate(pa.record_batch({"x": [0, 0]})).to_pylist() == [True, True]
    assert expression.row_function()({"x": 0}) is True
    with pytest.raises(RecordError):
        expression.evaluate(pa.record_batch({"x": [0, 1]}))
    assert parse("x + 1 // 0").evaluate(pa.record_batch({"x": pa.array([], pa.int64())})).to_pylist() == []


TRUTH = (True, False, None)


@pytest.mark.parametrize("a", TRUTH)
@pytest.mark.parametrize("b", TRUTH)
def test_logic_has_three_values(a, b):
    both_true = False if a is False or b is False else None if a is None or b is None else True
    one_true = True if a is True or b is True else None if a is None or b is None else False
    batch = pa.record_batch({"a": pa.array([a], pa.bool_()), "b": pa.array([b], pa.bool_())})
    for text, expected in (
        ("a and b", both_true),
        ("a or b", one_true),
        ("not a", None if a is None else not a),
    ):
        assert parse(text).evaluate(batch).to_pylist() == [expected]
        assert parse(text).row_function()({"a": a, "b": b}) is expected


@pytest.mark.parametrize(
    "text",
    [
        "x + 1",
        "x > 1",
        "x in [1]",
        "-x",
        "x.round(1)",
        "x.cast('string')",
        "1 if x > 0 else None",
        "min_of(x, 1)",
    ],
)
def test_null_gives_null_and_a_missing_field_is_null(text):
    expression = parse(text)
    assert expression.evaluate(pa.record_batch({"x": pa.array([None], pa.int64())})).to_pylist() == [None]
    assert expression.row_function()({"x": None}) is None
    assert expression.row_function()({}) is None


@pytest.mark.parametrize(
    ("kind", "result"),
    [
        (pa.int16(), pa.int64()),
        (pa.uint64(), pa.int64()),
        (pa.float32(), pa.float64()),
        (pa.null(), pa.int64()),
        (pa.decimal128(5, 2), pa.decimal128(6, 2)),
    ],
)
def test_types_of_sums(kind, result):
    batch = pa.RecordBatch.from_arrays([pa.array([None], kind)], names=["x"])
    expression = col("x") + 1
    assert expression.type(batch.schema) == result
    assert expression.evaluate(batch).type == result


def test_strings_in_any_encoding():
    words = pa.array(["a", None, "b"])
    for kind in (pa.dictionary(pa.int32(), pa.string()), pa.large_string()):
        batch = pa.RecordBatch.from_arrays([words.cast(kind)], names=["x"])
        assert col("x").evaluate(batch).type == kind
        assert (col("x") + "!").evaluate(batch).to_pylist() == ["a!", None, "b!"]
        assert col("x").is_in(["a"]).evaluate(batch).to_pylist() == [True, None, False]


def test_an_unsigned_integer_beyond_int64_is_an_error():
    batch = pa.RecordBatch.from_arrays([pa.array([2**63], pa.uint64())], names=["x"])
    with pytest.raises(RecordError):
        (col("x") + 1).evaluate(batch)
    with pytest.raises(RecordError, match="integer 9223372036854775808 does not fit int64"):
        (col("x") + 1).row_function(batch.schema)({"x": 2**63})


def test_constants_have_a_value_per_record():
    batch = pa.record_batch({"x": [1, 2, 3]})
    for value in (1, 1.5, "a", None, True, b"a", NOON, date(2024, 5, 1), Decimal("1.20")):
        result = lit(value).evaluate(batch)
        assert result.to_pylist() == [value] * 3
        assert result.type == lit(value).type(batch.schema)
    assert (lit(1) + 2).evaluate(batch).to_pylist() == [3, 3, 3]
    assert (lit(7) // 2).evaluate(batch).to_pylist() == [3, 3, 3]
    assert (lit(None).cast("int64") // 2).evaluate(batch).to_pylist() == [None] * 3


def test_slices_of_a_batch():
    batch = pa.record_batch({"x": [1, 2, None, 4], "s": ["a/b", "c", None, "d/e"]}).slice(1, 3)
    assert (col("x") // 2).evaluate(batch).to_pylist() == [1, None, 2]
    assert col("s").str.split("/", 1).evaluate(batch).to_pylist() == [None, None, "e"]
    assert col("s").str.split("/", -1).evaluate(batch).to_pylist() == ["c", None, "e"]


def test_rows_with_a_schema_have_the_values_of_its_types():
    schema = pa.schema([("n", pa.int64()), ("x", pa.float64())])
    mixed = coalesce(col("n"), col("x"))
    assert type(mixed.row_function()({"n": 1})) is int
    assert type(mixed.row_function(schema)({"n": 1})) is float


def test_rows_may_hold_numpy_values_and_naive_times():
    assert (col("x") + 1).row_function()({"x": np.int64(2)}) == 3
    assert (col("x") > 1).row_function()({"x": np.float64(2)}) is True
    assert col("x").abs().row_function()({"x": np.int64(-2)}) == 2
    hour = col("t").dt.truncate("1h").row_function()
    assert hour({"t": NOON.replace(tzinfo=None)}) == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert (col("t") == NOON).row_function()({"t": NOON.replace(tzinfo=None)}) is True


def test_an_hour_that_comes_twice_is_told_apart():
    zone = ZoneInfo("Europe/Berlin")
    first = datetime(2024, 10, 27, 2, 30, tzinfo=zone)
    second = first.replace(fold=1)
    schema = pa.schema(
        [("a", pa.timestamp("us", "Europe/Berlin")), ("b", pa.timestamp("us", "Europe/Berlin"))]
    )
    batch = pa.RecordBatch.from_arrays(
        [pa.array([first], schema[0].type), pa.array([second], schema[1].type)], schema=schema
    )
    for expression in (
        col("a") < col("b"),
        max_of(col("a"), col("b")).dt.epoch_ms() == col("b").dt.epoch_ms(),
    ):
        assert expression.evaluate(batch).to_pylist() == [True]
        assert expression.row_function(schema)({"a": first, "b": second}) is True
    assert (col("a") == datetime(2024, 10, 27, 0, 30, tzinfo=UTC)).row_function()({"a": first}) is True


def test_a_choice_without_otherwise_is_null():
    size = when(col("x") > 1).then("big").otherwise()
    assert size.evaluate(pa.record_batch({"x": [1, 2]})).to_pylist() == [None, "big"]


def test_nested_choices_are_one():
    inner = when(col("b")).then(2).otherwise(3)
    assert (
        when(col("a"))
        .then(1)
        .otherwise(inner)
        .same_as(when(col("a")).then(1).when(col("b")).then(2).otherwise(3))
    )


def test_members_of_structs():
    batch = pa.record_batch({"r": [{"a": 1, "t": {"b": "x"}}, None]})
    assert col("r").field("t").field("b").evaluate(batch).to_pylist() == ["x", None]
    assert col("r").field("a").row_function()({"r": {"a": 1}}) == 1
    assert parse("r.a + 1").evaluate(batch).to_pylist() == [2, None]


def test_min_of_keeps_the_zone():
    berlin = datetime(2024, 5, 1, tzinfo=ZoneInfo("Europe/Berlin"))
    assert min_of(col("t"), col("t")).dt.hour().row_function()({"t": berlin}) == 0


def test_what_stands_in_for_a_null_decimal_has_its_scale():
    money = pa.decimal128(9, 2)
    schema = pa.schema([("x", money)])
    for text in ("coalesce(x, 0)", "0 if x is None else x", "coalesce(x, decimal('0'))"):
        expression = parse(text)
        over_columns = columns_of(expression, None, money)
        over_rows = expression.row_function(schema)({"x": None})
        assert str(over_columns) == str(over_rows) == "0.00", text


@pytest.mark.parametrize("text", ["x.cast('date') == date('2024-05-01')", "x.cast('date') == y"])
def test_an_operand_whose_cast_fails_is_an_error_also_beside_a_null(text):
    batch = pa.record_batch({"x": ["0000-01-01"], "y": pa.array([None], pa.date32())})
    for schema in (None, batch.schema):
        with pytest.raises(RecordError):
            parse(text).row_function(schema)({"x": "0000-01-01", "y": None})
    with pytest.raises(RecordError):
        parse(text).evaluate(batch)


def test_a_decimal_becomes_the_nearest_double():
    assert both("x.cast('double')", Decimal("2351.20"), pa.decimal128(9, 2)) == 2351.2
    assert both("x * 1.0", Decimal("2351.20"), pa.decimal128(9, 2)) == 2351.2


def test_coarse_times_do_not_wrap_around():
    batch = pa.record_batch({"x": pa.array([2**60], pa.timestamp("s", "UTC"))})
    with pytest.raises(RecordError):
        parse("x.dt.epoch_ms()").evaluate(batch)
