"""Running processes with state and timers, on every runner."""

from __future__ import annotations

from typing import Any

import numpy as np

from pulse import BoundedOutOfOrderness, Create, DeterministicRunner, KeyBy, Pipeline, TrioRunner
from pulse.engine.build import build_operator
from pulse.engine.operator import StepContext
from pulse.graph.collection import CollectionType
from pulse.graph.logical import Node
from pulse.model.bundle import Bundle
from pulse.model.time import MAX_TIME, MIN_TIME
from pulse.model.windows import Windowing

RUNNERS = {
    "whole": DeterministicRunner,
    "one by one": lambda: DeterministicRunner(seed=3, bundle_size=1),
    "crashing": lambda: DeterministicRunner(seed=5, bundle_size=2, checkpoint_every=3, crash_at={4, 9, 14}),
    "unfused": lambda: DeterministicRunner(seed=7, bundle_size=3, fuse=False),
    "replicas": lambda: DeterministicRunner(seed=2, bundle_size=1, parallelism=2),
    "trio": TrioRunner,
    "trio replicas": lambda: TrioRunner(parallelism=2),
}


def run(runner: str, pipeline: Pipeline) -> Any:
    """Run a pipeline on one of ``RUNNERS`` and check its books."""
    machine = RUNNERS[runner]()
    result = machine.run(pipeline, collect=True) if isinstance(machine, TrioRunner) else machine.run(pipeline)
    for name, step in result.ledger.items():
        assert (step.balance, step.held) == (0, 0), name
    return result


def keyed(events: Any, delay: str | None = "0s", key: str = "k") -> tuple[Pipeline, Any]:
    """Return a pipeline over (time, key, value) events, keyed; ``delay`` None: the watermark waits for the end."""
    p = Pipeline()
    records = [{"k": k, "v": v} for _, k, v in events]
    strategy = None if delay is None else BoundedOutOfOrderness(delay)
    source = p | Create(records, times=[t for t, _, _ in events], watermarks=strategy)
    return p, source | KeyBy(key)


def machine(process: Any, windowing: Windowing = Windowing.DEFAULT, **options: Any) -> Any:
    """Return the machine of a process, keyed by ``k``."""
    op = process.with_options(**options).op()
    before = CollectionType(None, keys=("k",), windowing=windowing)
    return build_operator(Node("step", op), [before], before, StepContext("step", op.on_error))


def feed(step: Any, *events: Any, mark: int = MIN_TIME) -> list[Any]:
    """Give (time, key, value) events and return the records that come out, with their times."""
    records = [{"k": k, "v": v} for _, k, v in events]
    return shown(step.process(Bundle(records, np.array([t for t, _, _ in events], np.int64), mark)))


def shown(outs: Any) -> list[Any]:
    """Return records with their times; those of other outputs with the tag."""
    found = []
    for tag, bundle in outs:
        rows = bundle.rows if bundle.is_rows else bundle.batch.to_pylist()
        for row, time in zip(rows, bundle.times.tolist(), strict=True):
            found.append((row, time) if tag == "main" else (tag, row, time))
    return found


def end(step: Any) -> list[Any]:
    """End the input, return what comes out, and check that nothing is left."""
    found = shown(step.advance(MAX_TIME))
    assert step.left_over() == 0
    assert step.context.ledger.balance == step.context.ledger.held == 0
    return found
