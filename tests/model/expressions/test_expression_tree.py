from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from pulse.errors import PipelineError, PulseInternalError, RecordError, TypeMismatch, UnknownField
from pulse.model.expressions import Expr, coalesce, col, concat, lit, parse, when
from pulse.model.expressions.rowlogic import link_is_in
from pulse.model.expressions.rows import Operand, column
from pulse.model.expressions.tree import Column

SCHEMA = pa.schema(
    [
        ("word", pa.string()),
        ("score", pa.float64()),
        ("n", pa.int64()),
        ("t", pa.timestamp("us", "UTC")),
        ("d", pa.date32()),
        ("m", pa.decimal128(30, 2)),
        ("tags", pa.list_(pa.string())),
        ("user", pa.struct([("name", pa.string())])),
        ("ok", pa.bool_()),
    ]
)


def test_names():
    assert col("a").name == "a"
    assert (col("a") + 1).name == "a + 1"
    assert (col("a") + 1).alias("b").name == "b"
    assert (col("a").alias("b") + 1).name == "a + 1"
    assert lit("x").name == "'x'"


def test_fields():
    assert parse("a + b > 1 and c.x in [1] or a").fields() == {"a", "b", "c"}
    assert lit(1).fields() == frozenset()


def test_identity_is_by_structure_and_type():
    assert col("a").key() == col("a").key()
    assert (
        len({(col("a") + 1).key(), (col("a") + 1).key(), (col("a") + 1.0).key(), (col("a") + True).key()})
        == 3
    )
    assert hash(col("a") > 1) == hash(col("a") > 1)
    assert lit(float("nan")).same_as(lit(float("nan")))
    assert not lit(0.0).same_as(lit(-0.0))
    assert not col("a").same_as(col("a").alias("b"))


def test_an_expression_is_immutable_and_travels():
    expression = parse("a > 1 and t > timestamp('2024-05-01') and s.str.matches('x')")
    with pytest.raises(FrozenInstanceError):
        expression.label = "x"
    assert pickle.loads(pickle.dumps(expression)).same_as(expression)  # noqa: S301 - our own bytes


def test_conjuncts_keep_their_order():
    parts = parse("(a and b) and (c or d) and not e").conjuncts()
    assert [str(part) for part in parts] == ["a", "b", "c or d", "not e"]
    assert [str(part) for part in col("a").alias("x").conjuncts()] == ["a"]


def test_substitution():
    expression = parse("(double > 4 if word is None else n in [1]) and word != 'x'")
    changed = expression.substitute({"double": col("score") * 2, "word": col("w")})
    assert str(changed) == "(score * 2 > 4 if w is None else n in [1]) and w != 'x'"
    assert expression.substitute({}).same_as(expression)
    assert col("a").alias("b").substitute({"a": col("c").alias("d")}).name == "b"


def test_cost_tells_cheap_from_dear():
    assert col("a").cost() == 0
    assert (col("a") > 1).cost() < col("s").str.contains("a").cost() < col("s").str.matches("a").cost()


def test_what_can_fail():
    assert (col("a") + 1).can_fail()
    assert not ((col("a") > 1) & col("s").str.contains("x")).can_fail()


def test_reflected_operators():
    texts = {
        1 + col("a"): "1 + a",
        1 - col("a"): "1 - a",
        2 * col("a"): "2 * a",
        1 / col("a"): "1 / a",
        7 // col("a"): "7 // a",
        7 % col("a"): "7 % a",
        2 ** col("a"): "2 ** a",
        True & col("a"): "True and a",
        False | col("a"): "False or a",
        1 < col("a"): "a > 1",  # noqa: SIM300 - the reflected form is what is tested
        +col("a"): "a",
        -lit(3): "-3",
        -lit(-(2**63)): "--9223372036854775808",
    }
    assert {str(expression): expression for expression in texts}.keys() == set(texts.values())
    for text in texts.values():
        assert str(parse(text)) == text


def test_texts_of_constants():
    for value, text in [
        (None, "None"),
        (True, "True"),
        (-1.5, "-1.5"),
        (float("-inf"), "float('-inf')"),
        (b"a", "b'a'"),
        (datetime(2024, 5, 1, tzinfo=UTC), "timestamp('2024-05-01T00:00:00Z')"),
        (datetime(2024, 5, 1, tzinfo=UTC).date(), "date('2024-05-01')"),
        (np.int64(3), "3"),
    ]:
        assert str(lit(value)) == text
        assert parse(text).same_as(lit(value))
    assert str(lit(5).abs()) == "(5).abs()"
    assert str(lit(-5).abs()) == "(-5).abs()"
    assert repr(col("a") + 1) == "<expression a + 1>"


UNTRUE = "expression a > 1 has no truth value before there is a record"


@pytest.mark.parametrize(
    ("build", "error", "message", "hint"),
    [
        (lambda: bool(col("a") > 1), TypeMismatch, UNTRUE, "use & for and, | for or, ~ for not"),
        (lambda: col("a") > 1 and col("b"), TypeMismatch, UNTRUE, "a.same_as(b)"),
        (
            lambda: list(col("a")),
            TypeMismatch,
            "expression a is one value per record and cannot be iterated",
            "",
        ),
        (
            lambda: col("a") == None,  # noqa: E711
            TypeMismatch,
            "comparison == with None is null for every record",
            "x.is_null()",
        ),
        (lambda: col(""), TypeMismatch, "col('') is not a field: the name of a field is a string", ""),
        (lambda: col("a").alias(""), TypeMismatch, "alias '' is not a field name", ""),
        (
            lambda: lit([1]),
            TypeMismatch,
            "value [1] of Python type list cannot stand in an expression",
            "only in is_in",
        ),
        (
            lambda: col("a") + object,
            TypeMismatch,
            "of Python type type cannot stand in an expression",
            "use None",
        ),
        (lambda: lit(2**63), TypeMismatch, "integer 9223372036854775808 does not fit int64", "use a Decimal"),
        (lambda: col("a").is_in("ab"), TypeMismatch, "is_in takes a list of constants, not 'ab'", ""),
        (
            lambda: col("a").is_in([float("nan")]),
            TypeMismatch,
            "a list for is_in holds nan, which equals nothing",
            "leave",
        ),
        (lambda: col("a").cast("in64"), TypeMismatch, "type 'in64' does not exist", "did you mean 'int64'?"),
        (
            lambda: col("a").round(1.5),
            TypeMismatch,
            "digits 1.5 is not a constant integer from -10 to 10",
            "",
        ),
        (lambda: col("a").str.contains(1), TypeMismatch, "part 1 is not a constant string", ""),
        (lambda: col("a").str.split("", 0), TypeMismatch, "separator must not be empty", ""),
        (
            lambda: col("a").str.matches("(?=a)"),
            PipelineError,
            "'(?=a)' is not a regular expression: ",
            "that of RE2",
        ),
        (
            lambda: col("a").str.extract("(a)", 2),
            PipelineError,
            "pattern '(a)' has no group 2; groups: 0, 1",
            "",
        ),
        (lambda: col("a").dt.truncate("0s"), TypeMismatch, "length of truncate 0s is not positive", ""),
        (
            lambda: col("a").dt.truncate("5"),
            PipelineError,
            "length of truncate '5' is not a duration",
            "'10s'",
        ),
        (
            lambda: col("a").dt.from_epoch("h"),
            TypeMismatch,
            "unit 'h' does not exist; units: s, ms, us, ns",
            "",
        ),
        (
            lambda: col("a").dt.to_time_zone("Mars"),
            TypeMismatch,
            "time zone 'Mars' does not exist",
            "Europe/Berlin",
        ),
        (coalesce, TypeMismatch, "coalesce() needs at least one value", ""),
    ],
)
def test_building_what_cannot_be(build, error, message, hint):
    with pytest.raises(error) as caught:
        build()
    assert message in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "word + 1",
            "'+' is not defined for string and int64: word + 1",
            "'+' takes two numbers, or two strings",
        ),
        ("word > 1", "'>' is not defined for string and int64: word > 1", "two values of one type"),
        ("ok + 1", "'+' is not defined for bool and int64", "two numbers"),
        (
            "score and ok",
            "'and' is not defined for double and bool: score and ok",
            "booleans, such as comparisons",
        ),
        ("not n", "'not' is not defined for int64: not n", "a boolean"),
        ("-word", "'-' is not defined for string: -word", "numbers"),
        ("tags == tags", "'==' is not defined for list<string>", "two values of one type"),
        ("n in ['a']", "'in' is not defined for int64 and string", "two values of one type"),
        ("1 if n else 2", "'if' is not defined for int64: 1 if n else 2", "boolean conditions"),
        ("1 if ok else 'a'", "'if' is not defined for bool and int64 and string", "values of one type"),
        ("coalesce(n, word)", "coalesce() is not defined for int64 and string", "values of one type"),
        ("min_of(ok, ok)", "min_of() is not defined for bool", "numbers, strings, times or binary"),
        ("n.str.lower()", ".str.lower() is not defined for int64: n.str.lower()", "strings"),
        ("d.dt.hour()", ".dt.hour() is not defined for date: d.dt.hour()", "timestamps"),
        ("word.a", ".field() is not defined for string", "a struct"),
        ("m // 2", "'//' is not defined for decimal(30, 2)", "cast decimals first"),
        ("m * m", "'*' is not defined for decimal(30, 2): m * m", "numbers"),
        ("tags.cast('int64')", ".cast('int64') is not defined for list<string>", "has a form in that type"),
        ("n.cast('timestamp')", "cast from int64 to timestamp does not say its unit", ".dt.from_epoch('ms')"),
        ("t.cast('int64')", "cast from timestamp to int64 does not say its unit", ".dt.epoch_ms()"),
        ("t > 'noon'", "'noon' is compared with a timestamp but is no ISO 8601 time", "write '2024-05-01'"),
    ],
)
def test_types_are_checked_against_a_schema(text, message, hint):
    with pytest.raises(TypeMismatch) as caught:
        parse(text).type(SCHEMA)
    assert message in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("wrd == 'a'", "field 'wrd' does not exist; fields: word, score, n, t,", "did you mean 'word'?"),
        ("user.nam", "field 'nam' does not exist; fields: name", "did you mean 'name'?"),
    ],
)
def test_unknown_fields(text, message, hint):
    for ask in (parse(text).type, parse(text).row_function):
        with pytest.raises(UnknownField) as caught:
            ask(SCHEMA)
        assert message in caught.value.message
        assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("x + 1", 2**63 - 1, "integer overflow: 9223372036854775807 + 1 does not fit int64"),
        ("x ** 3", 2**40, "integer overflow: 1099511627776 ** 3 does not fit int64"),
        ("x ** 99", 2, "integer overflow: 2 ** 99 does not fit int64"),
        ("x ** -1", 2, "negative exponent: 2 ** -1 is no integer"),
        ("x % 0", 3, "division by zero: 3 % 0"),
        ("x + 1", "a", "+ is not defined for 'a' (string) and 1 (int64)"),
        ("x > 1", "a", "> is not defined for 'a' (string) and 1 (int64)"),
        ("x > 1", [1], "> is not defined for [1] (list<int64>) and 1 (int64)"),
        ("x > 1", {1}, "> is not defined for {1} (set) and 1 (int64)"),
        ("x / 2", "a", "/ is not defined for 'a' (string) and 2 (int64)"),
        (
            "x // decimal('2')",
            1,
            "// is not defined for Decimal('1') (decimal(1, 0)) and Decimal('2') (decimal(1, 0))",
        ),
        ("x > 'a'", datetime(2024, 5, 1, tzinfo=UTC), "> is not defined for datetime.datetime(2024"),
        ("x and True", 1, "and is not defined for 1 (int64) and True (bool)"),
        ("not x", 1, "not is not defined for 1 (int64)"),
        ("1 if x else 2", 1, "when is not defined for 1 (int64)"),
        ("x.str.lower()", 1, "str.lower is not defined for 1 (int64)"),
        ("x.abs()", True, "abs is not defined for True (bool)"),
        ("x.abs()", -(2**63), "integer overflow: -9223372036854775808 does not fit int64"),
        ("x.round(10)", 1e300, "round(1e+300, 10) overflows"),
        ("x.cast('int64')", 1.5, "value 1.5 cannot be cast to int64"),
        ("x.dt.from_epoch('s')", 10**15, "dt.from_epoch of 1000000000000000 failed: "),
        ("x.dt.hour()", "a", "dt.hour is not defined for 'a' (string)"),
    ],
)
def test_a_row_without_a_value_says_why(text, value, message):
    with pytest.raises(RecordError) as caught:
        parse(text).row_function()({"x": value})
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "value", "message"),
    [
        ("x + 1", 2**63 - 1, "x + 1 failed: overflow"),
        ("x // 0", 1, "division by zero in //"),
        ("x // -1", -(2**63), "integer overflow in //"),
        ("x ** -1", 2, "x ** (-1) failed: integers to negative integer powers are not allowed"),
        (
            "x.cast('int64')",
            1.5,
            "x.cast('int64') failed: Float value 1.500000 was truncated converting to int64",
        ),
        ("x.dt.from_epoch('s')", 10**12, "a time lies outside the years 1 to 9999"),
    ],
)
def test_a_batch_without_a_value_says_why(text, value, message):
    with pytest.raises(RecordError) as caught:
        parse(text).evaluate(pa.record_batch({"x": [value]}))
    assert message in caught.value.message


def test_a_value_that_is_no_time_in_a_typed_row():
    with pytest.raises(RecordError, match="value 'a' is not a time"):
        (col("d") < col("t")).row_function(SCHEMA)({"d": "a", "t": datetime(2024, 5, 1, tzinfo=UTC)})


def test_a_list_of_constants_holds_constants():
    operand = Operand(Column("a"), column("a"))
    with pytest.raises(PulseInternalError, match="a list of constants holds something else"):
        link_is_in([operand, operand], ())


def test_a_field_that_is_there_twice_is_unknown():
    batch = pa.RecordBatch.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(UnknownField):
        col("a").evaluate(batch)


def test_builders_take_expressions_and_values():
    assert str(concat("a", col("b"))) == "concat('a', b)"
    assert str(when(col("c")).then(col("a")).otherwise(1)) == "a if c else 1"
    assert isinstance(lit(col("a")), Expr)
    assert str(col("s").str.concat("-", col("t"))) == "concat(s, '-', t)"
