"""A person's functions over records, fields and batches."""

import numpy as np
import pyarrow as pa
import pytest

from pulse.errors import RecordError
from pulse.graph.ops import FieldsOp, FunctionOp
from pulse.model.bundle import Bundle, Windows
from pulse.model.tagged import Tagged
from tests.support.operators import columns, operator, outputs, rows


def shaped(shape, function, **how):
    return operator(FunctionOp(function, shape, **{k: v for k, v in how.items() if k != "on_error"}), **{
        k: v for k, v in how.items() if k == "on_error"
    })  # fmt: skip


def test_each_record_is_given_to_a_function_once_even_when_it_fails_on_some():
    seen = []

    def function(value):
        seen.append(value)
        return 10 // value

    machine = shaped("map", function, on_error="skip")
    assert outputs(machine, rows([1, 0, 2, 0, 5])) == {"main": [10, 5, 2]}
    assert seen == [1, 0, 2, 0, 5]
    assert machine.context.ledger.errored == 2


def test_a_function_that_ends_an_iteration_by_mistake_fails_on_that_record_only():
    machine = shaped("map", lambda value: next(iter([] if value == 2 else [value])), on_error="skip")
    assert outputs(machine, rows([1, 2, 3])) == {"main": [1, 3]}
    assert machine.context.ledger.errored == 1


def test_records_keep_their_times_and_watermarks():
    machine = shaped("map", lambda value: 10 // value, on_error="skip")
    (out,) = machine.process(rows([1, 0, 5], [7, 8, 9], [1, 2, 3]))
    assert out.bundle.times.tolist() == [7, 9]
    assert out.bundle.watermarks.tolist() == [1, 3]


def test_a_filter_keeps_what_is_true_in_python():
    machine = shaped("filter", lambda value: value % 3)
    assert outputs(machine, rows([1, 3, 2])) == {"main": [1, 2]}
    assert machine.context.ledger.filtered == 1


def test_a_filter_whose_answer_has_no_truth_fails_on_that_record():
    machine = shaped("filter", lambda value: np.array([1, 2]) if value == 1 else True, on_error="skip")
    assert outputs(machine, rows([1, 2])) == {"main": [2]}
    assert machine.context.ledger.errored == 1


def test_inspecting_changes_nothing():
    seen = []
    machine = shaped("inspect", seen.append)
    assert outputs(machine, rows([1, 2])) == {"main": [1, 2]}
    assert seen == [1, 2]


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (lambda v: [v, v], [1, 1, 2, 2]),
        (lambda v: (each for each in range(v)), [0, 0, 1]),
        (lambda v: None, []),
        (lambda v: [], []),
        (lambda v: [{"v": v}], [{"v": 1}, {"v": 2}]),
    ],
)
def test_flat_map_makes_any_number_of_records(made, wanted):
    machine = shaped("flat_map", made)
    assert outputs(machine, rows([1, 2])).get("main", []) == wanted
    assert machine.context.ledger.balance == 0


def test_a_generator_that_fails_halfway_gives_nothing():
    def function(value):
        yield value
        yield 1 // (value - 1)

    machine = shaped("flat_map", function, on_error="skip")
    assert outputs(machine, rows([1, 2])) == {"main": [2, 1]}


@pytest.mark.parametrize("made", ["text", b"bytes", {"a": 1}])
def test_flat_map_must_return_records_in_something(made):
    with pytest.raises(RecordError) as error:
        outputs(shaped("flat_map", lambda value: made), rows([1]))
    assert error.value.message == (
        f"TypeError: flat_map function returned {type(made).__name__}, but must return an iterable of records "
        "(wrap a single record in a list)"
    )
    assert error.value.where.startswith(__file__)


def test_tags_name_outputs():
    machine = shaped("flat_map", lambda v: [v, Tagged("odd" if v % 2 else "even", v)], tags=("odd", "even"))
    found = outputs(machine, rows([1, 2, 3]))
    assert found == {"main": [1, 2, 3], "odd": [1, 3], "even": [2]}
    assert machine.context.ledger.passed == 3


def test_tagged_records_keep_their_times():
    machine = shaped("flat_map", lambda v: [Tagged("odd", v)] if v % 2 else None, tags=("odd",))
    (out,) = machine.process(rows([1, 2, 3], [5, 6, 7], [0, 1, 2]))
    assert (out.tag, out.bundle.times.tolist(), out.bundle.watermarks.tolist()) == ("odd", [5, 7], [0, 2])


def test_a_tag_must_be_declared():
    with pytest.raises(RecordError) as error:
        outputs(shaped("flat_map", lambda v: [Tagged("other", v)], tags=("odd", "even")), rows([1]))
    assert error.value.message == "ValueError: output 'other' was not declared; declared: odd, even"


def test_batches_go_through_a_function_as_they_are():
    machine = shaped("batches", lambda batch: batch.append_column("w", batch.column("v")))
    assert outputs(machine, columns({"v": [1, 2]})) == {"main": [{"v": 1, "w": 1}, {"v": 2, "w": 2}]}


def test_a_table_is_as_good_as_a_batch():
    machine = shaped("batches", lambda batch: pa.table({"v": batch.column("v")}))
    assert outputs(machine, columns({"v": [1, 2]})) == {"main": [{"v": 1}, {"v": 2}]}


def test_records_of_a_batch_of_another_length_have_the_time_and_window_of_the_latest():
    machine = shaped("batches", lambda batch: batch.slice(0, 1))
    bundle = columns({"v": [1, 2, 3]}, [5, 9, 7], [1, 2, 3])
    windows = Windows(np.array([0, 5, 0]), np.array([10, 15, 10]))
    (out,) = machine.process(Bundle(bundle.data, bundle.times, bundle.watermarks, windows))
    assert (out.bundle.times.tolist(), out.bundle.watermarks) == ([9], 1)
    assert (out.bundle.windows.starts.tolist(), out.bundle.windows.ends.tolist()) == ([5], [15])
    assert machine.context.ledger.passed == 3


def test_an_empty_batch_filters_all():
    machine = shaped("batches", lambda batch: batch.slice(0, 0))
    assert outputs(machine, columns({"v": [1, 2]})) == {}
    assert machine.context.ledger.filtered == 2


def test_a_batch_function_must_return_a_batch():
    with pytest.raises(RecordError) as error:
        outputs(shaped("batches", lambda batch: None), columns({"v": [1]}))
    assert error.value.message == (
        "MapBatches function returned NoneType, but must return a pyarrow.RecordBatch"
    )


def test_a_batch_that_fails_fails_as_a_whole():
    machine = shaped("batches", lambda batch: 1 // 0, on_error="skip")
    assert outputs(machine, columns({"v": [1, 2]})) == {}
    assert machine.context.ledger.errored == 2


def fields(function, *inputs, type=None, **how):  # noqa: A002 - the word of the op
    return operator(FieldsOp(function, inputs, "y", type), {"a": "int64", "b": "int64"}, **how)


@pytest.mark.parametrize("make", [rows, columns])
def test_a_function_of_fields_makes_a_field(make):
    records = [{"a": 1, "b": 5}, {"a": 2, "b": 6}]
    assert outputs(fields(lambda a: a * 2, "a"), make(records))["main"] == [
        {"a": 1, "b": 5, "y": 2},
        {"a": 2, "b": 6, "y": 4},
    ]
    assert [r["y"] for r in outputs(fields(lambda a, b: a * b, "a", "b"), make(records))["main"]] == [5, 12]


@pytest.mark.parametrize("make", [rows, columns])
def test_a_function_of_fields_that_fails(make):
    machine = fields(lambda a: 10 // a, "a", on_error="skip")
    assert outputs(machine, make([{"a": 0, "b": 5}, {"a": 2, "b": 6}]))["main"] == [{"a": 2, "b": 6, "y": 5}]
    with pytest.raises(RecordError, match="ZeroDivisionError"):
        outputs(fields(lambda a: 10 // a, "a"), make([{"a": 0, "b": 5}]))


def test_rows_that_lack_a_field_are_rejected():
    machine = fields(lambda a: a, "a", on_error="skip")
    assert outputs(machine, rows([{"b": 1}, 7, {"a": 3}]))["main"] == [{"a": 3, "y": 3}]
    with pytest.raises(RecordError, match="record has no field 'a'; it has: b"):
        outputs(fields(lambda a: a, "a"), rows([{"b": 1}]))
    with pytest.raises(RecordError, match="record is int, which has no field 'a'"):
        outputs(fields(lambda a: a, "a"), rows([7]))


def test_a_field_that_changes_its_type_from_bundle_to_bundle():
    machine = fields(lambda a: a if a < 5 else str(a), "a", on_error="skip")
    first = outputs(machine, columns({"a": [1, 9], "b": [0, 0]}))["main"]
    assert first == [{"a": 1, "b": 0, "y": 1}]
    assert outputs(machine, columns({"a": [9], "b": [0]})) == {}
    restored = fields(lambda a: a if a < 5 else str(a), "a", on_error="skip")
    restored.restore(machine.snapshot())
    assert outputs(restored, columns({"a": [9], "b": [0]})) == {}


def test_a_field_of_a_declared_type():
    machine = fields(lambda a: a / 2, "a", type=pa.int64(), on_error="skip")
    assert outputs(machine, columns({"a": [1, 2], "b": [0, 0]})) == {}
    assert machine.context.ledger.errored == 2
