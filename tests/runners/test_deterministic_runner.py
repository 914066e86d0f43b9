"""What the deterministic runner checks of itself, and its crashes."""

from __future__ import annotations

import pytest

from pulse import (
    Aggregate,
    Create,
    DeterministicRunner,
    Filter,
    FlatMap,
    KeyBy,
    Map,
    Pipeline,
    PipelineError,
    PulseInternalError,
    Tagged,
    count,
)
from pulse.engine.observer import NullObserver
from pulse.engine.operators.filter import FilterOperator
from pulse.runners.execution import Machines
from pulse.runners.prepare import prepare


def words():
    p = Pipeline()
    return p, p | Create([{"w": w} for w in "abcab"]) | Filter("w != 'c'") | KeyBy("w") | Aggregate(n=count())


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("checkpoint_every", [0, 1, 3])
def test_random_crashes_change_nothing(seed, checkpoint_every):
    p, out = words()
    runner = DeterministicRunner(
        seed, crash_at="random", crashes=3, checkpoint_every=checkpoint_every, fuse=False, bundle_size=1
    )
    result = runner.run(p)
    assert sorted(r["n"] for r in result.records(out)) == [2, 2]
    assert 1 <= result.trace.count("crash") <= 3
    assert runner.run(p).trace == result.trace


def test_options_are_checked():
    with pytest.raises(PipelineError, match="crash_at 'sometimes' is neither 'random' nor step numbers"):
        DeterministicRunner(crash_at="sometimes")
    with pytest.raises(PipelineError, match="crashes 0 is not at least 1"):
        DeterministicRunner(crash_at="random", crashes=0)


def test_an_observer_is_told():
    class Received(NullObserver):
        def __init__(self):
            self.steps = {}

        def received(self, step, records):
            self.steps[step] = self.steps.get(step, 0) + records

    seen = Received()
    p, _ = words()
    result = DeterministicRunner(observer=seen, bundle_size=1).run(p)
    assert seen.steps["Filter(w != 'c')"] == 5
    assert seen.steps["KeyBy(w)"] == result.ledger["KeyBy(w)"].received == 4


def test_side_outputs_are_counted_along_edges():
    p = Pipeline()
    main = p | Create([1, 2, 3]) | FlatMap(lambda n: [n if n % 2 else Tagged("even", n)], outputs=["even"])
    even = main["even"] | Map(lambda n: -n)
    assert DeterministicRunner(bundle_size=1).run(p).records(even) == [-2]


def test_a_step_that_holds_things_at_the_end_is_found_out():
    p, _ = words()
    plan, _ = prepare(p, collect=True)
    machines = Machines(plan)
    machines.check_empty()
    machine = next(iter(machines.timed.values()))
    machine.operators[-1].context.ledger.held = 1
    with pytest.raises(PulseInternalError, match="still holds 1 things"):
        machines.check_empty()


def test_a_step_that_loses_records_is_found_out(monkeypatch):
    monkeypatch.setattr(FilterOperator, "account", lambda self, *counts: None)
    p, _ = words()
    with pytest.raises(PulseInternalError, match="does not balance: 5 of 5 records"):
        DeterministicRunner().run(p)
