"""From columns to rows."""

from datetime import UTC, datetime

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from pulse.model.rows import to_rows, to_values


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


def test_no_columns():
    assert to_rows(pa.RecordBatch.from_arrays([pa.nulls(2)], ["_"]).select([])) == [{}, {}]
