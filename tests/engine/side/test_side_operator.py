"""The machine of a function with side inputs, under the hands of a test."""

from __future__ import annotations

import numpy as np
import pytest

from pulse.engine.build import build_operator
from pulse.engine.operator import StepContext
from pulse.errors import RecordError
from pulse.graph.collection import CollectionType
from pulse.graph.logical import Node
from pulse.graph.ops import CallOp, FunctionOp
from pulse.graph.ops.side import View
from pulse.model.bundle import Bundle
from pulse.model.time import MAX_TIME, MIN_TIME
from pulse.model.windows import Tumbling, Windowing

TEN = Windowing(Tumbling("10us"))


def machine(*views, main=TEN, side=TEN, on_error="fail"):
    views = views or (View("side", "list"),)
    call = FunctionOp(lambda record, **sides: (record, *sides.values()), "map", on_error=on_error)
    op = CallOp(call, views, on_error=on_error)
    types = [CollectionType(None, windowing=main), *[CollectionType(None, windowing=side)] * len(views)]
    return build_operator(Node("call", op), types, op.infer(types), StepContext("call", on_error))


def rows(times, mark=MIN_TIME, records=None):
    marks = mark if isinstance(mark, int) else np.array(mark, np.int64)
    return Bundle(list(times) if records is None else records, np.array(times, np.int64), marks)


def records(outs):
    return [record for _, bundle in outs for record in bundle.rows]


def test_main_records_wait_for_the_watermark_of_the_side():
    step = machine()
    assert records(step.process_input(0, rows([1, 12], [0, 5]))) == []
    assert records(step.process_input(1, rows([3, 4]))) == []
    assert records(step.advance_input(1, 9)) == []
    assert records(step.advance_input(1, 10)) == [(1, [3, 4])]
    assert records(step.advance_input(1, 20)) == [(12, [])]


def test_the_output_watermark_stays_at_the_first_record_that_waits():
    step = machine()
    list(step.process_input(0, rows([1, 12], [-3, 5])))
    list(step.advance_input(0, 8))
    assert step.output_watermark(MIN_TIME) == -3
    (out,) = step.advance_input(1, 10)
    assert (out.bundle.watermark_of(0), step.output_watermark(8)) == (-3, 5)
    list(step.advance_input(1, 20))
    assert step.output_watermark(8) == 8


def test_a_record_behind_one_that_waits_waits_too():
    step = machine()
    list(step.advance_input(1, 10))
    assert records(step.process_input(0, rows([12, 1]))) == []
    assert records(step.advance_input(1, 20)) == [(12, []), (1, [])]


def test_records_that_are_too_late_for_their_window_are_dropped_and_shown():
    step = machine()
    list(step.advance_input(1, MAX_TIME))
    outs = list(step.process_input(0, rows([5, 15], 12)))
    assert [(tag, bundle.rows[0]["value"]) for tag, bundle in outs if tag == "late"] == [("late", 5)]
    assert records(out for out in outs if out.tag == "main") == [(15, [])]
    assert (step.context.ledger.late, step.context.ledger.passed) == (1, 1)


def test_allowed_lateness_keeps_sides_for_as_long():
    step = machine(main=Windowing(Tumbling("10us"), 5, "accumulating"))
    list(step.process_input(1, rows([3])))
    list(step.advance_input(1, MAX_TIME))
    list(step.advance_input(0, 14))
    assert records(step.process_input(0, rows([5], 14))) == [(5, [3])]
    list(step.advance_input(0, 15))
    assert step.context.ledger.held == 0


def test_side_records_after_their_window_was_complete_are_late():
    step = machine()
    list(step.process_input(1, rows([3, 4], [0, 10])))
    list(step.advance_input(1, 10))
    assert records(step.process_input(0, rows([1]))) == [(1, [3])]
    assert step.context.ledger.late == 1


def test_what_no_record_can_need_any_more_is_forgotten():
    step = machine()
    list(step.process_input(1, rows([3, 13])))
    list(step.advance_input(0, 10))
    assert step.context.ledger.held == 1
    list(step.process_input(1, rows([5])))
    assert step.context.ledger.held == 1
    for position in (0, 1):
        list(step.advance_input(position, MAX_TIME))
    assert (step.context.ledger.held, step.context.ledger.balance) == (0, 0)
    assert step.snapshot()["sides"][0]["windows"] == []


def test_an_idle_side_holds_nobody_up():
    step = machine()
    list(step.process_input(0, rows([1])))
    assert records(step.advance(10)) == [(1, [])]


def test_state_survives_as_plain_data():
    step = machine()
    list(step.process_input(0, rows([1, 12], [0, 5])))
    list(step.process_input(1, rows([3, 13])))
    list(step.advance_input(1, 10))
    again = machine()
    again.restore(step.snapshot())
    assert again.snapshot() == step.snapshot()
    assert records(again.advance_input(1, 20)) == records(step.advance_input(1, 20)) == [(12, [13])]


@pytest.mark.parametrize(
    ("view", "record", "message"),
    [
        (View("m", "map"), 5, "side input 'm' has a record that is no pair of key and value"),
        (View("m", "map", ("k",)), {"v": 1}, "record has no field 'k'; it has: v"),
        (View("m", "list", None, ("k",)), 5, "record is int, which has no field 'k'"),
        (View("m", "map"), ([1], 2), r"side input 'm' has a key that cannot be one: \[1\]"),
    ],
)
def test_side_records_that_fit_no_view(view, record, message):
    with pytest.raises(RecordError, match=message):
        list(machine(view).process_input(1, rows([1], records=[record])))
    lenient = machine(view, on_error="skip")
    list(lenient.process_input(1, rows([1], records=[record])))
    assert (lenient.context.ledger.errored, lenient.context.ledger.balance) == (1, 0)
