"""Alignment: a source too far ahead is held back, and nothing ever stands still for it."""

from __future__ import annotations

import pytest

from pulse import (
    BoundedOutOfOrderness,
    DeterministicRunner,
    Flatten,
    Pipeline,
    PipelineError,
    Read,
    TrioRunner,
)
from tests.support.pausing import SECOND, Pausing

IN_ORDER = BoundedOutOfOrderness("0s")


def read(runner, *sources):
    p = Pipeline()
    read = tuple(p | f"s{i}" >> Read(s, watermarks=IN_ORDER) for i, s in enumerate(sources))
    out = read | Flatten()
    options = {"collect": True} if isinstance(runner, TrioRunner) else {}
    return [record["t"] for record in runner.run(p, **options).records(out)]


def worst_drift(order, sources):
    """Return how far ahead of the slowest of the others a source was when it was read."""
    marks = [None] * len(sources)
    worst = 0
    for time in order:
        (mine,) = [i for i, source in enumerate(sources) if time in source.entries]
        others = [mark for i, mark in enumerate(marks) if i != mine and mark is not None]
        before = marks[mine]
        if before is not None and others:
            worst = max(worst, before - min(others))
        marks[mine] = time
    return worst


@pytest.mark.parametrize("seed", range(5))
def test_a_source_ahead_waits_for_the_slowest(seed):
    order: list[int] = []
    fast = Pausing(tuple(n * SECOND for n in range(20)), polls=order)
    slow = Pausing(tuple(n * SECOND + 1 for n in range(20)), polls=order)
    assert sorted(read(DeterministicRunner(seed, max_drift="2s"), fast, slow)) == sorted(order)
    assert worst_drift(order, (fast, slow)) <= 2 * SECOND


def test_without_a_bound_a_source_may_run_ahead():
    drifts = []
    for seed in range(5):
        order: list[int] = []
        fast = Pausing(tuple(n * SECOND for n in range(20)), polls=order)
        slow = Pausing(tuple(n * SECOND + 1 for n in range(20)), polls=order)
        read(DeterministicRunner(seed), fast, slow)
        drifts.append(worst_drift(order, (fast, slow)))
    assert max(drifts) > 2 * SECOND


@pytest.mark.parametrize(
    "runner",
    [DeterministicRunner(2, max_drift="1s"), TrioRunner(max_drift="1s")],
    ids=lambda runner: type(runner).__name__,
)
def test_idle_and_ended_sources_do_not_count(runner):
    ahead = Pausing(tuple(n * 60 * SECOND for n in range(10)))
    silent = Pausing((1, *[None] * 5, 2), retry_after=1000)
    never_spoke = Pausing((None,) * 5, retry_after=1000)
    assert sorted(read(runner, ahead, silent, never_spoke)) == sorted([*ahead.entries, 1, 2])


@pytest.mark.parametrize("runner", [DeterministicRunner, TrioRunner])
def test_the_bound_is_checked(runner):
    with pytest.raises(PipelineError, match="max_drift '-1s' is negative"):
        runner(max_drift="-1s")
    with pytest.raises(PipelineError, match="max_drift 'far' is not a duration"):
        runner(max_drift="far")
