"""Triggers with several deadlines by processing time, of which one is over before the others."""

from __future__ import annotations

from pulse import (
    AfterAll,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    Aggregate,
    DeterministicRunner,
    Global,
    Pipeline,
    Repeatedly,
    Trigger,
    Window,
    count,
)
from pulse.testing import TestStream


def counts_per_step(stream: TestStream, trigger: Trigger) -> list[list[int]]:
    p = Pipeline()
    window = Window(Global(), trigger=trigger, accumulation="discarding")
    out = p | stream | window | Aggregate(n=count())
    steps = DeterministicRunner().run(p).steps(out)
    return [[found.record["n"] for found in step] for step in steps]


def test_all_of_two_deadlines_wait_for_the_later_one() -> None:
    stream = TestStream().add({}, at="1s").processing_time("3s").add({}, at="1s").processing_time("2s")
    trigger = Repeatedly(AfterAll(AfterProcessingTime("2s"), AfterProcessingTime("5s")))
    assert counts_per_step(stream, trigger) == [[], [], [], [2], []]


def test_a_deadline_of_a_part_that_is_over_is_not_awaited_again() -> None:
    stream = TestStream().add({}, at="1s").processing_time("2s").add({}, at="1s").processing_time("9s")
    trigger = Repeatedly(AfterEach(AfterProcessingTime("2s"), AfterCount(2)))
    assert counts_per_step(stream, trigger) == [[], [1], [], [], [1]]
