"""A pipeline from TOML and its twin in Python give the same graph."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import pytest

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    CombinePerKey,
    Csv,
    CsvSink,
    Distinct,
    Filter,
    FlatMap,
    Flatten,
    GroupByKey,
    Inspect,
    JsonLines,
    JsonLinesSink,
    KeyBy,
    Map,
    MapBatches,
    ParquetSink,
    Partition,
    Pipeline,
    Read,
    Reduce,
    Select,
    Session,
    Sliding,
    TopK,
    Window,
    WithColumns,
    WithTimestamps,
    Write,
    col,
    count,
    mean,
    top_k,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pulse.config import LoadedPipeline

FUNCTIONS = """
import pulse


def clean(record): return record
def words(record): return [record]
def twice(score): return score * 2
def batches(batch): return batch
def which(record): return 0
def when(record): return 0

class Longest(pulse.CombineFn):
    def create(self): return ""
    def add(self, acc, value): return acc
    def merge(self, a, b): return a
    def extract(self, acc): return acc
"""

TOML = """
name = "everything"

[time]
allowed_lateness = "10s"
max_out_of_orderness = "5s"
accumulation = "accumulating"
idle_timeout = "1m"

[[source]]
name = "events"
kind = "file"
path = "events.jsonl"
time_field = "ts"
schema = { ts = "timestamp", word = "string", score = "double" }

[[source]]
name = "more"
kind = "csv"
path = ["a.csv", "b.csv"]
time_field = "ts"
time_format = "s"
delimiter = ";"
max_out_of_orderness = "1s"

[[step]]
type = "flatten"
name = "all"
input = ["events", "more"]

[[step]]
type = "filter"
condition = "score > 1.0 and word != 'x'"

[[step]]
type = "filter"
name = "good"
function = "twin_functions:clean"
on_error = "dead_letter"

[[step]]
type = "with_columns"
columns = { twice = "score * 2", on_error = "word" }

[[step]]
type = "map"
function = "twin_functions:twice"
inputs = ["score"]
output = "quad"
output_type = "double"

[[step]]
type = "map"
function = "twin_functions:clean"
schema = { word = "string", ts = "timestamp", score = "double", quad = "double", twice = "double" }
preserves = ["word"]

[[step]]
type = "map_batches"
function = "twin_functions:batches"

[[step]]
type = "inspect"
function = "twin_functions:clean"

[[step]]
type = "with_timestamps"
name = "timed"
field = "ts"
max_out_of_orderness = "3s"

[[step]]
type = "partition"
name = "split"
conditions = ["score > 10", "score > 5"]
outputs = ["large", "medium", "small"]

[[step]]
type = "select"
name = "fields"
input = "split.medium"
fields = ["word", "ts"]
columns = { half = "score / 2" }

[[step]]
type = "window"
window = "sliding"
size = "60s"
slide = "15s"
timestamp = "latest"

[[step]]
type = "key_by"
fields = ["word"]
columns = { hour = "ts.dt.hour()", name = "word" }

[[step]]
type = "aggregate"
name = "totals"
aggregates = { n = "count()", avg = "mean(half)", top = "top_k(half * 2, 3, by=half)" }
on_error = "skip"

[[step]]
type = "window"
input = "split"
window = "session"
gap = "30s"
allowed_lateness = "0s"

[[step]]
type = "key_by"
name = "keyed"
function = "twin_functions:clean"
output = "k"

[[step]]
type = "reduce"
name = "most"
function = "builtins:max"
field = "score"

[[step]]
type = "combine_per_key"
name = "longest"
input = "keyed"
function = "twin_functions:Longest"
field = "word"
output = "longest"

[[step]]
type = "group_by_key"
name = "groups"
input = "keyed"

[[step]]
type = "distinct"
name = "words"
input = "split.small"
fields = ["word"]

[[step]]
type = "top_k"
name = "best"
input = "keyed"
k = 3
by = "score"

[[step]]
type = "flat_map"
name = "parts"
input = "totals.late"
function = "twin_functions:words"
outputs = ["odd"]

[[step]]
type = "partition"
name = "halves"
input = "parts.odd"
function = "twin_functions:which"
outputs = ["a", "b"]

[[sink]]
name = "out"
input = "totals"
kind = "parquet"
out_dir = "out"
partition_field = "word"
compression = "zstd"
max_rows = 10
max_bytes = 1000
max_age = "5m"

[[sink]]
input = "most"
kind = "file"

[[sink]]
input = "longest"
kind = "jsonl"
path = "longest.jsonl.gz"
compression = "gzip"

[[sink]]
input = "groups"
kind = "file"
path = "groups.jsonl"

[[sink]]
input = "best"
kind = "file"
path = "best.jsonl"

[[sink]]
input = "words"
kind = "csv"
path = "words.csv"
columns = ["word"]

[[sink]]
input = "parts"
kind = "file"
path = "parts.jsonl"

[[sink]]
input = "halves.a"
kind = "file"
path = "a.jsonl"

[[sink]]
input = "halves.b"
kind = "file"
path = "b.jsonl"

[on_error]
path = "errors.jsonl"
"""


def python_twin(f: Any) -> Pipeline:
    p = Pipeline("everything")
    schema = {"ts": "timestamp", "word": "string", "score": "double"}
    events = p | "events" >> Read(
        JsonLines("events.jsonl", time_field="ts", schema=schema),
        watermarks=BoundedOutOfOrderness("5s", "1m"),
    )
    more = p | "more" >> Read(
        Csv(["a.csv", "b.csv"], time_field="ts", time_format="s", delimiter=";"),
        watermarks=BoundedOutOfOrderness("1s", "1m"),
    )
    fields = dict.fromkeys(("score", "quad", "twice"), "double")
    good = (
        (events, more)
        | "all" >> Flatten()
        | Filter("score > 1.0 and word != 'x'")
        | "good" >> Filter(f.clean, on_error="dead_letter")
    )
    split = (
        good
        | WithColumns(col("word").alias("on_error"), twice=col("score") * 2)
        | Map(f.twice, inputs=["score"], output="quad", type="double")
        | Map(
            f.clean,
            schema={"word": "string", "ts": "timestamp", **fields},
            preserves=["word"],
        )
        | MapBatches(f.batches)
        | Inspect(f.clean)
        | "timed" >> WithTimestamps("ts", watermarks=BoundedOutOfOrderness("3s", "1m"))
        | "split" >> Partition(["score > 10", "score > 5"])
    )
    large, medium, small = split
    totals = (
        medium
        | "fields" >> Select("word", "ts", half=col("score") / 2)
        | Window(
            Sliding("60s", "15s"), allowed_lateness="10s", accumulation="accumulating", timestamp="latest"
        )
        | KeyBy("word", col("word").alias("name"), hour=col("ts").dt.hour())
        | "totals"
        >> Aggregate(n=count(), avg=mean("half"), top=top_k(col("half") * 2, 3, by="half"), on_error="skip")
    )
    keyed = (
        large
        | Window(Session("30s"), allowed_lateness="0s", accumulation="accumulating")
        | "keyed" >> KeyBy(f.clean, name="k")
    )
    most = keyed | "most" >> Reduce(max, "score")
    longest = keyed | "longest" >> CombinePerKey(f.Longest(), "word", output="longest")
    groups = keyed | "groups" >> GroupByKey()
    words = small | "words" >> Distinct("word")
    best = keyed | "best" >> TopK(3, by="score")
    parts = totals.late | "parts" >> FlatMap(f.words, outputs=["odd"])
    a, b = parts["odd"] | "halves" >> Partition(f.which, 2)
    _ = totals | "out" >> Write(
        ParquetSink(
            "out", partition_field="word", compression="zstd", max_rows=10, max_bytes=1000, max_age="5m"
        )
    )
    _ = most | Write(JsonLinesSink("-"))
    _ = longest | Write(JsonLinesSink("longest.jsonl.gz", compression="gzip"))
    _ = groups | Write(JsonLinesSink("groups.jsonl"))
    _ = best | Write(JsonLinesSink("best.jsonl"))
    _ = words | Write(CsvSink("words.csv", columns=["word"]))
    _ = parts | Write(JsonLinesSink("parts.jsonl"))
    _ = a | Write(JsonLinesSink("a.jsonl"))
    _ = b | Write(JsonLinesSink("b.jsonl"))
    _ = good.errors | Write(JsonLinesSink("errors.jsonl"))
    return p


def described(pipeline: Pipeline) -> list[dict[str, Any]]:
    """Return all there is to a graph but its lines; expressions and functions by their text."""
    return [
        {
            "name": node.name,
            "inputs": [str(port) for port in node.inputs],
            "op": type(node.op).__name__,
            "label": node.op.label(),
            "outputs": node.op.outputs(),
            **{name: _text(value) for name, value in vars(node.op).items()},
        }
        for node in pipeline.graph
    ]


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_text, value))
    if isinstance(value, frozenset):
        return ", ".join(sorted(value))
    return getattr(value, "__qualname__", None) or str(value)


@pytest.fixture
def functions(tmp_path: Path) -> Any:
    (tmp_path / "twin_functions.py").write_text(FUNCTIONS)


def test_everything(config: Callable[..., LoadedPipeline], functions: None) -> None:
    loaded = config(TOML)
    twin_functions = importlib.import_module("twin_functions")
    assert loaded.pipeline.name == "everything"
    assert described(loaded.pipeline) == described(python_twin(twin_functions))


def test_every_step_knows_its_line(config: Callable[..., LoadedPipeline], functions: None) -> None:
    graph = config(TOML).pipeline.graph
    lines = TOML.split("\n")
    for node in graph:
        assert node.trace is not None
        assert node.trace.file == "p.toml"
        assert lines[node.trace.line - 1].startswith(("[[source]]", "[[step]]", "[[sink]]", "[on_error]"))
    assert lines[graph["totals"].trace.line + 1] == 'name = "totals"'
