from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.errors import TypeMismatch
from pulse.model.schema import (
    ALIASES,
    NAMES,
    data_type,
    infer,
    is_key_type,
    schema_of,
    type_name,
    type_of,
    widen,
)

PLAIN = st.sampled_from(
    [
        *NAMES.values(),
        pa.decimal128(10, 2),
        pa.timestamp("ms", "UTC"),
        pa.timestamp("ns", "Europe/Berlin"),
        pa.timestamp("us"),
        pa.timestamp("s"),
    ]
)
KINDS = st.recursive(
    PLAIN,
    lambda kinds: st.one_of(
        kinds.map(pa.list_),
        st.tuples(st.just(pa.string()), kinds).map(lambda pair: pa.map_(*pair)),
        st.lists(kinds, max_size=3).map(lambda parts: pa.struct([(f"f{i}", k) for i, k in enumerate(parts)])),
    ),
    max_leaves=4,
)


@given(KINDS)
def test_a_type_name_reads_back(kind):
    assert data_type(type_name(kind)) == kind


@given(KINDS, KINDS)
def test_widening_is_symmetric_and_holds_both(left, right):
    wide = widen(left, right)
    other = widen(right, left)
    if wide is None or not pa.types.is_struct(wide):
        assert wide == other
    if wide is not None:
        assert widen(wide, left) == wide
        assert widen(wide, right) == wide


@given(KINDS)
def test_null_widens_to_anything(kind):
    assert widen(pa.null(), kind) == kind
    assert widen(kind, kind) == kind


@pytest.mark.parametrize("alias", ALIASES)
def test_every_alias_is_the_type_that_it_names(alias):
    assert data_type(alias) == NAMES[ALIASES[alias]]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Int64", pa.int64()),
        (" decimal( 10 , 2 ) ", pa.decimal128(10, 2)),
        ("decimal(5)", pa.decimal128(5, 0)),
        ("timestamp(ms)", pa.timestamp("ms", "UTC")),
        ("list<struct<a: list<int>, b: timestamp>>", None),
        ("struct<>", pa.struct([])),
        ("local_timestamp(ns)", pa.timestamp("ns")),
    ],
)
def test_names_are_read_freely(text, kind):
    assert data_type(text) == (kind or data_type(type_name(data_type(text))))


def test_an_arrow_type_is_its_own_name():
    assert data_type(pa.int8()) == pa.int8()


def test_an_unusual_type_has_arrows_own_text():
    assert type_name(pa.dictionary(pa.int32(), pa.string())).startswith("dictionary<")


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("in64", "type 'in64' does not exist; types: null, bool, int8,", "did you mean 'int64'?"),
        ("list<sting>", "type 'sting' does not exist", "did you mean 'string'?"),
        ("list", "'list' is not a type name: expected '<' after it", "list<type>"),
        ("decimal(10,2", "'decimal(10,2' is not a type name: expected ')' after it", "decimal(prec"),
        (
            "decimal(50,2)",
            "a decimal has 1 to 38 digits, of which scale come after the point",
            "decimal(prec",
        ),
        ("decimal(x)", "'x' stands where a number belongs", "decimal(prec"),
        ("timestamp(m)", "'m' is not a unit; units: s, ms, us, ns", "timestamp(ms)"),
        ("timestamp(us, Europe/Bern1)", "'Europe/Bern1' is not a time zone", "timestamp(ms)"),
        ("int64 int64", "'int64' is left over", "composed types"),
        ("int64 ?", "'?' has no meaning there", "composed types"),
        ("", "it ends too early", "composed types"),
        ("list<" * 60 + "int" + ">" * 60, "it is nested deeper than 50", "composed types"),
    ],
)
def test_a_wrong_name_says_what_is_wrong(name, message, hint):
    with pytest.raises(TypeMismatch) as caught:
        data_type(name)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_wrong_schema_names_the_field():
    with pytest.raises(TypeMismatch, match="field 'a': type 'in64' does not exist"):
        schema_of({"b": "int", "a": "in64"})


@pytest.mark.parametrize(
    ("left", "right", "wide"),
    [
        ("int32", "int64", "int64"),
        ("uint8", "int8", "int16"),
        ("uint32", "int32", "int64"),
        ("uint64", "int64", None),
        ("int64", "float32", "double"),
        ("float32", "double", "double"),
        ("int64", "decimal(10, 2)", "decimal(21, 2)"),
        ("decimal(10, 2)", "decimal(12, 4)", "decimal(12, 4)"),
        ("decimal(38, 0)", "decimal(38, 38)", None),
        ("decimal(10, 2)", "double", "double"),
        ("date", "timestamp", "timestamp"),
        ("local_timestamp", "timestamp(ms)", "timestamp"),
        ("timestamp(us, Europe/Berlin)", "timestamp(us, Asia/Tokyo)", "timestamp"),
        ("string", "large_string", "large_string"),
        ("string", "int64", None),
        ("bool", "int64", None),
        ("list<null>", "list<int64>", "list<int64>"),
        ("list<string>", "list<int64>", None),
        ("map<string, int32>", "map<string, double>", "map<string, double>"),
        ("map<string, int32>", "map<string, string>", None),
        ("struct<a: int64>", "struct<a: double, b: string>", "struct<a: double, b: string>"),
        ("struct<a: int64>", "struct<a: string>", None),
        ("struct<a: int64>", "list<int64>", None),
    ],
)
def test_widening(left, right, wide):
    found = widen(data_type(left), data_type(right))
    assert (None if found is None else type_name(found)) == wide


def test_dictionaries_widen_as_what_they_hold():
    coded = pa.dictionary(pa.int32(), pa.string())
    assert widen(coded, pa.string()) == pa.string()
    assert widen(coded, pa.int64()) is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "bool"),
        (1, "int64"),
        (np.int32(1), "int64"),
        (1.5, "double"),
        ("a", "string"),
        (b"a", "binary"),
        (datetime(2024, 5, 1, tzinfo=UTC), "timestamp"),
        (date(2024, 5, 1), "date"),
        (time(1), "time"),
        (timedelta(1), "duration"),
        (Decimal("0.001"), "decimal(3, 3)"),
        (Decimal("1E+2"), "decimal(3, 0)"),
        ([1, 2.0], "list<double>"),
        ({"a": [None]}, "struct<a: list<null>>"),
    ],
)
def test_the_type_of_a_value(value, name):
    assert type_name(type_of(value)) == name


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (2**63, "integer 9223372036854775808 does not fit int64"),
        (Decimal("NaN"), "decimal NaN is not finite"),
        (Decimal(10) ** 40, "has 41 digits, more than 38"),
        (object, "of Python type type has no Arrow type"),
    ],
)
def test_a_value_without_a_type(value, message):
    with pytest.raises(TypeMismatch, match=message):
        type_of(value)


def test_values_that_do_not_fit_together():
    with pytest.raises(
        TypeMismatch, match="value 'a' of type string does not fit the values before it, of type int64"
    ):
        infer([1, "a"])


def test_safe_keys():
    safe = [
        "null",
        "bool",
        "int8",
        "uint64",
        "double",
        "string",
        "binary",
        "timestamp",
        "date",
        "decimal(9, 2)",
    ]
    assert all(is_key_type(data_type(name)) for name in safe)
    assert is_key_type(pa.dictionary(pa.int32(), pa.string()))
    assert not any(
        is_key_type(data_type(name)) for name in ["list<int64>", "struct<a: int64>", "map<string, int64>"]
    )
