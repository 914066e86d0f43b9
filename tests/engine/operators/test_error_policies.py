"""What happens to a record that a step cannot process: fail, skip, or dead letter, for every step."""

import numpy as np
import pytest

from pulse.errors import RecordError
from pulse.graph.ops import (
    ERRORS,
    AggregateOp,
    FieldsOp,
    FilterOp,
    FunctionOp,
    KeyByOp,
    ProjectOp,
    RouteOp,
    TimestampOp,
    ToColumnsOp,
)
from pulse.model.aggregates import sum as sum_
from pulse.model.bundle import Bundle, Origin
from pulse.model.event_time import EventTime
from pulse.model.expressions import col
from pulse.model.watermarks import EndOnly
from tests.support.operators import columns, operator, outputs, rows


def tenth(record):
    return 10 // record["v"]


GOOD, BAD = {"v": 5, "w": "x"}, {"v": 0, "w": "x"}
CASES = {
    "map": (FunctionOp(tenth, "map"), rows),
    "flat_map": (FunctionOp(lambda record: [tenth(record)], "flat_map"), rows),
    "filter": (FunctionOp(tenth, "filter"), rows),
    "inspect": (FunctionOp(tenth, "inspect"), rows),
    "key by function": (KeyByOp((), tenth), rows),
    "partition": (RouteOp(lambda record: tenth(record) - 2, ("main", "1")), rows),
    "fields of rows": (FieldsOp(lambda v: 10 // v, ("v",), "y"), rows),
    "fields of columns": (FieldsOp(lambda v: 10 // v, ("v",), "y"), columns),
    "time": (TimestampOp(tenth, EndOnly()), rows),
}


def at_line(bundle, first=7):
    """Say where the records were read."""
    return Bundle(
        bundle.data, bundle.times, bundle.watermarks, origin=Origin("in.jsonl", np.arange(first, first + 2))
    )


@pytest.mark.parametrize("name", CASES)
def test_fail_names_step_record_position_and_the_persons_line(name):
    op, make = CASES[name]
    with pytest.raises(RecordError) as error:
        outputs(operator(op, {"v": "int64", "w": "string"}), at_line(make([GOOD, BAD])))
    found = error.value
    assert found.message == "ZeroDivisionError: integer division or modulo by zero"
    assert (found.step, found.position, found.record) == ("step", "in.jsonl:8", repr(BAD))
    assert found.where.startswith(f"{__file__}:")
    assert found.where.endswith(f":{_line(found)}")
    assert str(found).splitlines()[:3] == [
        f"step 'step': {found.message}",
        "  at: in.jsonl:8",
        f"  record: {BAD!r}",
    ]
    assert str(found).splitlines()[-1] == (
        "hint: choose on_error='skip' or 'dead_letter' on this step to go on without such records"
    )


def _line(error):
    """Return the line of the deepest frame of the cause."""
    trace = error.__cause__.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return trace.tb_lineno


@pytest.mark.parametrize("name", CASES)
def test_skip_counts_and_goes_on(name):
    op, make = CASES[name]
    machine = operator(op, {"v": "int64", "w": "string"}, on_error="skip")
    found = outputs(machine, at_line(make([GOOD, BAD])))
    ledger = machine.context.ledger
    assert ERRORS not in found
    assert sum(map(len, found.values())) == 1
    assert (ledger.received, ledger.passed, ledger.errored, ledger.balance) == (2, 1, 1, 0)


@pytest.mark.parametrize("name", CASES)
def test_dead_letter_tells_what_and_why(name):
    op, make = CASES[name]
    machine = operator(op, {"v": "int64", "w": "string"}, on_error="dead_letter")
    found = outputs(machine, at_line(make([GOOD, BAD])))
    assert found[ERRORS] == [
        {
            "record": repr(BAD),
            "error": "ZeroDivisionError: integer division or modulo by zero",
            "step": "step",
            "position": "in.jsonl:8",
        }
    ]
    assert machine.context.ledger.balance == 0
    assert list(machine.context.failures()) == []


def test_a_dead_letter_has_the_time_and_watermark_of_its_record():
    machine = operator(FunctionOp(tenth, "map"), on_error="dead_letter")
    *_, (tag, bundle) = machine.process(rows([GOOD, BAD], [3, 9], [1, 2]))
    assert (tag, bundle.times.tolist(), bundle.watermarks.tolist()) == (ERRORS, [9], [2])


EXPRESSIONS = {
    "filter": FilterOp(col("v").cast("int8") > 1),
    "select": ProjectOp((("y", col("v").cast("int8")),), keep=False),
    "with columns": ProjectOp((("y", col("v").cast("int8")),), keep=True),
    "key by": KeyByOp((("y", col("v").cast("int8")),)),
    "partition": RouteOp((col("v").cast("int8") > 1,), ("main", "1")),
    "aggregate": AggregateOp((("s", sum_(col("v").cast("int8"))),)),
}


@pytest.mark.parametrize("make", [rows, columns])
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_that_fail_on_a_record(name, make):
    records = [{"v": 5}, {"v": 1000}]
    with pytest.raises(RecordError) as error:
        outputs(operator(EXPRESSIONS[name], {"v": "int64"}), make(records))
    assert error.value.step == "step"
    assert error.value.record == "{'v': 1000}"
    for policy, errors in (("skip", 0), ("dead_letter", 1)):
        machine = operator(EXPRESSIONS[name], {"v": "int64"}, on_error=policy)
        found = outputs(machine, make(records))
        assert len(found.get(ERRORS, [])) == errors
        assert machine.context.ledger.errored == 1
        assert machine.context.ledger.balance == 0


@pytest.mark.parametrize("make", [rows, columns])
def test_records_without_a_usable_time(make):
    op = TimestampOp(EventTime("t"), EndOnly())
    machine = operator(op, {"t": "string"}, on_error="dead_letter")
    found = outputs(machine, make([{"t": "2024-01-01T00:00:00Z"}, {"t": None}, {"t": "noon"}]))
    assert [row["t"] for row in found["main"]] == ["2024-01-01T00:00:00Z"]
    assert [row["record"] for row in found[ERRORS]] == ["{'t': None}", "{'t': 'noon'}"]


@pytest.mark.parametrize("time", ["noon", None, 2.5, True, 10**18])
def test_a_function_must_return_a_time(time):
    with pytest.raises(RecordError, match="event time"):
        outputs(operator(TimestampOp(lambda record: time, EndOnly())), rows([1]))


def test_rows_that_do_not_become_columns():
    op = ToColumnsOp(("v",))
    machine = operator(op, {"v": "int64"}, on_error="dead_letter")
    found = outputs(machine, rows([{"v": 1}, {"v": "x"}, {"w": 1}, {"v": 2.5}]))
    assert found["main"] == [{"v": 1}]
    assert [row["error"] for row in found[ERRORS]] == [
        "record has no field 'v'; it has: w",
        "field 'v' is str 'x', but its column is int64",
        "field 'v' is float 2.5, but its column is int64",
    ]


def test_records_of_no_field_can_be_rejected():
    with pytest.raises(RecordError, match="ZeroDivisionError"):
        outputs(operator(FieldsOp(lambda v: 1 // v, ("v",), "y"), {"v": "int64"}), columns({"v": [0]}))
