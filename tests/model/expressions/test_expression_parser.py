from __future__ import annotations

import pytest

from pulse.errors import PipelineError
from pulse.model.expressions import coalesce, col, concat, lit, max_of, parse, when


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("score > 1.0 and word != 'x'", (col("score") > 1.0) & (col("word") != "x")),
        ("not a or b and c", ~col("a") | (col("b") & col("c"))),
        ("~a & b | c", (~col("a") & col("b")) | col("c")),
        ("0 < x < 5", (lit(0) < col("x")) & (col("x") < 5)),
        ("x in ['a', 'b']", col("x").is_in(["a", "b"])),
        ("x not in (1, 2)", ~col("x").is_in([1, 2])),
        ("x.is_in([1])", col("x").is_in([1])),
        ("x is None", col("x").is_null()),
        ("x is not None", col("x").is_not_null()),
        ("-x ** 2", -(col("x") ** 2)),
        ("(-2) ** x", lit(-2) ** col("x")),
        ("-9223372036854775808", lit(-(2**63))),
        ("+a - b", col("a") - col("b")),
        ("a - (b - c)", col("a") - (col("b") - col("c"))),
        ("a // b % c", col("a") // col("b") % col("c")),
        ("1 if a else 2 if b else 3", when(col("a")).then(1).when(col("b")).then(2).otherwise(3)),
        ("word.str.startswith('a')", col("word").str.startswith("a")),
        (r"word.str.matches('\d+')", col("word").str.matches(r"\d+")),
        ("word.str.slice(1, stop=3)", col("word").str.slice(1, 3)),
        ("t.dt.hour()", col("t").dt.hour()),
        ("t > timestamp('2024-05-01T10:00:00Z')", col("t") > parse("timestamp('2024-05-01 10:00')")),
        ("user.country == 'NL'", col("user").field("country") == "NL"),
        ("user.str.field('dt').dt.hour()", None),
        ("col('odd name') + 1", col("odd name") + 1),
        ("lit(1) + a", lit(1) + col("a")),
        ("coalesce(a, b, 0)", coalesce(col("a"), col("b"), 0)),
        ("a.coalesce(b).fill_null(0)", col("a").coalesce(col("b")).fill_null(0)),
        ("concat(a, '-', b)", concat(col("a"), "-", col("b"))),
        ("max_of(a, 1.5)", max_of(col("a"), 1.5)),
        ("a.between(1, b)", col("a").between(1, col("b"))),
        ("a.cast('int64').alias('n')", col("a").cast("int").alias("n")),
        ("a > 1 and\n  b < 2", (col("a") > 1) & (col("b") < 2)),
        ("a == float('-inf')", col("a") == float("-inf")),
        ("x is True if False else x", None),
    ],
)
def test_texts(text, expression):
    if expression is None:
        with pytest.raises(PipelineError):
            parse(text)
    else:
        assert parse(text).same_as(expression)


ERRORS = [
    ("", "expression '' is empty", "", "write one such as"),
    ("a" * 10_001, "expression has 10001 characters, more than 10000", "", "long lists"),
    ("a +", "expression cannot be read: invalid syntax", "  a +\n", None),
    ("a\0b", "expression cannot be read: source code string cannot contain null bytes", "", None),
    ("'\ud800'", "expression cannot be read: 'utf-8' codec", "", None),
    (
        "foo(a)",
        "function 'foo' does not exist; functions: col, lit, coalesce",
        "\n  foo(a)\n  ^^^",
        "did you mean",
    ),
    ("max(a, b)", "function 'max' does not exist", "", "did you mean max_of()?"),
    ("lower(a)", "function 'lower' does not exist", "", "write .str.lower()"),
    (
        "a.lower()",
        "method 'lower' does not exist; methods: abs, alias,",
        "\n  a.lower()",
        "write .str.lower()",
    ),
    ("a.str.loer()", "method 'str.loer' does not exist", "", "did you mean .str.lower()?"),
    ("a.evaluate(b)", "method 'evaluate' does not exist", "", None),
    ("__import__('os')", "function '__import__' does not exist", "", None),
    ("a > 1 and b is 1", "'is' compares with None only", "\n                 ^", "write == for values"),
    ("a == None", "comparison with None is null for every record", "\n       ^^^^", "write 'is None'"),
    ("a[0]", "indexing with [...] is not allowed in an expression", "^^^^", "allowed: constants, fields"),
    ("lambda: 1", "a lambda is not allowed in an expression", "^", "allowed"),
    ("[x for x in y]", "a comprehension is not allowed in an expression", "^", "allowed"),
    ("f'{a}'", "an f-string is not allowed in an expression", "^", "allowed"),
    ("[1]", "a list outside of 'in' is not allowed", "^", "allowed"),
    ("x in y", "'in' takes a list of constants", "\n       ^", "write x in ['a', 'b']"),
    ("x in [y]", "a list holds constants only", "\n        ^", "write x == a or x == b"),
    ("x in [None]", "a list for is_in holds None, which equals nothing", "^", "leave it out"),
    ("a @ b", "operator '@' is not allowed in an expression", "^", None),
    ("a.str", "'.str' stands alone", "^", "write .str.method()"),
    ("(a or b)(c)", "only functions and methods can be called", "^", None),
    ("concat(a, **b)", "** is not allowed in a call", "^", None),
    ("a.round(1, 2)", "round() does not take these arguments: too many positional arguments", "^", None),
    ("a.round(b)", "digits <expression b> is not a constant integer from -10 to 10", "^", None),
    ("a.str.matches('(')", "'(' is not a regular expression: missing ): (", "^", "the syntax is that of RE2"),
    ("1j", "value 1j of Python type complex cannot stand in an expression", "^", "use None, bool"),
    ("99999999999999999999", "integer 99999999999999999999 does not fit int64", "^", "use a Decimal"),
    ("timestamp('x')", "timestamp('x') is no ISO 8601 time", "^", "write '2024-05-01T10:00:00Z'"),
    ("date(1)", "date(1) is no ISO 8601 date", "^", "write '2024-05-01'"),
    ("decimal('x')", "decimal('x') is no decimal number", "^", "write '1.20'"),
    ("float('x')", "float('x') is no number", "^", "write 1.5"),
    ("a >\n größe > foo(2)", "function 'foo' does not exist", "\n   größe > foo(2)\n           ^^^", None),
    ("-" * 5000 + "a", "expression is nested deeper than 100", "", None),
    ("not " * 150 + "a", "expression is nested deeper than 100", "\n  ", None),
    ("(" * 500 + "a" + ")" * 500, "expression cannot be read: too many nested parentheses", "^", None),
    ("a or " * 150 + "a", "151 conditions stand in one row, more than 100", "^", "write x in [...]"),
]


@pytest.mark.parametrize(
    ("text", "message", "place", "hint"), ERRORS, ids=[error[1][:40] for error in ERRORS]
)
def test_errors_show_the_place_and_the_way_out(text, message, place, hint):
    with pytest.raises(PipelineError) as caught:
        parse(text)
    error = caught.value
    assert message in error.message
    assert place in error.message
    assert all(len(line) < 400 for line in error.message.split("\n")[1:])
    if hint:
        assert hint in error.hint


def test_nothing_of_python_is_within_reach():
    assert str(parse("a.__class__")) == "a.field('__class__')"
    for text in (
        "(lambda: 1)()",
        "a.__class__()",
        "col.__init__()",
        "open('x')",
        "a := 1",
        "yield a",
        "await a",
    ):
        with pytest.raises(PipelineError):
            parse(text)


def test_a_long_row_of_conditions_still_runs():
    text = " or ".join(f"a == {number}" for number in range(100))
    assert parse(text).row_function()({"a": 99}) is True
    assert parse(str(parse(text))).same_as(parse(text))
