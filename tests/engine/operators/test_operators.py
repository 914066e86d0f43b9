"""The other steps: keys, routes, flatten, times, layouts."""

from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pyarrow as pa
import pytest

from pulse.engine.operator import StepContext
from pulse.engine.operators.flatten import FlattenOperator
from pulse.engine.operators.key_by import check_keys
from pulse.errors import RecordError
from pulse.graph.ops import KeyByOp, ProjectOp, RouteOp, TimestampOp, ToColumnsOp, ToRowsOp, WindowOp
from pulse.model.bundle import Bundle, Windows, no_columns
from pulse.model.expressions import col, lit
from pulse.model.time import MAX_TIME, MIN_TIME
from pulse.model.watermarks import BoundedOutOfOrderness, EndOnly
from pulse.model.windows import Tumbling, Windowing
from tests.support.operators import columns, operator, outputs, rows


def test_a_key_function_makes_a_field():
    machine = operator(KeyByOp((), lambda record: record["v"] % 2, "parity"))
    assert outputs(machine, rows([{"v": 3}]))["main"] == [{"v": 3, "parity": 1}]


def test_a_record_that_is_no_dict_is_kept_next_to_its_key():
    machine = operator(KeyByOp((), lambda pair: pair[0]))
    assert outputs(machine, rows([("a", 1)]))["main"] == [{"key": "a", "value": ("a", 1)}]


def test_a_key_function_must_return_a_safe_type():
    with pytest.raises(RecordError) as error:
        outputs(operator(KeyByOp((), lambda record: [record])), rows([1]))
    assert error.value.message == (
        "TypeError: key [1] is list, but a key must be None, bool, int, float, str, bytes, datetime, date, "
        "Decimal or UUID"
    )


def test_keys_of_safe_types_stay_as_they_are():
    keys = [None, 1, "a"]
    assert check_keys(keys) is keys
    assert check_keys([UUID(int=1), None]) == [str(UUID(int=1)), None]


def test_computed_keys_are_added_and_others_are_not():
    machine = operator(KeyByOp((("low", col("w").str.lower()),)), {"w": "string"})
    assert outputs(machine, columns({"w": ["A"]}))["main"] == [{"w": "A", "low": "a"}]
    machine = operator(KeyByOp((("w", col("w")),)), {"w": "string"})
    bundle = columns({"w": ["A"]})
    (out,) = machine.process(bundle)
    assert out.bundle is bundle


@pytest.mark.parametrize("make", [rows, columns])
def test_a_route_takes_the_first_condition_that_is_true(make):
    op = RouteOp((col("v") > 5, col("v") > 1), ("main", "1", "2"))
    machine = operator(op, {"v": "int64"})
    found = outputs(machine, make([{"v": 9}, {"v": 2}, {"v": 0}, {"v": None}]))
    assert found == {"main": [{"v": 9}], "1": [{"v": 2}], "2": [{"v": 0}, {"v": None}]}
    assert machine.context.ledger.passed == 4


@pytest.mark.parametrize("index", [True, 1.2, "x", None, np.bool_(1)])
def test_a_partition_function_must_return_an_integer(index):
    with pytest.raises(RecordError) as error:
        outputs(operator(RouteOp(lambda record: index, ("main", "1"))), rows([1]))
    assert error.value.message == (
        f"TypeError: partition function returned {index!r} ({type(index).__name__}), but must return an integer"
    )
    assert error.value.where.startswith(__file__)


@pytest.mark.parametrize("index", [-1, 2])
def test_a_partition_function_must_return_one_of_its_outputs(index):
    with pytest.raises(RecordError) as error:
        outputs(operator(RouteOp(lambda record: index, ("main", "1"))), rows([1]))
    assert error.value.message == f"ValueError: partition function returned {index}, but must return 0 to 1"


def test_numpy_integers_are_integers():
    machine = operator(RouteOp(np.int64, ("main", "1")))
    assert outputs(machine, rows([0, 1, 0])) == {"main": [0, 0], "1": [1]}


SCHEMA = pa.schema([("a", pa.float64()), ("b", pa.string())])


def test_flattened_columns_get_every_field_in_its_widened_type():
    machine = FlattenOperator(SCHEMA, StepContext("step"))
    (out,) = machine.process(columns({"a": [1, 2**53 + 1]}))
    assert out.bundle.batch.schema.equals(SCHEMA)
    assert out.bundle.batch.to_pylist() == [{"a": 1.0, "b": None}, {"a": float(2**53), "b": None}]
    bundle = Bundle(pa.RecordBatch.from_pylist([{"a": 1.5, "b": "x"}], SCHEMA), np.array([1]), 0)
    (out,) = machine.process(bundle)
    assert out.bundle is bundle


def test_flattened_rows_get_every_field():
    machine = FlattenOperator(SCHEMA, StepContext("step"))
    assert outputs(machine, rows([{"a": 1}, {"b": "x", "a": 2, "c": 3}, 7]))["main"] == [
        {"a": 1, "b": None},
        {"a": 2, "b": "x", "c": 3},
        7,
    ]


def test_records_of_any_shape_are_flattened_as_they_are():
    bundle = rows([{"a": 1}, 7])
    (out,) = FlattenOperator(None, StepContext("step")).process(bundle)
    assert out.bundle is bundle


def test_new_times_have_watermarks_of_their_own():
    machine = operator(TimestampOp(lambda record: record, BoundedOutOfOrderness("2us")))
    (out,) = machine.process(rows([10, 30, 20], [1, 2, 3], 0))
    assert out.bundle.times.tolist() == [10, 30, 20]
    assert out.bundle.watermarks.tolist() == [MIN_TIME, 8, 28]
    assert machine.output_watermark(3) == 28
    assert machine.output_watermark(MAX_TIME) == MAX_TIME


def test_new_times_without_a_promise():
    machine = operator(TimestampOp(lambda record: datetime(1970, 1, 1, 0, 0, record, tzinfo=UTC), EndOnly()))
    (out,) = machine.process(rows([1, 2], [1, 2], 1))
    assert out.bundle.times.tolist() == [1_000_000, 2_000_000]
    assert out.bundle.watermarks == MIN_TIME
    assert machine.output_watermark(50) == MIN_TIME


def test_a_restored_clock_goes_on():
    op = TimestampOp(lambda record: record, BoundedOutOfOrderness("2us"))
    machine, restored = operator(op), operator(op)
    outputs(machine, rows([10]))
    restored.restore(machine.snapshot())
    (out,) = restored.process(rows([5]))
    assert out.bundle.watermarks.tolist() == [8]


def test_a_new_window_forgets_the_old_ones():
    machine = operator(WindowOp(Windowing(Tumbling("1s"))))
    windows = Windows(np.array([0]), np.array([10]))
    (out,) = machine.process(Bundle([1], np.array([5]), 0, windows))
    assert out.bundle.windows is None


def test_layouts_turn_into_each_other():
    found = outputs(operator(ToRowsOp()), columns({"a": [1, None]}))["main"]
    assert found == [{"a": 1}, {"a": None}]
    (out,) = operator(ToColumnsOp(None)).process(rows([{"a": 1}, {"b": "x"}, 7]))
    assert out.bundle.batch.to_pylist() == [
        {"a": 1, "b": None, "value": None},
        {"a": None, "b": "x", "value": None},
        {"a": None, "b": None, "value": 7},
    ]


def test_records_without_fields_are_still_so_many():
    bundle = Bundle(no_columns(4), np.arange(4), 0)
    assert bundle.take(np.array([True, False, True, True])).data.num_rows == 3
    assert bundle.take(np.array([0, 0, 3])).data.num_rows == 3
    assert bundle.slice(1, 3).data.num_rows == 2
    machine = operator(ProjectOp((("one", lit(1)),), keep=False), {})
    assert outputs(machine, bundle)["main"] == [{"one": 1}] * 4
    assert outputs(operator(ToRowsOp()), bundle)["main"] == [{}] * 4
    (out,) = operator(ToColumnsOp(()), {"a": "int64"}).process(rows([{"a": 1}, {"a": 2}]))
    assert (out.bundle.batch.num_rows, out.bundle.batch.num_columns) == (2, 0)


def test_types_met_by_a_conversion_are_in_its_snapshot():
    machine, restored = (operator(ToColumnsOp(("a",)), on_error="skip") for _ in range(2))
    outputs(machine, rows([{"a": 1}]))
    restored.restore(machine.snapshot())
    assert outputs(restored, rows([{"a": "x"}])) == {}
