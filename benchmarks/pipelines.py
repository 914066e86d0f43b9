"""The same work as Pulse pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse import (
    Aggregate,
    Csv,
    Filter,
    JsonLines,
    JsonLinesSink,
    KeyBy,
    Map,
    Pipeline,
    Read,
    TrioRunner,
    Tumbling,
    Window,
    WithColumns,
    Write,
    col,
    count,
)
from pulse import sum as total

if TYPE_CHECKING:
    from pathlib import Path


def _run(source: Any, *steps: Any, result: Any, processes: int = 0) -> int:
    pipeline = Pipeline("benchmark")
    collection = pipeline | Read(source)
    for step in steps:
        collection = collection | step
    out = collection | KeyBy("word") | Window(Tumbling("60s")) | result
    _ = out | Write(JsonLinesSink("/dev/shm/pulse-benchmark.jsonl"))
    return TrioRunner(processes=processes).run(pipeline).records_out


def count_jsonl(path: Path) -> int:
    """Count words per minute from JSON lines."""
    return _run(JsonLines(path, time_field="event_time"), result=Aggregate(n=count()))


def count_csv(path: Path) -> int:
    """Count words per minute from CSV."""
    return _run(Csv(path, time_field="event_time"), result=Aggregate(n=count()))


def functions(path: Path, processes: int = 0) -> int:
    """Run two Python functions over each record, then sum per word and minute."""
    return _run(
        JsonLines(path, time_field="event_time"),
        Map(lambda record: {**record, "score2": record["score"] * 2}),
        Filter(lambda record: record["score2"] > 1.0),
        result=Aggregate(total=total("score2")),
        processes=processes,
    )


def functions_in_processes(path: Path) -> int:
    """Run the Python functions in two worker processes."""
    return functions(path, processes=2)


def expressions(path: Path) -> int:
    """Do the same with expressions instead of Python functions."""
    return _run(
        JsonLines(path, time_field="event_time"),
        WithColumns(score2=col("score") * 2),
        Filter("score2 > 1.0"),
        result=Aggregate(total=total("score2")),
    )
