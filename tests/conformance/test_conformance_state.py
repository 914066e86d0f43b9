"""State, timers and panes as functions see them, as the ValidatesRunner suites of Apache Beam state it.

The other cases of state and timers stand in ``tests/engine/process`` (state, timers, processing time), and those
of deduplication in ``tests/transforms/test_keyed_steps.py``.
"""

import pytest

from pulse import (
    AfterCount,
    AfterWatermark,
    Aggregate,
    CombiningState,
    Create,
    EventTimer,
    KeyBy,
    Map,
    Pipeline,
    Process,
    ProcessingTimer,
    Tumbling,
    ValueState,
    Window,
    WithMetadata,
    collect,
)
from pulse.testing import TestStream
from tests.support.transcripts import SECOND, stream


class TwoTimers(Process):
    first = EventTimer()
    second = EventTimer()

    def process(self, ctx, record):
        ctx.first.set(10)
        ctx.second.set(20)

    def on_timer(self, ctx, name):
        return {"value": "value"}


def test_two_timers_call_one_function(runner):
    p = Pipeline()
    out = p | Create([{"k": "k"}], times=[0]) | KeyBy("k") | TwoTimers()
    assert [r["value"] for r in runner.run(p).records(out)] == ["value", "value"]


class Three(Process):
    due = EventTimer()

    def process(self, ctx, record):
        for seconds in (10, 20, 30):
            ctx.due.set(seconds * SECOND, tag=str(seconds))

    def on_timer(self, ctx, name):
        return {"at": ctx.tag}


def test_output_of_timers_has_their_times(runner):
    p = Pipeline()
    out = p | Create([{"k": "k"}], times=[0]) | KeyBy("k") | Three()
    found = [(r["at"], time // SECOND) for r, time in runner.run(p).timed(out)]
    assert found == [("10", 10), ("20", 20), ("30", 30)]


class Overwritten(Process):
    due = EventTimer()

    def process(self, ctx, record):
        ctx.due.set(10)
        ctx.due.set(20)

    def on_timer(self, ctx, name):
        return {"time": ctx.time}


def test_a_timer_without_a_tag_is_one_timer(runner):
    p = Pipeline()
    out = p | Create([{"k": "k"}], times=[0]) | KeyBy("k") | Overwritten()
    assert [r["time"] for r in runner.run(p).records(out)] == [20]


class Idle(Process):
    total = CombiningState(sum)
    silence = ProcessingTimer()

    def process(self, ctx, record):
        ctx.total.add(int(record["v"]))
        ctx.silence.set_after("5s")

    def on_timer(self, ctx, name):
        return {"total": ctx.total.read()}


class Numbered(Process):
    count = ValueState("int64", default=0)

    def process(self, ctx, record):
        ctx.count.write(ctx.count.read() + 1)
        return {"k": record["k"], "n": ctx.count.read(), "v": record["v"]}


def test_state_is_kept_for_late_records_and_no_longer(runner):
    p = Pipeline()
    script = stream(["1@1", "W10", "2@2", "W15", "3@3", "4@16", "end"])
    window = Window(Tumbling("10s"), allowed_lateness="5s", accumulation="discarding")
    out = p | script | KeyBy("k") | window | "number" >> Numbered()
    result = runner.run(p)
    assert [(r["v"], r["n"]) for r in result.records(out)] == [("1", 1), ("2", 2), ("4", 1)]
    assert [r["v"] for r in result.late_records(out)] == ["3"]


PANES = ["1@1 2@2", "W10", "3@3", "end"]
BY_DEFAULT = {"allowed_lateness": "5s", "accumulation": "discarding"}
EARLY = BY_DEFAULT | {"trigger": AfterWatermark(early=AfterCount(1), late=AfterCount(1))}


class Told(Process):
    def process(self, ctx, record):
        return {"timing": ctx.pane.timing, "index": ctx.pane.index}


SEEN = {
    "a process": lambda panes: panes | KeyBy("k") | Told(),
    "a function": lambda panes: (
        panes | Map(lambda r, ctx: {"timing": ctx.pane.timing, "index": ctx.pane.index}, context=True)
    ),
    "fields": lambda panes: panes | WithMetadata("timing", "index"),
}


@pytest.mark.parametrize("options", [BY_DEFAULT, EARLY], ids=["by default", "early"])
@pytest.mark.parametrize("step", SEEN)
def test_steps_are_told_the_panes(runner, step, options):
    p = Pipeline()
    panes = p | stream(PANES) | KeyBy("k") | Window(Tumbling("10s"), **options) | Aggregate(vs=collect("v"))
    out = SEEN[step](panes)
    found = [(r["timing"], r["index"]) for r in runner.run(p).records(out)]
    late = [("on_time", 0), ("late", 1)]
    early = [("early", 0), ("early", 1), ("on_time", 2), ("late", 3)]
    assert found == (late if options is BY_DEFAULT else early)


def test_a_window_of_a_key_has_one_first_pane(runner):
    p = Pipeline()
    script = TestStream()
    for n in range(12):
        script = script.add({"k": "abc"[n % 3], "v": n}, at=f"{n}s")
    window = Window(Tumbling("6s"), trigger=AfterWatermark(early=AfterCount(1)), accumulation="discarding")
    out = p | script | KeyBy("k") | window | Aggregate(vs=collect("v")) | WithMetadata("is_first", "index")
    found = runner.run(p).panes(out)
    first = [(each.record["k"], each.window) for each in found if each.record["is_first"]]
    assert len(first) == len(set(first)) == 6
    assert all(each.record["is_first"] == (each.record["index"] == 0) for each in found)


def test_a_timer_by_the_clock_fires_once_the_key_is_silent(runner):
    p = Pipeline()
    script = stream(["1@1", "P3", "2@2", "P3", "P2", "b:3@3", "P5", "end"])
    out = p | script | KeyBy("k") | Idle()
    steps = [[each.record["total"] for each in step] for step in runner.run(p).steps(out)]
    assert steps == [[], [], [], [], [3], [], [3], []]
