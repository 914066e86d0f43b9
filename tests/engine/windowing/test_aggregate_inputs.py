"""Keys and inputs of an aggregation, from bundles of either layout."""

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest

from pulse.engine.operator import StepContext
from pulse.engine.windowing.inputs import AggregateInputs
from pulse.errors import RecordError
from pulse.model.aggregates import count
from pulse.model.aggregates import sum as sum_
from pulse.model.expressions import col
from tests.support.operators import columns, rows


def inputs(*keys, schema=None, on_error="skip", **how):
    context = StepContext("agg", on_error)
    aggregates = [("n", count()), ("s", sum_(col("v") * 2))]
    return AggregateInputs(keys, aggregates, timestamp="end_of_window", schema=schema, context=context, **how)


def test_both_layouts_give_the_same_columns():
    records = [{"k": "a", "v": 1}, {"k": None, "v": 2}]
    by_rows = inputs("k").prepare(rows(records))
    by_columns = inputs("k").prepare(columns(records))
    assert by_rows.columns.to_pydict() == by_columns.columns.to_pydict()
    assert by_rows.columns.to_pydict() == {"key k": ["a", None], "in1": [2, 4]}


def test_records_that_cannot_be_computed_are_rejected_one_by_one():
    found = inputs("k")
    kept = found.prepare(rows([{"k": "a", "v": 1}, {"v": 2}, 7, {"k": "c", "v": "x"}, {"k": [1]}]))
    assert kept.columns.to_pydict() == {"key k": ["a"], "in1": [2]}
    assert found.context.ledger.errored == 4


def test_a_field_that_is_missing_inside_an_expression_is_null():
    assert inputs("k").prepare(rows([{"k": "a"}])).columns.to_pydict()["in1"] == [None]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"v": 1}, "record has no field 'k'; it has: v"),
        ({}, "record has no field 'k'; it has: none"),
        ({"k": [1], "v": 1}, ("TypeError: key [1] is list, but a key must be None, bool, int, float, str, bytes, "
         "datetime, date, Decimal or UUID")),
        ({"k": "a", "v": None, "x": 1}, None),
    ],
)  # fmt: skip
def test_the_reason_names_the_field(record, reason):
    found = inputs("k", on_error="fail")
    if reason is None:
        assert found.prepare(rows([record])).columns.num_rows == 1
        return
    with pytest.raises(RecordError) as error:
        found.prepare(rows([record]))
    assert error.value.message == reason
    assert error.value.step == "agg"


@pytest.mark.parametrize(
    "key",
    [None, True, 5, 2.5, "a", b"a", datetime(2024, 1, 1, tzinfo=UTC), Decimal("1.5")],
    ids=str,
)
def test_keys_of_safe_types(key):
    assert inputs("k").prepare(rows([{"k": key, "v": 1}])).columns.column("key k").to_pylist() == [key]


def test_a_uuid_groups_as_its_text():
    key = UUID(int=5)
    kept = inputs("k").prepare(rows([{"k": key, "v": 1}, {"k": str(key), "v": 1}]))
    assert kept.columns.column("key k").to_pylist() == [str(key)] * 2


def test_keys_stand_in_the_form_that_compares_equal():
    found = inputs("k").prepare(columns({"k": [-0.0, 0.0], "v": [1, 2]}))
    assert np.signbit(found.columns.column("key k").to_numpy()).tolist() == [False, False]
    words = pa.array(["a", None, "a"]).dictionary_encode()
    found = inputs("k").prepare(columns({"k": words, "v": [1, 2, 3]}))
    assert found.columns.column("key k").type == pa.string()


def test_records_of_which_nothing_is_read_are_still_so_many():
    context = StepContext("agg")
    found = AggregateInputs((), [("n", count())], timestamp="end_of_window", schema=None, context=context)
    prepared = found.prepare(columns({"v": [1, 2, 3]}))
    assert prepared.columns.num_rows == 3
    assert prepared.take(np.array([True, False, True])).columns.num_rows == 2
    assert prepared.slice(1, 3).columns.num_rows == 2


def test_types_once_met_are_in_the_snapshot():
    found, restored = inputs("k"), inputs("k")
    found.prepare(rows([{"k": 1, "v": 1}]))
    restored.restore(found.snapshot())
    assert restored.prepare(rows([{"k": "text", "v": 1}])).columns.num_rows == 0
    assert restored.prepare(rows([{"k": 1.5, "v": 1}])).columns.num_rows == 1


@pytest.mark.parametrize(("merging", "times"), [(False, [None, 20]), (True, [None, 20])])
def test_the_time_that_a_result_may_have(merging, times):
    context = StepContext("agg")
    found = AggregateInputs(
        (), [("n", count())], timestamp="earliest", schema=None, context=context, merging=merging
    )
    prepared = found.prepare(columns({"v": [1, 2]}, [5, 20], [15, 15]))
    assert prepared.columns.column("in1").to_pylist() == times
