"""Crash and restore at every step of small pipelines, with states as they are on disk."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from pulse import BoundedOutOfOrderness, Create, DeterministicRunner, Pipeline
from tests.support.crash_pipelines import DELAY, STEPS, attach

AT_MOST = 500


def events(size: int = 16) -> list[dict[str, Any]]:
    random = Random(3)
    return [
        {"ts": n * 2500 + random.randint(0, 6000), "k": random.choice("ab"), "v": random.randint(0, 9)}
        for n in range(size)
    ]


def outcome(name: str, **options: Any) -> tuple[dict[str, list[str]], bool]:
    """Return what comes out of each output of a pipeline, and whether the run crashed."""
    p = Pipeline(name)
    source = p | Create(events(), time_field="ts", watermarks=BoundedOutOfOrderness(DELAY))
    made = attach(name, source)
    result = DeterministicRunner(seed=1, bundle_size=5, **options).run(p)
    return {tag: sorted(map(str, result.panes(c))) for tag, c in made.items()}, "crash" in result.trace


@pytest.mark.parametrize("name", STEPS)
def test_a_crash_at_every_step_changes_nothing(name: str) -> None:
    wanted, _ = outcome(name)
    assert all(wanted.values())
    for step in range(1, AT_MOST):
        found, crashed = outcome(name, checkpoint_every=4, crash_at={step, step + 3})
        assert found == wanted, step
        if not crashed:
            break
    assert 5 < step < AT_MOST
