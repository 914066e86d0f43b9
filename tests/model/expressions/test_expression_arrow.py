from __future__ import annotations

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from pulse.errors import TypeMismatch, UnknownField
from pulse.model.expressions import parse, to_arrow

BATCH = pa.record_batch(
    {
        "i": pa.array([1, 2, None, 4, -5]),
        "k": pa.array([1, 2, 3, 4, 5], pa.int16()),
        "x": pa.array([0.5, float("nan"), -0.0, None, 9.0]),
        "s": pa.array(["a", "b", None, "a", "c"]),
        "t": pa.array([0, 10, 20, None, 40], pa.int64()).cast(pa.timestamp("us", "UTC")),
        "b": pa.array([True, False, None, True, False]),
    }
)


@pytest.mark.parametrize(
    "text",
    [
        "i > 1",
        "i >= k",
        "k == 2.0",
        "x < 1",
        "x == 0.5 or x > 8",
        "s == 'a' or s == 'b'",
        "not s == 'a'",
        "s in ['a', 'c']",
        "s not in ['a']",
        "i is None",
        "s is not None and i <= 2",
        "t > '1970-01-01T00:00:00.000015Z'",
        "b",
        "not b",
        "2 <= i < 5",
    ],
)
def test_the_filter_keeps_the_same_records(tmp_path, text):
    expression = parse(text)
    kept = BATCH.filter(expression.evaluate(BATCH))
    pq.write_table(pa.table(BATCH), tmp_path / "data.parquet", row_group_size=2)
    found = ds.dataset(tmp_path).to_table(filter=to_arrow(expression, BATCH.schema))
    assert str(found.to_pylist()) == str(kept.to_pylist())


def test_what_cannot_be_told_is_left_out_of_a_conjunction():
    told = to_arrow(parse("i > 1 and s.str.lower() == 'a' and x in [0.0]"), BATCH.schema)
    assert told.equals(to_arrow(parse("i > 1"), BATCH.schema))


@pytest.mark.parametrize(
    "text",
    [
        "i + 1 > 2",
        "s.str.startswith('a')",
        "i > 1 or s.str.lower() == 'a'",
        "x in [0.0]",
        "x != 0.5",
        "not x < 1",
    ],
)
def test_what_cannot_be_told_at_all_is_none(text):
    assert to_arrow(parse(text), BATCH.schema) is None


def test_nan_is_not_skipped_with_its_row_group(tmp_path):
    batch = pa.record_batch({"x": [0.5, float("nan"), 0.5, 0.5]})
    pq.write_table(pa.table(batch), tmp_path / "data.parquet", row_group_size=2)
    for text in ("not (x == 0.5)", "x != 0.5", "(x < 1) == False", "not (x < 1 and x > 0)"):
        told = to_arrow(parse(text), batch.schema)
        kept = batch.filter(parse(text).evaluate(batch)).num_rows
        assert ds.dataset(tmp_path).count_rows(filter=told) >= kept == 1


def test_errors_are_those_of_the_type():
    with pytest.raises(UnknownField):
        to_arrow(parse("z > 1"), BATCH.schema)
    with pytest.raises(TypeMismatch):
        to_arrow(parse("s > 1"), BATCH.schema)
