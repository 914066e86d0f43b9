"""Where functions with side inputs run, and what they let run on replicas."""

import pytest

from pulse import (
    Aggregate,
    AsList,
    BoundedOutOfOrderness,
    Collect,
    Create,
    KeyBy,
    Map,
    Pipeline,
    Write,
    count,
)
from pulse.graph.distribution import distribute
from pulse.graph.explain import explain
from pulse.graph.ops import CallOp
from pulse.graph.optimiser.exact import vouched


@pytest.fixture
def pipeline():
    return Pipeline()


def events(p, **options):
    return p | Create([{"k": "a", "n": 1}], times=[0], **options) | KeyBy("k")


def test_a_function_with_sides_runs_on_one_replica(pipeline):
    keyed = events(pipeline)
    _ = keyed | "call" >> Map(lambda r, s: r, sides={"s": AsList(keyed)})
    assert distribute(pipeline.graph)["call"].share is None


def test_what_a_function_sees_as_a_list_is_not_made_on_replicas(pipeline):
    counts = events(pipeline) | "count" >> Aggregate(n=count())
    _ = pipeline | "main" >> Create([1]) | "call" >> Map(lambda r, s: r, sides={"s": AsList(counts)})
    assert distribute(pipeline.graph)["count"].share is None


@pytest.mark.parametrize(("watermarks", "share"), [(None, ("k",)), (BoundedOutOfOrderness("0s"), None)])
def test_a_function_that_looks_at_watermarks_sees_those_of_one_replica(pipeline, watermarks, share):
    slow = events(pipeline, watermarks=watermarks) | "slow" >> Map(lambda r: r, preserves=["k"])
    _ = slow | KeyBy("n") | "call" >> Map(lambda r, ctx: r, context=True)
    assert distribute(pipeline.graph)["slow"].share == share


def test_what_such_a_function_returns_is_only_declared(pipeline):
    numbers = pipeline | Create([{"n": 1}])
    same = numbers | Map(lambda r, ctx: r, context=True, schema={"n": "int64"})
    assert not vouched(pipeline.graph, same.port)


def test_the_inputs_of_such_a_step_are_shown(pipeline):
    numbers = pipeline | Create([{"n": 1}])
    out = numbers | "call" >> Map(lambda r, s: r, sides={"s": AsList(numbers)})
    _ = out | Write(Collect())
    assert isinstance(pipeline.graph["call"].op, CallOp)
    lines = explain(pipeline).split("\n")
    assert sum("<- call/ToRows#" in line for line in lines) == 2
