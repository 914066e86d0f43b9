"""Idle inputs, holds, triggers and clocks: nothing of how a pipeline runs shows in what comes out."""

from __future__ import annotations

from typing import ClassVar

import pytest

from pulse import (
    AfterAny,
    AfterCount,
    AfterWatermark,
    Aggregate,
    DeterministicRunner,
    EventTimer,
    KeyBy,
    Pipeline,
    Process,
    Repeatedly,
    Session,
    Tumbling,
    Window,
    count,
    lit,
)
from pulse import sum as sum_
from pulse.testing import TestStream

WAYS = [
    *({"seed": seed, "parallelism": 2} for seed in range(12)),
    {"parallelism": 3, "bundle_size": 1},
    {"fuse": False},
    {"checkpoint_every": 1, "crash_at": range(0, 400, 3)},
]


def everything(build, **way):
    """Return, sorted, what comes out at each step, and what was late."""
    pipeline = Pipeline()
    out = build(pipeline)
    result = DeterministicRunner(**way).run(pipeline)
    steps = [
        sorted(str((each.record, each.time, each.window)) for each in step) for step in result.steps(out)
    ]
    return steps, {name: step.late for name, step in result.ledger.items() if step.late}


def idle_source(p):
    """A source that rests, and then goes on: its replicas do not come back at one moment."""
    records = [{"k": key, "v": 1} for key in "abcd"]
    stream = TestStream().elements(records, time="1s").idle().watermark("10s")
    stream = stream.elements(records, time="11s").watermark("30s")
    window = Window(Tumbling("10s"), allowed_lateness="5s", accumulation="discarding")
    first = p | stream | KeyBy("k") | Window(Tumbling("10s")) | Aggregate(n=count())
    return first | window | KeyBy(g=lit(1)) | Aggregate(t=sum_("n"))


class Holding(Process):
    """Holds the watermark for one key."""

    timer = EventTimer()
    preserves = ("k",)
    schema: ClassVar = {"k": "string", "v": "int64"}

    def process(self, ctx, record):
        if record["v"]:
            ctx.timer.set(ctx.time + 20_000_000, hold=ctx.time)
        return {"k": record["k"], "v": 1}

    def on_timer(self, ctx, name):
        return {"k": ctx.key, "v": 100}


def a_hold_of_one_key(p):
    stream = TestStream().elements([{"k": "a", "v": 1}], time="1s").watermark("12s")
    stream = stream.elements([{"k": key, "v": 0} for key in "bcd"], time="3s").watermark("40s")
    return p | stream | KeyBy("k") | Holding() | Window(Tumbling("5s")) | Aggregate(n=sum_("v"))


def sessions_that_hold(p):
    stream = TestStream().elements([{"k": "a", "v": 1}], time="1s").watermark("2s")
    stream = stream.elements([{"k": "a", "v": 1}], time="4s").watermark("6s")
    stream = stream.elements([{"k": key, "v": 0} for key in "bcd"], time="6s").watermark("40s")
    first = p | stream | KeyBy("k") | Window(Session("4s"), timestamp="earliest") | Aggregate(n=count())
    return first | Window(Tumbling("5s")) | Aggregate(t=sum_("n"))


def a_trigger_over_all_keys(p):
    records = [{"k": key, "v": i} for i, key in enumerate("abcdefgh")]
    stream = TestStream().elements(records, time="1s").watermark("10s")
    early = AfterWatermark(early=AfterCount(3))
    first = p | stream | KeyBy("k") | Window(Tumbling("10s")) | Aggregate(s=sum_("v"))
    second = first | Window(Tumbling("60s"), trigger=early, accumulation="accumulating")
    return second | KeyBy(g=lit(1)) | Aggregate(n=count())


def clocks_one_after_the_other(p):
    stream = TestStream().add({"k": "a", "v": 1}, at="1s").processing_time("2s")
    stream = stream.add({"k": "a", "v": 2}, at="2s").processing_time("2s").processing_time("9s")
    out = p | stream | KeyBy("k")
    for name in ("first", "second"):
        window = f"window {name}" >> Window(Tumbling("60s"), early_every="2s", accumulation="discarding")
        out = out | window | name >> Aggregate(v=sum_("v"))
    return out


def triggers_in_triggers(p):
    inner = AfterWatermark(early=AfterWatermark(), late=AfterCount(1))
    trigger = Repeatedly(AfterAny(inner, AfterCount(1)))
    stream = TestStream().add({"k": "a"}, at="1s").watermark("12s").add({"k": "a"}, at="2s")
    stream = stream.add({"k": "b"}, at="3s").watermark("20s").add({"k": "b"}, at="4s").watermark("90s")
    window = Window(Tumbling("10s"), allowed_lateness="50s", trigger=trigger, accumulation="accumulating")
    return p | stream | KeyBy("k") | window | Aggregate(n=count())


@pytest.mark.parametrize(
    "build",
    [
        idle_source,
        a_hold_of_one_key,
        sessions_that_hold,
        a_trigger_over_all_keys,
        clocks_one_after_the_other,
        triggers_in_triggers,
    ],
)
def test_what_comes_out(build):
    expected = everything(build)
    assert any(expected[0])
    for way in WAYS:
        assert everything(build, **way) == expected, way
