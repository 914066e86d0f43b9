"""Every public transform and constructor says what is wrong with its arguments, and where they were written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import pulse
from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    Calendar,
    Collect,
    CombineFn,
    CombinePerKey,
    Create,
    Csv,
    CsvSink,
    DeterministicRunner,
    Distinct,
    Filter,
    FlatMap,
    Flatten,
    FromField,
    FromFunction,
    GroupByKey,
    Inspect,
    JsonLines,
    JsonLinesSink,
    KeyBy,
    Map,
    MapBatches,
    Memory,
    Nexmark,
    Parquet,
    ParquetSink,
    Partition,
    Pipeline,
    PulseError,
    Read,
    Reduce,
    Select,
    Session,
    Sliding,
    TopK,
    TrioRunner,
    Tumbling,
    Window,
    WithColumns,
    WithTimestamps,
    Write,
    approx_quantile,
    coalesce,
    col,
    combine,
    concat,
    count,
    lit,
    stddev,
    top_k,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse import PCollection


def records() -> PCollection:
    return Pipeline() | Create([{"a": 1, "t": 1}], time_field="t")  # type: ignore[no-any-return]


WRONG: dict[str, tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], tuple[str, ...]]] = {
    # name: (what is called, with what, texts of the message)
    "create none": (Create, (None,), {}, ("Create takes a list", "not NoneType None")),
    "create number": (Create, (3,), {}, ("Create takes a list", "not int 3")),
    "create text": (Create, ("x",), {}, ("Create takes a list", "not str 'x'")),
    "create dict": (Create, ({"a": 1},), {}, ("Create takes a list", "not dict {'a': 1}")),
    "create names": (Create, ([{1: 2}],), {}, ("Create", "field int 1", "texts")),
    "create time field": (Create, ([],), {"time_field": 3}, ("Create takes a text or None as time_field",)),
    "create times": (Create, ([{}],), {"times": 3}, ("Create takes a list or None as times, not int 3",)),
    "create time": (Create, ([{}],), {"times": ["x"]}, ("Create takes event times", "not str 'x'")),
    "create schema": (Create, ([],), {"schema": 3}, ("Create takes type names", "not int 3")),
    "create type": (Create, ([],), {"schema": {"a": 5}}, ("Create takes type names", "{'a': 5}")),
    "create watermarks": (Create, ([],), {"watermarks": "5s"}, ("watermarks takes a strategy", "'5s'")),
    "read nothing": (Read, (), {}, ("Read: missing a required argument: 'source'", "Read(source, *")),
    "read text": (Read, ("x",), {}, ("Read takes a source, not str 'x'", "JsonLines('path')")),
    "read class": (Read, (JsonLines,), {}, ("Read takes a source, not the class JsonLines",)),
    "read policy": (Read, (JsonLines("x"),), {"on_error": []}, ("on_error [] is not one of fail, skip",)),
    "jsonl number": (JsonLines, (3,), {}, ("JsonLines takes a path or a list of paths as path, not int 3",)),
    "jsonl list": (JsonLines, ([3],), {}, ("JsonLines takes a path", "not list [3]")),
    "jsonl schema": (JsonLines, ("x",), {"schema": 3}, ("JsonLines takes type names", "not int 3")),
    "csv": (Csv, (None,), {}, ("Csv takes a path", "not NoneType None")),
    "parquet": (Parquet, (3,), {}, ("Parquet takes a path", "not int 3")),
    "memory": (Memory, (3,), {}, ("Memory takes a list", "not int 3")),
    "nexmark": (Nexmark, ("x",), {}, ("Nexmark takes a whole number or None as events, not str 'x'",)),
    "write text": (Write, ("x",), {}, ("Write takes a sink, not str 'x'", "JsonLinesSink('out.jsonl')")),
    "write class": (Write, (Collect,), {}, ("Write takes a sink, not the class Collect",)),
    "jsonl sink": (JsonLinesSink, (3,), {}, ("JsonLinesSink takes a text or a path as path, not int 3",)),
    "csv sink": (CsvSink, (3,), {}, ("CsvSink takes a text or a path as path, not int 3",)),
    "parquet sink": (ParquetSink, (3,), {}, ("ParquetSink takes a text or a path as out_dir, not int 3",)),
    "pipeline": (Pipeline, (3,), {}, ("Pipeline takes a text as name, not int 3",)),
    "map nothing": (Map, (), {}, ("Map: missing a required argument: 'function'", "Map(function, *")),
    "map number": (Map, (5,), {}, ("Map takes a function, not int 5",)),
    "map inputs": (Map, (len,), {"inputs": "a", "output": "b"}, ("Map takes a list of texts", "not str 'a'")),
    "map output": (Map, (len,), {"inputs": ["a"], "output": 3}, ("Map takes a text or None as output",)),
    "map schema": (Map, (len,), {"schema": "x"}, ("Map takes type names by field", "not str 'x'")),
    "map type": (Map, (len,), {"type": "int64"}, ("type 'int64' has no meaning", "schema=")),
    "map both": (Map, (len,), {"inputs": ["a"], "output": "b", "schema": {}}, ("schema has no meaning",)),
    "map preserves": (Map, (len,), {"preserves": "ab"}, ("Map takes a list of texts", "as preserves")),
    "map unknown": (Map, (len,), {"input": ["a"]}, ("Map: got an unexpected keyword argument 'input'",)),
    "flat map": (FlatMap, (5,), {}, ("FlatMap takes a function, not int 5",)),
    "flat map outputs": (FlatMap, (len,), {"outputs": "ab"}, ("FlatMap takes a list of texts", "'ab'")),
    "filter": (Filter, (None,), {}, ("Filter takes a function, not NoneType None",)),
    "select": (Select, (["a"],), {}, ("['a'] is neither a field name nor an expression",)),
    "select nothing": (Select, (), {}, ("Select needs at least one field",)),
    "with columns": (WithColumns, (), {"x": 3}, ("3 is neither a field name nor an expression",)),
    "map batches": (MapBatches, (len,), {"schema": 3}, ("MapBatches takes type names", "not int 3")),
    "timestamps": (WithTimestamps, (3,), {}, ("WithTimestamps takes a function, not int 3",)),
    "timestamps format": (WithTimestamps, ("t",), {"format": 3}, ("a text or None as format, not int 3",)),
    "timestamps function": (WithTimestamps, (len,), {"format": "ms"}, ("format and time_zone", "function")),
    "timestamps marks": (WithTimestamps, ("t",), {"watermarks": "5s"}, ("watermarks takes a strategy",)),
    "inspect": (Inspect, (3,), {}, ("Inspect takes a function, not int 3",)),
    "inspect policy": (Inspect, (len,), {"on_error": "x"}, ("on_error 'x' is not one of",)),
    "partition": (Partition, (3,), {}, ("Partition takes a function, not int 3",)),
    "partition count": (Partition, (len, "2"), {}, ("Partition takes a whole number or None as count",)),
    "partition nothing": (Partition, ([],), {}, ("Partition by conditions needs at least one",)),
    "partition outputs": (Partition, (["a > 1"], 5), {}, ("1 conditions has 2 outputs, not 5",)),
    "key by nothing": (KeyBy, (), {}, ("KeyBy needs at least one field",)),
    "key by list": (KeyBy, (["a"],), {}, ("KeyBy takes a function, not list ['a']",)),
    "key by name": (KeyBy, (len,), {"name": 3}, ("KeyBy takes a text as name, not int 3",)),
    "window": (Window, ("60s",), {}, ("Window takes a window, not str '60s'", "Tumbling('60s')")),
    "lateness": (Window, (Tumbling("1s"),), {"allowed_lateness": 3}, ("allowed lateness 3", "'10s'")),
    "tumbling number": (Tumbling, (60,), {}, ("window size 60 is not a duration", "'10s'")),
    "tumbling nothing": (Tumbling, (), {}, ("Tumbling: missing a required argument: 'size'",)),
    "sliding": (Sliding, ("60s",), {}, ("Sliding: missing a required argument: 'slide'",)),
    "session": (Session, (3,), {}, ("session gap 3 is not a duration",)),
    "calendar": (Calendar, ("day", 3), {}, ("Calendar takes a text as", "not int 3")),
    "aggregate": (Aggregate, (count,), {}, ("is a function, not an aggregate",)),
    "aggregate text": (
        Aggregate,
        (),
        {"n": "count()"},
        ("aggregate 'n' is str 'count()', not an aggregate",),
    ),
    "sum nothing": (pulse.sum, (), {}, ("sum: missing a required argument: 'field'", "sum(field)")),
    "sum number": (pulse.sum, (3,), {}, ("sum takes a text or an expression", "not int 3")),
    "max two": (pulse.max, ("a", "b"), {}, ("max: too many positional arguments",)),
    "top_k": (top_k, ("a", "3"), {}, ("top_k takes a whole number as k, not str '3'",)),
    "quantile": (approx_quantile, ("a", "x"), {}, ("approx_quantile takes a number as q, not str 'x'",)),
    "stddev": (stddev, ("a",), {"ddof": "x"}, ("stddev takes a whole number as ddof, not str 'x'",)),
    "combine": (combine, (3,), {}, ("combine takes a CombineFn, not 3",)),
    "combine per key": (CombinePerKey, (CombineFn,), {}, ("CombinePerKey takes a CombineFn as function",)),
    "reduce": (Reduce, (3,), {}, ("Reduce takes a function, not int 3",)),
    "reduce field": (Reduce, (max, 3), {}, ("Reduce takes a text or None as field, not int 3",)),
    "group by key": (GroupByKey, (3,), {}, ("GroupByKey: too many positional arguments",)),
    "distinct": (Distinct, (3,), {}, ("Distinct takes a text as an argument, not int 3",)),
    "distinct nothing": (Distinct, (), {}, ("Distinct needs at least one field",)),
    "top k text": (TopK, ("3",), {"by": "a"}, ("TopK takes a whole number as k, not str '3'",)),
    "top k zero": (TopK, (0,), {"by": "a"}, ("TopK keeps 0 records",)),
    "top k bool": (TopK, (True,), {"by": "a"}, ("TopK takes a whole number as k, not bool True",)),
    "top k by": (TopK, (3,), {}, ("TopK: missing a required argument: 'by'", "TopK(k, *, by")),
    "top k place": (TopK, (3, "a"), {}, ("TopK: too many positional arguments",)),
    "top k rank": (TopK, (3,), {"by": "a", "rank": "window_end"}, ("rank 'window_end' cannot name",)),
    "bound": (BoundedOutOfOrderness, (5,), {}, ("out-of-orderness 5 is not a duration",)),
    "from field": (FromField, (3,), {}, ("FromField takes a text as field, not int 3",)),
    "from function": (FromFunction, (3,), {}, ("FromFunction takes a function as", "not int 3")),
    "col": (col, (3,), {}, ("col(3) is not a field",)),
    "lit": (lit, (object,), {}, ("cannot stand in an expression",)),
    "concat": (concat, (), {}, ("concat() needs at least one value",)),
    "coalesce": (coalesce, (), {}, ("coalesce() needs at least one value",)),
    "deterministic": (DeterministicRunner, (), {"parallelism": "x"}, ("DeterministicRunner takes a whole",)),
    "trio": (TrioRunner, (), {"parallelism": "x"}, ("TrioRunner takes a whole number as parallelism",)),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments_are_named_with_the_line(name: str) -> None:
    call, args, named, texts = WRONG[name]
    with pytest.raises(PulseError) as caught:
        call(*args, **named)
    for text in texts:
        assert text in str(caught.value)
    assert caught.value.where is not None
    assert "test_wrong_arguments.py:" in caught.value.where


APPLIED: dict[str, tuple[Callable[[], Any], tuple[str, ...]]] = {
    "number": (lambda: Pipeline() | 5, ("int 5 is not a transform",)),  # type: ignore[operator]
    "function": (lambda: records() | (lambda r: r), ("is not a transform", "Map(function)")),  # type: ignore[operator]
    "class": (lambda: records() | Map, ("Map is a class: write Map(...)",)),  # type: ignore[operator]
    "chain": (lambda: Map(len) | 5, ("int 5 is not a transform",)),  # type: ignore[operator]
    "on number": (lambda: 1 | Map(len), ("Map was applied to int 1", "Create([...])")),
    "on list": (lambda: [1, 2] | Map(len), ("Map was applied to list [1, 2]",)),
    "on pipeline": (lambda: Pipeline() | Map(len), ("Map needs a collection",)),
    "on nothing": (lambda: () | Flatten(), ("Flatten was applied to tuple ()",)),
    "step name": (lambda: 3 >> Map(len), ("step name 3 is not a non-empty string",)),
    "field": (lambda: records() | TopK(3, by="zz"), ("field 'zz' does not exist",)),
    "output": (lambda: records()["x"], ("has no output 'x'",)),
    "errors": (lambda: records().errors, ("has no output 'errors'", "dead_letter")),
    "run": (lambda: DeterministicRunner().run(3), ("a runner takes a Pipeline, not int 3",)),
}


@pytest.mark.parametrize("name", APPLIED)
def test_wrong_applications_are_named_with_the_line(name: str) -> None:
    apply, texts = APPLIED[name]
    with pytest.raises(PulseError) as caught:
        apply()
    for text in texts:
        assert text in str(caught.value)
    assert caught.value.where is not None
    assert "test_wrong_arguments.py:" in caught.value.where
