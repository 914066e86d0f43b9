import pytest

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    Collect,
    CombineFn,
    Create,
    KeyBy,
    Map,
    Pipeline,
    Session,
    Tumbling,
    Window,
    Write,
    collect,
    combine,
    count,
)
from pulse.graph.compile import CompileOptions, compile_graph
from pulse.graph.optimiser.lift_combiners import lift_combiners


class Longest(CombineFn):
    def create(self):
        return 0

    def add(self, acc, value):
        return max(acc, value)

    def merge(self, a, b):
        return max(a, b)

    def extract(self, acc):
        return acc


def lifted(aggregate, *before, watermarks=None, key="k"):
    p = Pipeline()
    out = p | Create([{"k": 1, "x": 2}], times=[0], watermarks=watermarks)
    out = out | KeyBy(key) if key else out
    for step in before:
        out = out | step
    out = out | "agg" >> aggregate
    _ = out | Write(Collect())
    if "errors" in p.graph["agg"].op.outputs():
        _ = out.errors | "errors" >> Write(Collect())
    return "agg/Combine" in lift_combiners(p.graph)


LATE = BoundedOutOfOrderness("1s")


@pytest.mark.parametrize(
    ("expected", "found"),
    [
        (True, lambda: lifted(Aggregate(n=count()))),
        (True, lambda: lifted(Aggregate(n=count()), Window(Tumbling("1s")), watermarks=LATE)),
        (True, lambda: lifted(Aggregate(all=collect("x")))),
        (False, lambda: lifted(Aggregate(all=collect("x")), Window(Tumbling("1s")), watermarks=LATE)),
        (False, lambda: lifted(Aggregate(n=count()), Window(Session("1s")))),
        (False, lambda: lifted(Aggregate(longest=combine(Longest(), "x")))),
        (False, lambda: lifted(Aggregate(n=count()), key=None)),
        (False, lambda: lifted(Aggregate(n=count("x"), on_error="dead_letter"))),
        (False, lambda: lifted(Aggregate(n=count()), Map(dict, preserves=["k"], schema={"k": "int64"}))),
    ],
)
def test_where_partial_aggregates_pay_and_are_exact(expected, found):
    assert found() is expected


def test_an_aggregation_of_all_that_replicas_give_is_lifted_onto_them():
    p = Pipeline()
    out = p | Create([{"k": 1}]) | KeyBy("k") | "slow" >> Map(dict, schema={"k": "int64"})
    _ = out | "agg" >> Aggregate(n=count()) | "out" >> Write(Collect())
    plan = compile_graph("p", p.graph, CompileOptions(2))
    assert [(stage.name, stage.replicas) for stage in plan.stages] == [
        ("Create", 1),
        ("slow/ToRows", 2),
        ("agg", 1),
        ("out", 1),
    ]
    assert plan.by_name["slow/ToRows"].last.name == "agg/Combine"


def test_nothing_is_lifted_when_nothing_travels():
    p = Pipeline()
    _ = p | Create([{"k": 1}]) | KeyBy("k") | "agg" >> Aggregate(n=count()) | Write(Collect())
    assert "agg/Combine" not in compile_graph("p", p.graph).graph
