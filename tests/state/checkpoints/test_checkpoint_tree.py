"""State as data: what is read back equals what was written, types included."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.errors import StateError
from pulse.state.checkpoints import pack, unpack

KEYS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.binary(), st.dates())
PLAIN = st.recursive(
    st.one_of(
        KEYS,
        st.floats(allow_nan=False),
        st.decimals(allow_nan=False),
        st.times(),
        st.datetimes(),
        st.timedeltas(),
        st.uuids(),
    ),
    lambda inner: st.one_of(
        st.lists(inner),
        st.lists(inner).map(tuple),
        st.sets(KEYS),
        st.frozensets(KEYS),
        st.dictionaries(KEYS, inner),
        st.dictionaries(st.text(), inner),
    ),
    max_leaves=20,
)


def again(value):
    return unpack(b"".join(pack(value, "step 'a'")))


def same(left, right):
    """Return whether two values are equal, and of equal types all the way down."""
    if type(left) is not type(right):
        return False
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    if isinstance(left, set | frozenset):
        return sorted(map(repr, left)) == sorted(map(repr, right))
    return left == right


@given(PLAIN)
def test_plain_data_comes_back(value):
    assert same(again(value), value)


def test_kinds_that_json_does_not_have_come_back():
    value = {
        "none": None,
        "big": [2**64, -(2**63), 2**63],
        "floats": [float("inf"), -float("inf"), -0.0, 1e300],
        "times": [date(1, 1, 1), time(1, 2, 3, 4), datetime(2024, 5, 1, tzinfo=UTC), timedelta(-1, 5)],
        "others": (Decimal("1.50"), UUID(int=5), b"\x00\xff", {1, "a"}, frozenset()),
        "keys": {("a", None): 1, 5: {}, None: []},
        "text": ["\ud800", "\u2028", ""],
    }
    found = again(value)
    assert same(found, value)
    assert str(found["floats"][2]) == "-0.0"
    assert again(float("nan")) != again(float("nan"))


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"a": [1, None], "b": ["x", "y"]}),
        pa.table({"a": pa.chunked_array([[1], [2, 3], []], pa.int64())}),
        pa.table({"d": pa.array(["x", "y", "x"]).dictionary_encode()}),
        pa.table({"s": [{"a": [1, 2]}, None], "t": pa.array([1, 2], pa.timestamp("us", "UTC"))}),
        pa.table({"a": [1, 2, 3]}).slice(1, 1),
        pa.schema([("a", pa.null()), ("b", pa.decimal128(10, 2))]).empty_table(),
        pa.table({"a": [1]}).replace_schema_metadata({"k": "v"}),
    ],
)
def test_tables_and_batches_come_back(table):
    found = again({"t": [table]})["t"][0]
    assert found.equals(table, check_metadata=True)
    assert found.schema.equals(table.schema, check_metadata=True)
    batch = pa.RecordBatch.from_pylist(table.to_pylist(), schema=table.schema)
    assert again((batch,))[0].equals(batch, check_metadata=True)


def test_tables_without_columns_keep_their_length():
    bare = pa.table({"a": [1, 2]}).select([])
    assert again(bare).num_rows == 2
    batch = pa.record_batch({"a": [1, 2]}).select([])
    found = again(batch)
    assert (type(found), found.num_rows, found.num_columns) == (pa.RecordBatch, 2, 0)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(5),
        np.arange(6, dtype=">i4").reshape(2, 3),
        np.arange(6)[::2],
        np.array([True, False]),
        np.array([1.5, np.nan]),
        np.array(["2024-01-01", "NaT"], "datetime64[us]"),
        np.zeros((0, 3), np.int8),
        np.array(["a", None, (1, 2)], object),
    ],
)
def test_arrays_come_back(array):
    found = again([array])[0]
    assert (found.shape, found.dtype) == (array.shape, array.dtype.newbyteorder("="))
    np.testing.assert_array_equal(found, array)
    assert found.flags.writeable


def test_numbers_of_numpy_and_types_of_arrow_come_back():
    found = again([np.int64(5), np.float32(1.5), pa.list_(pa.string())])
    assert same(found, [np.int64(5), np.float32(1.5), pa.list_(pa.string())])


class Odd:
    """Something that is no data."""


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (Odd(), r"step 'a' holds a .*\.Odd, which cannot be saved in a checkpoint"),
        ({"x": [1, Odd()]}, r"step 'a' at \['x'\]\[1\] holds a .*\.Odd"),
        ({(1, Odd()): 1}, r"step 'a' at \['a key'\]\[1\] holds a .*\.Odd"),
        (len, r"holds a builtins.builtin_function_or_method"),
    ],
)
def test_anything_else_is_refused_by_name(value, message):
    with pytest.raises(StateError, match=message):
        pack(value, "step 'a'")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "does not begin as a state file does"),
        (b"x" * 50, "does not begin as a state file does"),
        (b"PULSEST2" + bytes(16), "of format PULSEST2, and this pulse reads PULSEST1"),
        (b"".join(pack(np.arange(50), "a"))[:-1], r"has 511 bytes in place of 512"),
        (b"".join(pack({"a": 1}, "a")).replace(b"object", b"abject"), "of kind 'abject', which this pulse"),
    ],
)
def test_other_bytes_are_no_state(data, message):
    with pytest.raises(StateError, match=message):
        unpack(data)
