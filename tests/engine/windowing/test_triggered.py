"""Aggregation under triggers: the same for any cut into bundles and after any restart, and nothing stays."""

import copy

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.engine.windowing.triggered import TriggeredAggregate
from pulse.graph.ops import AggregateOp
from pulse.model.aggregates import collect, combine, count
from pulse.model.time import MAX_TIME
from pulse.model.triggers import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Never,
    Repeatedly,
)
from pulse.model.windows import Calendar, Global, Session, Sliding, Tumbling, Windowing
from tests.properties.strategies import thorough
from tests.support.operators import columns, operator
from tests.support.runs import Joined

SCHEMA = {"k": "string", "v": "int64"}
OP = AggregateOp((("n", count()), ("vs", collect("v")), ("text", combine(Joined(), "v", type="string"))))
COUNT, DELAY, END = AfterCount(2), AfterProcessingTime("3us"), AfterWatermark()
TRIGGERS = [
    Repeatedly(END),
    AfterWatermark(early=COUNT, late=AfterCount(1)),
    AfterWatermark(early=DELAY, late=DELAY),
    AfterWatermark(late=COUNT),
    END,
    COUNT,
    DELAY,
    Never(),
    Repeatedly(COUNT),
    Repeatedly(DELAY),
    AfterEach(COUNT, AfterCount(1), DELAY),
    Repeatedly(AfterEach(AfterCount(1), COUNT)),
    AfterAll(COUNT, END),
    Repeatedly(AfterAll(COUNT, DELAY)),
    AfterAny(COUNT, END),
    Repeatedly(AfterAny(AfterCount(3), END)),
    Repeatedly(COUNT).or_finally(END),
    Repeatedly(COUNT).or_finally(DELAY),
    AfterWatermark(early=AfterCount(3).or_finally(DELAY), late=Never()),
]
WINDOWS = [
    Global(),
    Tumbling("10us"),
    Tumbling("7us", offset="3us"),
    Sliding("10us", "4us", offset="1us"),
    Sliding("3us", "5us"),
    Session("4us"),
    Calendar("day"),
]


def machine(windowing, state=None, now=0):
    made = operator(OP, SCHEMA, keys=("k",), windowing=windowing)
    assert isinstance(made, TriggeredAggregate)
    made.context.clock.move(now)
    if state is not None:
        made.restore(state)
    return made


def shown(outs):
    """Return main and late records with all that belongs to them."""
    main, late = [], []
    for tag, bundle in outs:
        rows = bundle.batch.to_pylist()
        if tag == "late":
            late += map(str, rows)
            continue
        marks = bundle.watermarks.tolist()
        main += map(str, zip(rows, bundle.times.tolist(), marks, bundle.panes, strict=True))
    return main, late


def play(windowing, chunks, *, restart):
    """Play chunks of records, each followed by a move of the clock; return what came out, and the ledgers."""
    step, mark, now, ledger = machine(windowing), -50, 0, None
    main, late = [], []

    def take(outs):
        found = shown(outs)
        main.extend(found[0])
        late.extend(found[1])

    def again():
        nonlocal step
        held = step.context.ledger
        step = machine(windowing, copy.deepcopy(step.snapshot()), now)
        step.context.ledger = held

    for records, tick in chunks:
        rows = []
        for key, time, ahead in records:
            mark += ahead
            rows.append((key, time, mark))
        pieces = [[row] for row in rows] if restart else [rows]
        for piece in pieces:
            if piece:
                keys, times, marks = map(list, zip(*piece, strict=True))
                take(step.process(columns({"k": keys, "v": times}, times, marks)))
            if restart:
                again()
        now += tick
        step.context.clock.move(now)
        if step.due is not None and step.due <= now:
            take(step.tick())
        if restart:
            again()
        ledger = step.context.ledger
        assert ledger.balance == 0
        assert ledger.held >= 0
    take(step.advance(MAX_TIME))
    assert len(step.states) == 0
    assert (ledger is None) or (ledger.held, ledger.balance) == (0, 0)
    return main, late


windowings = st.builds(
    Windowing,
    window=st.sampled_from(WINDOWS),
    trigger=st.sampled_from(TRIGGERS),
    lateness_us=st.sampled_from([0, 0, 3, 20]),
    accumulation=st.sampled_from(["discarding", "accumulating"]),
    timestamp=st.sampled_from(["end_of_window", "earliest", "latest"]),
    shift_us=st.just(0),
).filter(lambda windowing: not windowing.by_default)
chunk = st.tuples(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.integers(-40, 40), st.sampled_from([0, 0, 1, 4, 15])), max_size=6
    ),
    st.sampled_from([0, 1, 3]),
)


@thorough
@given(windowing=windowings, chunks=st.lists(chunk, max_size=6))
def test_bundles_and_restarts_change_nothing(windowing, chunks):
    assert play(windowing, chunks, restart=True) == play(windowing, chunks, restart=False)


@thorough
@given(windowing=windowings, chunks=st.lists(chunk, max_size=6))
def test_discarding_panes_hold_every_record_once(windowing, chunks):
    """What no pane has is late or was dropped from a closed window; windows that overlap hold a record each."""
    if isinstance(windowing.window, Sliding) or windowing.accumulation != "discarding":
        return
    step, mark, now = machine(windowing), -50, 0
    given_, seen = 0, 0
    for records, tick in chunks:
        for key, time, ahead in records:
            mark += ahead
            given_ += 1
            outs = list(step.process(columns({"k": [key], "v": [time]}, [time], [mark])))
            seen += sum(sum(out.batch["n"].to_pylist()) for tag, out in outs if tag == "main")
        now += tick
        step.context.clock.move(now)
        seen += sum(sum(out.batch["n"].to_pylist()) for _, out in step.tick())
    seen += sum(sum(out.batch["n"].to_pylist()) for _, out in step.advance(MAX_TIME))
    ledger = step.context.ledger
    assert seen == ledger.passed == given_ - ledger.late - ledger.filtered


@thorough
@given(windowing=windowings, chunks=st.lists(chunk, max_size=6))
def test_the_output_watermark_never_goes_back_and_is_kept(windowing, chunks):
    """On-time results of records that were on time are on time after the step."""
    step, mark, before = machine(windowing), -50, -(2**63)
    for records, _ in chunks:
        for key, time, ahead in records:
            mark += ahead
            outs = list(step.process(columns({"k": [key], "v": [time]}, [max(time, mark)], [mark])))
            after = step.output_watermark(mark)
            assert before <= after <= mark
            for tag, out in outs:
                if tag == "main":
                    assert (out.watermarks <= after).all()
                    assert (out.times >= out.watermarks).all()
            before = after


PLAIN = (type(None), bool, int, float, str, bytes, pa.Table)


def values(state):
    """Return all single values of nested state."""
    if isinstance(state, dict):
        state = [*state, *state.values()]
    return [one for each in state for one in values(each)] if isinstance(state, list | tuple) else [state]


@pytest.mark.parametrize("trigger", TRIGGERS, ids=str)
@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_state_is_plain_data(window, trigger):
    windowing = Windowing(window, 5, "accumulating", "latest", trigger)
    if windowing.by_default:
        pytest.skip("the default trigger is aggregated in bulk")
    step = machine(windowing)
    list(step.process(columns({"k": ["a", "b", "a"], "v": [1, 2, None]}, [1, 2, 3], [0, 0, 0])))
    state = step.snapshot()
    assert {type(value) for value in values(state)} <= set(PLAIN)
    assert machine(windowing, copy.deepcopy(state)).snapshot() == state
