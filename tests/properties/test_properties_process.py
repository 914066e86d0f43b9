"""What a process gives depends on records, times and watermarks only."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pulse import (
    BoundedOutOfOrderness,
    Create,
    DeterministicRunner,
    EventTimer,
    KeyBy,
    ListState,
    MapState,
    Pipeline,
    Process,
    Sliding,
    TrioRunner,
    Tumbling,
    ValueState,
    Window,
)
from pulse.model.bundle import Bundle
from pulse.model.windows import Global, Windowing
from tests.properties.strategies import thorough
from tests.support.processes import end, machine

S = 1_000_000


class Everything(Process):
    """Uses all there is: several cells, a time to live, tags, holds, failures halfway, timers that set others."""

    n = ValueState("int64", default=0)
    recent = ListState("int64", ttl="4s")
    table = MapState("int64", "int64")
    first = EventTimer()
    second = EventTimer()
    on_error = "skip"
    preserves = ("k",)

    def process(self, ctx, record):
        v = record["v"]
        ctx.n.write(ctx.n.read() + 1)
        ctx.recent.add(v)
        ctx.table[v % 3] = v
        yield {"k": ctx.key, "v": v, "n": ctx.n.read(), "recent": ctx.recent.read()}
        at = min(ctx.time + v * S // 2, ctx.window.end - 1)
        ctx.first.set(at, tag=str(v % 2), hold=ctx.time if v % 4 == 1 and at >= ctx.time else None)
        if v % 5 == 4:
            ctx.table.clear()
            raise ValueError(v)
        if v % 7 == 6:
            ctx.first.clear("0")

    def on_timer(self, ctx, name):
        if name == "first":
            ctx.second.set(min(ctx.time + S, ctx.window.end - 1))
        else:
            ctx.table.clear()
        yield {"k": ctx.key, "timer": name + ctx.tag, "at": ctx.time, "recent": ctx.recent.read()}
        yield {"k": ctx.key, "table": ctx.table.items(), "start": ctx.window.start}


EVENTS = st.lists(st.tuples(st.integers(0, 20), st.sampled_from("abc"), st.integers(0, 20)), max_size=25)
WINDOWS = st.sampled_from([Global(), Tumbling("7s"), Sliding("6s", "4s"), Sliding("2s", "5s")])
LATENESS = st.sampled_from([0, 3 * S])


def marks_of(times: list[int], delay: int) -> list[int]:
    found, highest = [], -(2**63)
    for time in times:
        found.append(max(highest - delay, -(2**63)))
        highest = max(highest, time)
    return found


@thorough
@given(
    EVENTS,
    st.tuples(WINDOWS, LATENESS),
    st.integers(0, 4),
    st.lists(st.integers(1, 6), min_size=1),
    st.data(),
)
def test_bundles_and_restarts_change_nothing(events, shape, delay, cuts, data):
    """One bundle, or many with a restart in between: the same records, times and watermarks."""
    window, lateness = shape
    windowing = Windowing(window, lateness, "discarding" if lateness else None)
    times = [t * S for t, _, _ in events]
    marks = np.array(marks_of(times, delay * S), np.int64)
    rows = [{"k": k, "v": v} for _, k, v in events]
    bundle = Bundle(rows, np.array(times, np.int64), marks)
    whole = machine(Everything(), windowing)
    expected = all_of(whole, whole.process(bundle)) if events else []
    ends = end(whole)
    step, found, start, turn = machine(Everything(), windowing), [], 0, 0
    while start < len(events):
        stop = min(start + cuts[turn % len(cuts)], len(events))
        found += all_of(step, step.process(bundle.slice(start, stop)))
        found += all_of(step, step.advance(int(marks[stop - 1])))
        if data.draw(st.booleans()):
            fresh = machine(Everything(), windowing)
            fresh.restore(step.snapshot())
            fresh.context.ledger = step.context.ledger
            step = fresh
        assert step.context.ledger.balance == 0
        start, turn = stop, turn + 1
    for tag in ("main", "late"):
        assert [each[1:] for each in found if each[0] == tag] == [
            each[1:] for each in expected if each[0] == tag
        ]
    assert end(step) == ends
    assert step.context.ledger == whole.context.ledger


def all_of(step: Any, outs: Any) -> list[Any]:
    """Return records with output, time and watermark, which must never fall nor pass what is handed on."""
    found = []
    for tag, bundle in outs:
        marks = np.broadcast_to(np.asarray(bundle.watermarks), len(bundle)).tolist()
        assert marks == sorted(marks)
        found += [
            (tag, row, time, mark)
            for row, time, mark in zip(bundle.rows, bundle.times.tolist(), marks, strict=True)
        ]
    assert step.output_watermark(step.watermark) <= step.watermark
    return found


@thorough
@given(EVENTS, WINDOWS, st.integers(0, 4), st.integers(0, 99))
def test_runners_agree(events, window, delay, seed):
    def outcome(runner: Any) -> Any:
        p = Pipeline()
        source = p | Create(
            [{"k": k, "v": v} for _, k, v in events],
            schema={"k": "string", "v": "int64"},
            times=[t * S for t, _, _ in events],
            watermarks=BoundedOutOfOrderness(f"{delay}s"),
        )
        out = source | KeyBy("k") | Window(window) | "step" >> Everything()
        result = runner.run(p, collect=True) if isinstance(runner, TrioRunner) else runner.run(p)
        books = result.ledger["step"]
        found: dict[str, list[Any]] = {}
        for record in result.records(out):
            found.setdefault(record["k"], []).append(record)
        late = sorted((r["k"], r["v"]) for r in result.records(out.late))
        return found, late, books.as_dict()

    expected = outcome(DeterministicRunner())
    for runner in (
        DeterministicRunner(seed=seed, bundle_size=1 + seed % 3),
        DeterministicRunner(seed=seed, bundle_size=2, checkpoint_every=3, crash_at={3, 7, 12}),
        DeterministicRunner(seed=seed, bundle_size=1, parallelism=2),
        DeterministicRunner(seed=seed, fuse=False),
        TrioRunner(),
    ):
        assert outcome(runner) == expected
