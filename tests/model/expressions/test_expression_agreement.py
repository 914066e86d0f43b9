"""Both evaluators agree on every function of the table, and the text form reads back."""

from __future__ import annotations

import math
import operator
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulse.errors import RecordError, TypeMismatch
from pulse.model.expressions import coalesce, col, concat, lit, max_of, min_of, parse, when
from pulse.model.expressions.table import FUNCTIONS

SCHEMA = pa.schema(
    [
        ("i", pa.int64()),
        ("j", pa.int64()),
        ("k", pa.int16()),
        ("x", pa.float64()),
        ("y", pa.float64()),
        ("f", pa.float32()),
        ("s", pa.string()),
        ("u", pa.string()),
        ("b", pa.bool_()),
        ("c", pa.bool_()),
        ("t", pa.timestamp("us", "UTC")),
        ("z", pa.timestamp("ms", "Europe/Berlin")),
        ("d", pa.date32()),
        ("m", pa.decimal128(9, 2)),
        ("n", pa.null()),
        ("r", pa.struct([("a", pa.int64()), ("w", pa.string())])),
    ]
)
INTS = st.one_of(
    st.integers(-5, 5),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1, 2**32, -(2**31)]),
)
FLOATS = st.one_of(
    st.floats(),
    st.floats(-10, 10).map(lambda x: round(x, 2)),
    st.sampled_from([0.0, -0.0, 0.5, 1.5, 2.5, -2.5, 4.35, 1e300, 2.0**63, math.nan]),
)
TEXTS = st.one_of(
    st.text(max_size=6),
    st.text("ab/ ,", max_size=8),
    st.text(st.characters(max_codepoint=127), max_size=6),
    st.sampled_from(
        [
            "12",
            "-7",
            "007",
            "+1",
            " 1",
            "1.5",
            "1e3",
            "1_000",
            "nan",
            "inf",
            "true",
            "TRUE",
            "0",
            "0x1F",
            "ß",
            "İ",
            "2024-05-01",
            "2024-05-01T10:00:00",
            "2024-05-01T10:00:00.5Z",
            "2024-05-01 10:00+02:00",
            "a/b/c",
            "0000-01-01",
            "9999-12-31T23:59:59-05:00",
            "2024-13-01",
            "2024-05-01T24:00:00Z",
            "9223372036854775808",
        ]
    ),
)
TIMES = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
# Arrow knows the rules of zones from 1900 to 2037 only.
MILLIS = st.datetimes(datetime(1900, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)).map(
    lambda t: t.replace(microsecond=t.microsecond // 1000 * 1000)
)
DATES = st.dates()
DECIMALS = st.decimals(-9_999_999, 9_999_999, places=2)
BY_FIELD = {
    "i": INTS,
    "j": INTS,
    "k": st.integers(-(2**15), 2**15 - 1),
    "x": FLOATS,
    "y": FLOATS,
    "f": st.floats(width=32),
    "s": TEXTS,
    "u": TEXTS,
    "b": st.booleans(),
    "c": st.booleans(),
    "t": TIMES,
    "z": MILLIS,
    "d": DATES,
    "m": DECIMALS,
    "n": st.none(),
    "r": st.fixed_dictionaries({"a": st.none() | INTS, "w": st.none() | TEXTS}),
}


def _rows(names):
    fields = {name: st.none() | BY_FIELD[name] for name in sorted(names)}
    return st.lists(st.fixed_dictionaries(fields), min_size=1, max_size=4)


LEAVES = {
    "int": [st.sampled_from([col("i"), col("j")]), INTS.map(lit)],
    "double": [st.sampled_from([col("x"), col("y")]), FLOATS.map(lit)],
    "string": [st.sampled_from([col("s"), col("u")]), TEXTS.map(lit)],
    "bool": [st.sampled_from([col("b"), col("c")]), st.booleans().map(lit)],
    "timestamp": [st.just(col("t")), TIMES.map(lit)],
    "date": [st.just(col("d")), DATES.map(lit)],
    "decimal": [st.just(col("m")), DECIMALS.map(lit)],
    "struct": [st.just(col("r"))],
    "recent": [st.just(col("z"))],
}
# What may stand for a kind where every conversion is known from the schema.
WIDER = {
    "int": [st.just(col("k")), st.just(col("n"))],
    "double": [st.just(col("f")), st.just(col("n")), *LEAVES["int"]],
    "timestamp": [st.just(col("z")), st.just(lit("2024-05-01T10:00:00Z"))],
    "date": [st.just(lit("2024-05-01"))],
    "decimal": [st.integers(-99, 99).map(lit)],
    "string": [st.just(col("n"))],
    "bool": [st.just(col("n"))],
}
ANY = ("int", "double", "string", "bool", "timestamp", "date", "decimal")
NUMBERS = ("int", "double")


def _same(kinds, result, build, count=2):
    """A form per kind, with arguments of that one kind."""
    return [((kind,) * count, result or kind, build) for kind in kinds]


def _constants(kind):
    values = {
        "int": st.integers(-5, 5),
        "double": FLOATS.filter(lambda x: not math.isnan(x)),
        "string": TEXTS,
        "bool": st.booleans(),
        "timestamp": TIMES,
        "date": DATES,
        "decimal": DECIMALS,
    }
    return st.lists(values[kind], max_size=3)


def _cast(kinds, to, result):
    return [((kind,), result, lambda e, to=to: e.cast(to)) for kind in kinds]


FORMS = {
    **{
        name: [*_same(NUMBERS, None, build), *extra]
        for name, build, extra in [
            ("add", operator.add, _same(["string"], None, operator.add)),
            ("subtract", operator.sub, []),
            ("multiply", operator.mul, []),
            ("floor_divide", operator.floordiv, []),
            ("modulo", operator.mod, []),
            ("power", operator.pow, []),
        ]
    },
    "divide": _same(NUMBERS, "double", operator.truediv),
    **{
        name: _same(ANY, "bool", build)
        for name, build in [
            ("equal", operator.eq),
            ("not_equal", operator.ne),
            ("less", operator.lt),
            ("less_equal", operator.le),
            ("greater", operator.gt),
            ("greater_equal", operator.ge),
        ]
    },
    "and": _same(["bool"], None, operator.and_),
    "or": _same(["bool"], None, operator.or_),
    "not": [(("bool",), "bool", operator.invert)],
    "negate": _same([*NUMBERS, "decimal"], None, operator.neg, 1),
    "abs": _same([*NUMBERS, "decimal"], None, lambda e: e.abs(), 1),
    "round": [
        ((kind,), kind, lambda e, n=n: e.round(n)) for kind in NUMBERS for n in (-10, -2, -1, 0, 1, 2, 5, 10)
    ],
    "floor": _same(NUMBERS, None, lambda e: e.floor(), 1),
    "ceil": _same(NUMBERS, None, lambda e: e.ceil(), 1),
    "sqrt": _same(NUMBERS, "double", lambda e: e.sqrt(), 1),
    "exp": _same(NUMBERS, "double", lambda e: e.exp(), 1),
    "ln": _same(NUMBERS, "double", lambda e: e.ln(), 1),
    "log10": _same(NUMBERS, "double", lambda e: e.log10(), 1),
    "is_null": _same([*ANY, "struct"], "bool", lambda e: e.is_null(), 1),
    "is_not_null": _same(ANY, "bool", lambda e: e.is_not_null(), 1),
    "is_in": [((kind,), "bool", _constants(kind).map(lambda v: lambda e: e.is_in(v))) for kind in ANY],
    "when": [
        *[(("bool", kind, kind), kind, lambda c, a, b: when(c).then(a).otherwise(b)) for kind in ANY],
        (
            ("bool", "int", "bool", "int", "int"),
            "int",
            lambda c, a, e, b, d: when(c).then(a).when(e).then(b).otherwise(d),
        ),
    ],
    "coalesce": [*_same(ANY, None, coalesce), *_same(["int"], None, coalesce, 3)],
    "min_of": [*_same([k for k in ANY if k != "bool"], None, min_of), *_same(["double"], None, min_of, 3)],
    "max_of": [*_same([k for k in ANY if k != "bool"], None, max_of), *_same(["double"], None, max_of, 3)],
    "concat": _same(["string"], None, concat, 3),
    "field": [
        (("struct",), "int", lambda e: e.field("a")),
        (("struct",), "string", lambda e: e.field("w")),
    ],
    "cast": [
        *_cast(["double", "string", "bool", "int", "decimal"], "int64", "int"),
        *_cast(["int", "string", "bool", "decimal"], "double", "double"),
        *_cast(["int", "double", "bool", "timestamp", "date", "decimal"], "string", "string"),
        *_cast(["int", "double", "string"], "bool", "bool"),
        *_cast(["string", "date"], "timestamp", "timestamp"),
        *_cast(["string", "timestamp"], "date", "date"),
        *_cast(["int"], "int16", "int"),
    ],
    "str.lower": [(("string",), "string", lambda e: e.str.lower())],
    "str.upper": [(("string",), "string", lambda e: e.str.upper())],
    "str.strip": [(("string",), "string", lambda e: e.str.strip())],
    "str.lstrip": [(("string",), "string", lambda e: e.str.lstrip())],
    "str.rstrip": [(("string",), "string", lambda e: e.str.rstrip())],
    "str.length": [(("string",), "int", lambda e: e.str.length())],
    "str.startswith": [(("string",), "bool", lambda e, p=p: e.str.startswith(p)) for p in ("a", "", "ß")],
    "str.endswith": [(("string",), "bool", lambda e, p=p: e.str.endswith(p)) for p in ("b", "", "1")],
    "str.contains": [(("string",), "bool", lambda e, p=p: e.str.contains(p)) for p in ("a", "", "/b")],
    "str.replace": [
        (("string",), "string", lambda e, p=p: e.str.replace(*p))
        for p in (("a", "bb"), ("ab", ""), ("/", "//"))
    ],
    "str.slice": [
        (("string",), "string", lambda e, p=p: e.str.slice(*p))
        for p in ((0,), (1,), (-2,), (1, 3), (-3, -1), (2, 1), (-1, 1), (0, 0), (0, -9))
    ],
    "str.split": [
        (("string",), "string", lambda e, p=p: e.str.split(*p))
        for p in (("/", 0), ("/", 1), (",", -1), ("ab", -2))
    ],
    "str.matches": [
        (("string",), "bool", lambda e, p=p: e.str.matches(p)) for p in ("a+b", r"^\d+$", "(?i)Ab")
    ],
    "str.extract": [
        (("string",), "string", lambda e, p=p: e.str.extract(*p))
        for p in ((r"(\d+)-", 1), ("(?P<w>[ab]+)/?", "w"), ("a|b", 0))
    ],
    **{
        f"dt.{name}": [((kind,), "int", lambda e, name=name: getattr(e.dt, name)()) for kind in kinds]
        for name, kinds in [
            ("year", ("timestamp", "date")),
            ("month", ("timestamp", "date")),
            ("day", ("timestamp", "date")),
            ("weekday", ("timestamp", "date")),
            ("hour", ("timestamp",)),
            ("minute", ("timestamp",)),
            ("second", ("timestamp",)),
            ("epoch_ms", ("timestamp",)),
        ]
    },
    "dt.date": [((kind,), "date", lambda e: e.dt.date()) for kind in ("timestamp", "date")],
    "dt.truncate": [
        (("timestamp",), "timestamp", lambda e, p=p: e.dt.truncate(p)) for p in ("1h", "1d", "7s", "250ms")
    ],
    "dt.from_epoch": [
        (("int",), "timestamp", lambda e, p=p: e.dt.from_epoch(p)) for p in ("s", "ms", "us", "ns")
    ],
    "dt.to_time_zone": [
        (("recent",), "timestamp", lambda e, p=p: e.dt.to_time_zone(p)) for p in ("America/New_York", "UTC")
    ],
    "dt.strftime": [(("timestamp",), "string", lambda e: e.dt.strftime("%Y-%m-%d %H:%M:%S"))],
}


@st.composite
def _expressions(draw, name, *, mixed, depth=2):
    arguments, _, build = draw(st.sampled_from(FORMS[name]))
    if isinstance(build, st.SearchStrategy):
        build = draw(build)
    nodes = [draw(_of_kind(kind, mixed=mixed, depth=depth - 1)) for kind in arguments]
    return build(*nodes)


@st.composite
def _of_kind(draw, kind, *, mixed, depth):
    if depth > 0 and draw(st.booleans()):
        names = [name for name, forms in FORMS.items() if any(form[1] == kind for form in forms)]
        if names:
            name = draw(st.sampled_from(names))
            forms = [form for form in FORMS[name] if form[1] == kind]
            arguments, _, build = draw(st.sampled_from(forms))
            if isinstance(build, st.SearchStrategy):
                build = draw(build)
            return build(*[draw(_of_kind(one, mixed=mixed, depth=depth - 1)) for one in arguments])
    # A column more often than a constant.
    leaves = [*LEAVES[kind], *(WIDER.get(kind, []) if mixed else [])]
    # A column more often than a constant.
    return draw(st.one_of(leaves[0], leaves[0], *leaves))


def _outcome(function, *arguments):
    try:
        return function(*arguments)
    except RecordError:
        return RecordError


def _equal(a, b, *, exact):
    if a is None or b is None or a is RecordError or b is RecordError:
        return a is b
    if exact and type(a) is not type(b):
        return False
    if isinstance(a, float) or isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-12)
    return a == b


def _check(expression, rows, schema):
    fields = pa.schema([field for field in SCHEMA if field.name in rows[0]])
    columns = [pa.array([row[field.name] for row in rows], field.type) for field in fields]
    batch = (
        pa.RecordBatch.from_arrays(columns, schema=fields)
        if columns
        else pa.record_batch({"unused": [0] * len(rows)})
    )
    try:
        kind = expression.type(SCHEMA)
    except TypeMismatch:
        return  # such as a sum of decimals with too many digits
    by_row = expression.row_function(schema)
    # Records as they come out of columns: None for null, zoned times.
    records = batch.to_pylist()
    singles = []
    for index, record in enumerate(records):
        single = _outcome(expression.evaluate, batch.slice(index, 1))
        if single is not RecordError:
            assert len(single) == 1
            assert single.type == kind
            single = single[0].as_py()
        value = _outcome(by_row, record)
        assert _equal(single, value, exact=schema is not None), (str(expression), record, single, value)
        singles.append(single)
    whole = _outcome(expression.evaluate, batch)
    if RecordError in singles:
        assert whole is RecordError
    else:
        assert whole is not RecordError
        assert all(_equal(a, b, exact=True) for a, b in zip(whole.to_pylist(), singles, strict=True))


def test_every_function_has_a_form():
    assert set(FORMS) == set(FUNCTIONS) - {"widen"}


EFFORT = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def _for_every_function(test):
    return pytest.mark.parametrize("name", list(FORMS))(test)


@_for_every_function
@EFFORT
@given(data=st.data())
def test_rows_without_a_schema_agree_with_columns(name, data):
    expression = data.draw(_expressions(name, mixed=False))
    _check(expression, data.draw(_rows(expression.fields())), None)


@_for_every_function
@EFFORT
@given(data=st.data())
def test_rows_with_a_schema_agree_with_columns_in_value_and_type(name, data):
    expression = data.draw(_expressions(name, mixed=True))
    _check(expression, data.draw(_rows(expression.fields())), SCHEMA)


@_for_every_function
@EFFORT
@given(data=st.data())
def test_the_text_form_reads_back(name, data):
    expression = data.draw(_expressions(name, mixed=True, depth=3))
    assert parse(str(expression)).same_as(expression), str(expression)
    named = expression.alias('it\'s "x"')
    assert parse(str(named)).same_as(named)
