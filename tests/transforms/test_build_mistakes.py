"""Mistakes that are found when a pipeline is built: they carry the person's line and the way out."""

from __future__ import annotations

import pytest

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    Collect,
    Create,
    Deduplicate,
    Distinct,
    EventTimer,
    Filter,
    FlatMap,
    Inspect,
    Join,
    JsonLines,
    KeyBy,
    ListState,
    Map,
    MapState,
    Pipeline,
    Process,
    Read,
    SetState,
    TopK,
    Tumbling,
    ValueState,
    Window,
    Write,
    count,
)
from pulse.errors import ConnectorError, PipelineError, PulseError, TypeMismatch, UnknownField
from pulse.graph.compile import settle
from pulse.graph.validate import validate


@pytest.fixture
def endless():
    source = JsonLines("in.jsonl", follow=True, schema={"ts": "int64", "user": "int64"}, time_field="ts")
    return Pipeline() | Read(source, watermarks=BoundedOutOfOrderness("1s"))


@pytest.mark.parametrize("transform", [Distinct("user"), KeyBy("user") | TopK(3, by="ts")])
def test_the_line_is_not_in_the_standard_library(endless, transform):
    with pytest.raises(PulseError, match="would never emit") as raised:
        endless | transform
    assert "test_build_mistakes.py:" in str(raised.value.where)


@pytest.mark.parametrize(
    ("transform", "function", "problem"),
    [
        (Map, lambda a, b: a, "missing a required argument: 'b'"),
        (Map, lambda: 1, "too many positional arguments"),
        (FlatMap, lambda: (), "too many positional arguments"),
        (Filter, lambda a, b: a, "missing a required argument: 'b'"),
        (Inspect, lambda a, b: a, "missing a required argument: 'b'"),
    ],
)
def test_a_function_is_called_with_the_record(transform, function, problem):
    with pytest.raises(PipelineError, match=problem) as raised:
        transform(function)
    assert raised.value.message.startswith(f"{transform.__name__} cannot call <lambda>(")
    assert raised.value.hint == "it is called as (record)"


def test_a_function_whose_signature_is_not_known_or_that_has_defaults_is_taken():
    for function in (str, dict, len, print, lambda record, more=1: record):
        Map(function)


@pytest.mark.parametrize("kind", [ValueState, EventTimer])
def test_a_state_or_timer_that_is_a_class(kind):
    with pytest.raises(PipelineError) as raised:
        type("Visits", (Process,), {"v": kind})
    assert raised.value.message == f"Visits declares 'v' as the class {kind.__name__}, not as an object of it"
    assert raised.value.hint == f"write v = {kind.__name__}(...)"
    assert "test_build_mistakes.py:" in str(raised.value.where)


@pytest.mark.parametrize("kind", [ValueState, ListState, SetState, lambda name: MapState(name, "string")])
def test_a_type_of_state_that_does_not_exist(kind):
    with pytest.raises(TypeMismatch, match="type 'itn64' does not exist") as raised:
        kind("itn64")
    assert raised.value.hint == "did you mean 'int64'?"
    assert "test_build_mistakes.py:" in str(raised.value.where)


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (count, "it is a function: write count()"),
        ("count()", "an aggregate is no text: write count() without quotes around it"),
        ("count", "write count()"),
        ("score", "write sum('score'), mean('score'), ..."),
        (max, "for a function of two values use Reduce"),
        (5, "use count(), sum('score'), mean('score'), ..."),
    ],
)
def test_what_is_no_aggregate(given, hint):
    with pytest.raises(PipelineError, match=r"aggregate 'n' is .*, not an aggregate") as raised:
        Aggregate(n=given)
    assert str(raised.value.hint).startswith(hint)


def test_an_outer_join_is_full():
    with pytest.raises(PipelineError, match="how 'outer' is not one of inner, left, right, full") as raised:
        Join("user", how="outer")
    assert raised.value.hint == "did you mean 'full'?"


def test_an_output_that_nothing_reads():
    p = Pipeline()
    _ = p | Create([{"a": 1}]) | Map(lambda record: record)
    with pytest.raises(PipelineError, match="is never consumed") as raised:
        validate(p.graph)
    assert "run(p, collect=True)" in str(raised.value.hint)


def test_deduplication_of_an_endless_input_needs_a_bound(endless):
    with pytest.raises(PipelineError, match="would remember every user for ever") as raised:
        endless | Deduplicate("user")
    assert "Deduplicate('user', within='10m')" in str(raised.value.hint)
    assert "test_build_mistakes.py:" in str(raised.value.where)
    assert endless | Deduplicate("user", within="10m")
    assert endless | Window(Tumbling("1h")) | "hourly" >> Deduplicate("user")
    assert Pipeline() | Create([{"user": 1}]) | Deduplicate("user")


def test_a_file_that_cannot_be_read_names_step_and_line(tmp_path):
    p = Pipeline()
    p | "lines" >> Read(JsonLines(tmp_path / "none.jsonl")) | Write(Collect())
    with pytest.raises(ConnectorError, match=r"step 'lines': file '.*none.jsonl' does not exist") as raised:
        settle(p.graph)
    assert "test_build_mistakes.py:" in str(raised.value.where)


def test_a_time_field_that_a_file_does_not_have_names_step_and_line(tmp_path):
    (tmp_path / "in.jsonl").write_text('{"ts": 1}\n')
    p = Pipeline()
    p | "lines" >> Read(JsonLines(tmp_path / "in.jsonl", time_field="tss")) | Write(Collect())
    with pytest.raises(UnknownField, match="step 'lines': field 'tss' does not exist; fields: ts") as raised:
        settle(p.graph)
    assert raised.value.hint == "did you mean 'ts'?"
    assert "test_build_mistakes.py:" in str(raised.value.where)
