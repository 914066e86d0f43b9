"""Processing-time timers, with a clock that is moved by hand."""

import pytest

from pulse import (
    CombiningState,
    DeterministicRunner,
    EventTimer,
    KeyBy,
    ListState,
    Pipeline,
    Process,
    ProcessingTimer,
    Tumbling,
    count,
)
from pulse.model.windows import Windowing
from pulse.testing.stream import TestStream
from tests.support.processes import end, feed, machine, shown

S = 1_000_000


class Buffer(Process):
    values = ListState()
    flush = ProcessingTimer()

    def process(self, ctx, record):
        ctx.values.add(record["v"])
        ctx.flush.set_after("5s")

    def on_timer(self, ctx, name):
        yield {"k": ctx.key, "values": ctx.values.read(), "now": ctx.processing_time}
        ctx.values.clear()


def at(step, now):
    step.context.clock.move(now)
    return shown(step.tick()) if step.due is not None and step.due <= now else []


def test_a_timer_that_is_set_again_fires_once():
    step = machine(Buffer())
    assert step.due is None
    feed(step, (10, "a", 1))
    assert step.due == 5 * S
    assert at(step, 3 * S) == []
    feed(step, (11, "a", 2))
    assert at(step, 5 * S) == []
    assert at(step, 8 * S) == [({"k": "a", "values": [1, 2], "now": 8 * S}, 11)]
    assert step.left_over() == 0
    assert end(step) == []


def test_output_has_the_time_of_the_record_or_the_watermark():
    step = machine(Buffer())
    feed(step, (10, "a", 1))
    list(step.advance(50))
    ((record, time),) = at(step, 5 * S)
    assert (record["values"], time) == ([1], 50)


def test_a_time_that_has_passed_fires_at_once_and_the_rest_at_the_end():
    class Absolute(Process):
        alarm = ProcessingTimer()
        event = EventTimer()

        def process(self, ctx, record):
            ctx.alarm.set(record["v"])
            ctx.event.set(7)

        def on_timer(self, ctx, name):
            return {"k": ctx.key, "name": name, "ended": ctx.ended}

    step = machine(Absolute())
    step.context.clock.move(100)
    found = feed(step, (1, "a", 50), (2, "b", 300), (3, "c", 200))
    assert found == [({"k": "a", "name": "alarm", "ended": False}, 1)]
    assert [(r["k"], r["name"]) for r, _ in end(step)] == [
        *(("c", "alarm"), ("b", "alarm")),
        *(("a", "event"), ("b", "event"), ("c", "event")),
    ]


def test_one_that_sets_itself_again_stops_with_the_input():
    class Beats(Process):
        n = CombiningState(count)
        beat = ProcessingTimer()

        def process(self, ctx, record):
            ctx.beat.set_after("1s")

        def on_timer(self, ctx, name):
            ctx.n.add(1)
            ctx.beat.set_after("1s")
            return {"n": ctx.n.read()}

    step = machine(Beats())
    feed(step, (0, "a", 1))
    assert [r["n"] for now in (1, 2, 3) for r, _ in at(step, now * S)] == [1, 2, 3]
    assert [r["n"] for r, _ in end(step)] == [4]


def test_those_of_a_window_go_with_it():
    step = machine(Buffer(), Windowing(Tumbling("10s")))
    feed(step, (1 * S, "a", 1))
    assert shown(step.advance(10 * S)) == []
    assert (step.left_over(), step.due) == (0, None)
    assert end(step) == []


def test_a_hold_keeps_the_watermark():
    class Holds(Process):
        alarm = ProcessingTimer()

        def process(self, ctx, record):
            ctx.alarm.set_after("5s", hold=ctx.time)

        def on_timer(self, ctx, name):
            return {"name": name}

    step = machine(Holds())
    feed(step, (10, "a", 1))
    list(step.advance(40))
    assert step.output_watermark(40) == 10
    step.context.clock.move(5 * S)
    ((_, bundle),) = step.tick()
    assert (bundle.times.tolist(), bundle.watermarks) == ([10], 10)
    assert step.output_watermark(40) == 40


def test_timers_come_back_after_a_restart():
    step, fresh = machine(Buffer()), machine(Buffer())
    feed(step, (10, "a", 1))
    fresh.restore(step.snapshot())
    assert fresh.due == 5 * S
    assert at(fresh, 5 * S) == [({"k": "a", "values": [1], "now": 5 * S}, 10)]
    assert end(fresh) == []


@pytest.mark.parametrize("make", [DeterministicRunner, lambda: DeterministicRunner(seed=1, bundle_size=1)])
def test_the_clock_of_a_run_fires_them(make):
    events = (
        TestStream()
        .elements([{"k": "a", "v": 1}, {"k": "b", "v": 2}], time="1s")
        .processing_time("3s")
        .elements([{"k": "a", "v": 3}], time="2s")
        .processing_time("4s")
        .elements([{"k": "b", "v": 4}], time="3s")
        .end()
    )
    p = Pipeline()
    out = p | events | KeyBy("k") | Buffer()
    found = [(r["k"], r["values"]) for r in make().run(p).records(out)]
    assert found == [("b", [2]), ("a", [1, 3]), ("b", [4])]
