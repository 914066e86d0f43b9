"""From columns to rows."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.errors import RecordError
from pulse.model.rows import to_rows, to_values
from pulse.model.time import MAX_TIME, MIN_TIME


@given(st.lists(st.tuples(st.integers(), st.text(), st.floats(allow_nan=False)), max_size=20))
def test_rows_are_those_of_arrow(records):
    batch = pa.RecordBatch.from_pylist(
        [{"a": a % 2**60, "b c": b, "d": d} for a, b, d in records],
        schema=pa.schema([("a", pa.int64()), ("b c", pa.string()), ("d", pa.float64())]),
    )
    assert to_rows(batch) == batch.to_pylist()


def test_names_are_values_never_source_text():
    name = "x'); raise SystemExit #"
    assert to_rows(pa.record_batch([[1]], names=[name])) == [{name: 1}]


def test_times_in_utc_and_nanoseconds():
    times = pa.array([1_500_000_001, None], pa.timestamp("ns", "UTC"))
    assert to_values(times) == [datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC), None]


@pytest.mark.parametrize("zone", ["UTC", None, "Europe/Berlin"])
@pytest.mark.parametrize("value", [2**62, -(2**62), 253_402_300_800_000_000])
def test_a_time_outside_the_calendar_is_an_error_that_names_it(zone, value):
    times = pa.array([0, value], pa.timestamp("us", zone))
    if zone == "Europe/Berlin" and value == 253_402_300_800_000_000:
        times = pa.array([0, value * 2], pa.timestamp("us", zone))
    with pytest.raises(RecordError, match=r"time .* lies outside the years 1 to 9999"):
        to_values(times)


def test_coarse_times_do_not_wrap_around():
    with pytest.raises(RecordError, match=r"lies outside the years 1 to 9999"):
        to_values(pa.array([2**60], pa.timestamp("s", "UTC")))


def test_the_ends_of_time_that_bound_the_global_window_are_none():
    assert to_values(pa.array([MIN_TIME, MAX_TIME], pa.timestamp("us", "UTC"))) == [None, None]


def test_a_date_outside_the_calendar_is_an_error_too():
    with pytest.raises(RecordError, match="lies outside the years 1 to 9999"):
        to_values(pa.array([2**30], pa.int32()).view(pa.date32()))


def test_no_columns():
    assert to_rows(pa.RecordBatch.from_arrays([pa.nulls(2)], ["_"]).select([])) == [{}, {}]
