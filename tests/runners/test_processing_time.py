"""Processing time in both runners: virtual in one, the wall clock (here a mock) in the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    DeterministicRunner,
    Flatten,
    KeyBy,
    Pipeline,
    Read,
    TrioRunner,
    Tumbling,
    Window,
    Write,
    collect,
)
from pulse.io.base import Sink, Writer
from pulse.model.triggers import AfterProcessingTime, AfterWatermark
from pulse.testing import TestStream
from tests.support.pausing import SECOND, Pausing


@dataclass(frozen=True, eq=False)
class Ticking(Sink):
    """Notes when it is told the time."""

    ticks: list[int] = field(default_factory=list)

    @property
    def label(self):
        return "ticking"

    def open(self, context):
        return TickingWriter(self)


class TickingWriter(Writer):
    def __init__(self, sink):
        self.sink = sink

    def write(self, bundle):
        return 0

    def prepare(self, checkpoint):
        return None

    def commit(self, prepared):
        pass

    def abort(self):
        pass

    def tick(self, now):
        self.sink.ticks.append(now)


def run(runner, pipeline):
    if isinstance(runner, DeterministicRunner):
        return runner.run(pipeline)

    async def main():
        return await runner.run_async(pipeline, collect=True)

    # Work in threads is not seen by a mock clock: it must not jump while that goes on.
    return trio.run(main, clock=MockClock(autojump_threshold=0.03))


RUNNERS = [
    DeterministicRunner(),
    DeterministicRunner(bundle_size=1, fuse=False),
    TrioRunner(),
    TrioRunner(fuse=False),
]


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: type(runner).__name__)
def test_a_trigger_fires_while_its_source_is_silent(runner):
    early = AfterWatermark(early=AfterProcessingTime("5s"))
    window = Window(Tumbling("1h"), trigger=early, accumulation="discarding")
    p = Pipeline()
    out = p | Read(Pausing((1, 2, *[None] * 9, 3))) | KeyBy("k") | window | Aggregate(t=collect("t"))
    found = [(each.record["t"], each.pane.timing) for each in run(runner, p).panes(out)]
    assert found == [([1, 2], "early"), ([3], "on_time")]


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: type(runner).__name__)
def test_an_idle_source_holds_nobody_back(runner):
    p = Pipeline()
    idle = BoundedOutOfOrderness("0s", idle_after="3s")
    silent = p | "silent" >> Read(Pausing((1, *[None] * 12)), watermarks=idle)
    lively = p | "lively" >> Read(
        Pausing((2, 2 * SECOND, *[None] * 6, 3 * SECOND)), watermarks=BoundedOutOfOrderness("0s")
    )
    windowed = (silent, lively) | Flatten() | KeyBy("k") | Window(Tumbling("1s"))
    out = windowed | Aggregate(t=collect("t"))
    result = run(runner, p)
    starts = [each.window[0] for each in result.panes(out)]
    assert starts == [0, 2 * SECOND, 3 * SECOND]
    assert result.late == 0


def test_sinks_are_told_the_time_as_a_script_moves_it():
    for runner in (DeterministicRunner(), TrioRunner()):
        sink, p = Ticking(), Pipeline()
        p | TestStream().processing_time("5s").add(1, at=0).processing_time("2s") | Write(sink)
        runner.run(p)
        assert sink.ticks == [5 * SECOND, 7 * SECOND]


def test_sinks_are_told_the_wall_time():
    sink, p = Ticking(), Pipeline()
    p | Read(Pausing((1, *[None] * 5))) | Write(sink)
    run(TrioRunner(), p)
    assert len(sink.ticks) >= 2
    assert all(b - a >= SECOND for a, b in pairwise(sink.ticks))


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: type(runner).__name__)
def test_a_long_jump_of_the_clock_passes_through_all_that_is_due(runner):
    early = AfterWatermark(early=AfterProcessingTime("5s"))
    stream = TestStream().add({"k": "a", "t": 1}, at=1).processing_time("2s").add({"k": "b", "t": 2}, at=2)
    p = Pipeline()
    window = Window(Tumbling("1h"), trigger=early, accumulation="discarding")
    out = p | stream.processing_time("1h") | KeyBy("k") | window | Aggregate(t=collect("t"))
    steps = run(runner, p).steps(out)
    assert [[each.record["k"] for each in step] for step in steps] == [[], [], [], ["a", "b"], ["a", "b"]]
