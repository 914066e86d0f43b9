"""Pipelines with every kind of state, for tests that stop them at any moment and go on.

``pulse run tests.support.crash_pipelines:NAME`` runs one over ``in.jsonl`` of the working directory and writes
``out.NAME.jsonl`` files; ``attach`` builds the same steps over any source.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pulse import (
    AfterCount,
    AfterWatermark,
    Aggregate,
    AsSingleton,
    BoundedOutOfOrderness,
    Deduplicate,
    EventTimer,
    Flatten,
    FromSource,
    IntervalJoin,
    Join,
    JsonLines,
    JsonLinesSink,
    KeyBy,
    Map,
    Nexmark,
    ParquetSink,
    Pipeline,
    Process,
    Read,
    Select,
    Session,
    Sliding,
    Tumbling,
    ValueState,
    Window,
    Write,
    collect,
    count,
    max,  # noqa: A004 - Pulse's own
    sum,  # noqa: A004 - as above
)

if TYPE_CHECKING:
    from collections.abc import Callable

Made = dict[str, Any]
SCHEMA = {"ts": "int", "k": "string", "v": "int"}
DELAY = "10s"


class Silence(Process):
    """How many records a key had in a row, each at most two seconds after the one before."""

    seen = ValueState("int", 0)
    quiet = EventTimer()
    schema = {"k": "string", "seen": "int", "at": "int"}  # noqa: RUF012 - as people write it

    def process(self, ctx: Any, record: Any) -> None:
        del record
        ctx.seen.write(ctx.seen.read() + 1)
        ctx.quiet.set(ctx.time + 2_000_000)

    def on_timer(self, ctx: Any, name: str) -> Any:
        del name
        found = {"k": ctx.key, "seen": ctx.seen.read(), "at": ctx.time}
        ctx.seen.clear()
        return found


def halves(record: Any) -> Any:
    """Fail on odd values."""
    if record["v"] % 2:
        raise ValueError(f"odd: {record['v']}")
    return {"k": record["k"], "half": record["v"] // 2}


def share(record: Any, total: Any) -> Any:
    """Set a count beside the total of its window."""
    return {"k": record["k"], "n": record["n"], "total": total}


def tumbling(c: Any) -> Made:
    return {"out": c | KeyBy("k") | Window(Tumbling("30s")) | Aggregate(n=count(), s=sum("v"), m=max("v"))}


def sliding(c: Any) -> Made:
    return {"out": c | KeyBy("k") | Window(Sliding("40s", "10s")) | Aggregate(n=count(), s=sum("v"))}


def session(c: Any) -> Made:
    return {"out": c | KeyBy("k") | Window(Session("4s")) | Aggregate(n=count(), s=sum("v"))}


def triggered(c: Any) -> Made:
    window = Window(Tumbling("30s"), trigger=AfterWatermark(early=AfterCount(3)), accumulation="discarding")
    return {"out": c | KeyBy("k") | window | Aggregate(n=count(), all=collect("v"))}


def timers(c: Any) -> Made:
    return {"out": c | KeyBy("k") | Silence()}


def intervals(c: Any) -> Made:
    left, right = c | "left" >> Select("k", "ts", a="v"), c | "right" >> Select("k", "ts", b="v")
    return {"out": (left, right) | IntervalJoin("k", lower="-1s", upper="1s", suffixes=("", "_r"))}


def joined(c: Any) -> Made:
    sums = [
        c
        | f"w{n}" >> Window(Tumbling("20s"))
        | f"k{n}" >> KeyBy("k")
        | f"sum{n}" >> Aggregate(**{f"s{n}": sum("v")})
        for n in range(2)
    ]
    return {"out": tuple(sums) | Join("k")}


def letters(c: Any) -> Made:
    halved = c | "halve" >> Map(halves, on_error="dead_letter", schema={"k": "string", "half": "int"})
    unique = c | KeyBy("k") | Deduplicate("v", within="20s")
    return {"out": halved, "errors": halved.errors, "unique": unique}


def sided(c: Any) -> Made:
    windowed = c | Window(Tumbling("30s"))
    total = windowed | "total" >> Aggregate(n=count())
    counted = windowed | KeyBy("k") | "counted" >> Aggregate(n=count())
    schema = {"k": "string", "n": "int", "total": "int"}
    return {"out": counted | Map(share, sides={"total": AsSingleton(total, value="n")}, schema=schema)}


def merged(c: Any) -> Made:
    parts = tuple(
        c | f"s{n}" >> Select("k", "v") | f"w{n}" >> Window(Tumbling(size)) | f"k{n}" >> KeyBy("k")
        for n, size in enumerate(("10s", "10s"))
    )
    return {"out": parts | Flatten() | KeyBy("k") | Aggregate(n=count())}


STEPS: dict[str, Callable[[Any], Made]] = {
    each.__name__: each
    for each in (tumbling, sliding, session, triggered, timers, intervals, joined, letters, sided, merged)
}


def attach(name: str, source: Any) -> Made:
    """Return the outputs of a pipeline's steps over a source."""
    return STEPS[name](source)


def over_files(name: str) -> Pipeline:
    """Return a pipeline from ``in.jsonl`` to ``out.NAME.jsonl`` files."""
    p = Pipeline(name)
    read = JsonLines("in.jsonl", time_field="ts", schema=SCHEMA, block_bytes=1 << 14)
    source = p | Read(read, watermarks=BoundedOutOfOrderness(DELAY))
    for tag, made in attach(name, source).items():
        _ = made | f"write {tag}" >> Write(JsonLinesSink(f"out.{tag}.jsonl"))
    return p


def bids() -> Pipeline:
    """Return a pipeline over generated events in several splits, to Parquet."""
    p = Pipeline("bids")
    source = p | Read(Nexmark(800_000, only="bid", shards=2), watermarks=FromSource())
    counted = source | KeyBy("auction") | Window(Tumbling("2s")) | Aggregate(n=count(), most=max("price"))
    _ = counted | Write(ParquetSink("parts", max_rows=5000))
    return p


for _name in STEPS:
    globals()[f"run_{_name}"] = partial(over_files, _name)
