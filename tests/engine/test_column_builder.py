"""Columns out of Python values: the same types and misfits however the values are cut."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.engine.convert import ColumnBuilder, build_columns, restore_types, snapshot_types
from pulse.engine.operator import StepContext
from pulse.errors import RecordError
from tests.support.operators import rows

values = st.one_of(
    st.none(),
    st.integers(-(2**40), 2**40),
    st.sampled_from([2**53 + 1, 2**63, -(2**63)]),
    st.floats(allow_nan=False, width=32),
    st.text("ab", max_size=3),
    st.binary(max_size=3),
    st.booleans(),
    st.just(date(2024, 5, 1)),
    st.just(datetime(2024, 5, 1, 7)),
    st.just(datetime(2024, 5, 1, 7, tzinfo=UTC)),
    st.decimals(-100, 100, places=2),
    st.lists(st.integers(0, 9) | st.floats(0, 9, width=16), max_size=2),
    st.fixed_dictionaries({"a": st.integers(0, 9)}, optional={"b": st.text("ab", max_size=1)}),
    st.just(object),
)


def built(cuts, records):
    """Build bundle by bundle; return what was kept, in the type that all have in the end."""
    builder = ColumnBuilder("x")
    context = StepContext("step", "skip")
    arrays, start = [], 0
    for stop in [*cuts, len(records)]:
        part = records[start:stop]
        _, (array,) = build_columns(rows(part), [part], [builder], context)
        arrays.append(array)
        start = stop
    target = builder.type or pa.null()
    same = [array.cast(target, safe=False) for array in arrays]
    return pa.chunked_array(same, target), context.ledger.errored


@settings(max_examples=150, deadline=None, derandomize=True)
@given(records=st.lists(values, max_size=8), data=st.data())
def test_any_cut_gives_the_same_column(records, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=3)))
    whole, rejected = built([], records)
    cut, rejected_too = built(cuts, records)
    assert cut.type == whole.type
    assert cut.to_pylist() == whole.to_pylist()
    assert rejected_too == rejected
    assert len(whole) == len(records) - rejected


@pytest.mark.parametrize(
    ("found", "kind"),
    [
        ([1, None, 2], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([None, None], pa.null()),
        (["a", None], pa.string()),
        ([True, False], pa.bool_()),
        ([datetime(2024, 1, 1)], pa.timestamp("us", "UTC")),
        ([date(2024, 1, 1), datetime(2024, 1, 1, 5)], pa.timestamp("us", "UTC")),
        ([Decimal("1.5"), 1], pa.decimal128(20, 1)),
        ([[1], [2.5]], pa.list_(pa.float64())),
        ([timedelta(1)], pa.duration("us")),
        ([time(1)], pa.time64("us")),
    ],
)
def test_the_type_of_a_column(found, kind):
    builder = ColumnBuilder("x")
    assert builder.build(found).type == kind == builder.type


def test_integers_too_large_for_a_double_are_rounded_next_to_floats():
    assert ColumnBuilder("x").build([2**53 + 1, 0.5]).to_pylist() == [float(2**53), 0.5]


def test_a_date_next_to_a_time_keeps_the_time():
    moment = datetime(2024, 5, 1, 7, tzinfo=UTC)
    assert ColumnBuilder("x").build([date(2024, 5, 1), moment]).to_pylist()[1] == moment


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([1, "a"], "field 'x' is str 'a', but its column is int64"),
        (["a", 1], "field 'x' is int 1, but its column is string"),
        (["a", b"b"], "field 'x' is bytes b'b', but its column is string"),
        ([1, True], "field 'x' is bool True, but its column is int64"),
        ([2**63], "field 'x' is int 9223372036854775808, which no column can hold"),
        ([object], "field 'x' is type <class 'object'>, which no column can hold"),
    ],
)
def test_a_value_that_does_not_fit_is_a_bad_record(records, reason):
    with pytest.raises(RecordError) as error:
        build_columns(rows(records), [records], [ColumnBuilder("x")], StepContext("step"))
    assert error.value.message == reason


def test_a_declared_type_does_not_widen():
    context = StepContext("step", "skip")
    bundle, (array,) = build_columns(
        rows([1, 2.5, 3]), [[1, 2.5, 3]], [ColumnBuilder("x", pa.int64())], context
    )
    assert array.to_pylist() == [1, 3]
    assert bundle.rows == [1, 3]


def test_types_are_part_of_the_snapshot():
    builders, restored = ([ColumnBuilder("a"), ColumnBuilder("b", pa.string())] for _ in range(2))
    builders[0].build([1.5])
    restore_types(restored, snapshot_types(builders))
    assert [builder.type for builder in restored] == [pa.float64(), pa.string()]
    assert restored[0].build(["text"]) is None
