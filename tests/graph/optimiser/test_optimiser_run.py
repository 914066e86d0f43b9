import pyarrow as pa
import pytest

from pulse import (
    Aggregate,
    Collect,
    Create,
    DeterministicRunner,
    Filter,
    KeyBy,
    Map,
    MapBatches,
    Pipeline,
    PipelineError,
    PulseInternalError,
    Select,
    WithColumns,
    Write,
    col,
    count,
)
from pulse.graph.liveness import live_fields
from pulse.graph.logical import Port
from pulse.graph.optimiser import RULES, optimise
from pulse.graph.optimiser.choose_layout import choose_layout
from pulse.graph.optimiser.invariants import check
from pulse.graph.optimiser.moves import remove
from pulse.graph.optimiser.run import steps


def graph():
    p = Pipeline()
    out = p | "rows" >> Create([{"a": 1, "b": 2}]) | "some" >> Filter("a > 0") | "key" >> KeyBy("a")
    _ = out | "agg" >> Aggregate(n=count()) | "out" >> Write(Collect())
    return p.graph


def test_rules_run_in_the_order_of_the_table():
    assert [name for name, _ in steps(graph(), parallelism=2)] == [rule.__name__ for rule in RULES]


def test_combiners_are_lifted_only_for_replicas():
    assert "lift_combiners" not in [name for name, _ in steps(graph())]


def test_a_rule_that_does_not_exist_cannot_be_left_out():
    with pytest.raises(PipelineError, match="optimiser rule 'push_filter' cannot be left out") as caught:
        optimise(graph(), without=["push_filter"])
    assert caught.value.hint == "did you mean 'push_filters'?"


def test_a_rule_that_plans_need_cannot_be_left_out():
    with pytest.raises(PipelineError, match="'choose_layout' cannot be left out"):
        optimise(graph(), without=["choose_layout"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g: g.keep(["rows", "some", "key", "agg"]), "changed the sinks of the graph"),
        (lambda g: remove(g, "agg"), "changed what flows into 'out'"),
        (lambda g: remove(g, "key"), "changed what flows into 'out'"),
    ],
)
def test_a_rule_that_changes_what_a_person_sees_is_a_defect(change, message):
    before = graph()
    with pytest.raises(PulseInternalError, match=f"rule guilty {message}"):
        check(before, change(before), "guilty")


def test_a_rule_that_changes_a_grouping_or_its_source_is_a_defect():
    p = Pipeline()
    rows = p | "rows" >> Create([{"a": 1, "n": 1}])
    out = rows | "key" >> KeyBy("a") | "agg" >> Aggregate(m=count()) | "narrow" >> Select("m")
    _ = out | "out" >> Write(Collect())
    with pytest.raises(PulseInternalError, match="changed the grouping of 'agg'"):
        check(p.graph, remove(p.graph, "key"), "guilty")
    q = Pipeline()
    rows = q | "rows" >> Create([{"a": 1, "n": 1}, {"a": 2, "n": 2}])
    out = rows | "key" >> KeyBy("a") | "agg" >> Aggregate(m=count()) | "narrow" >> Select("m")
    _ = out | "out" >> Write(Collect())
    with pytest.raises(PulseInternalError, match="changed the sources of 'out'"):
        check(p.graph, q.graph, "guilty")


def test_a_column_that_can_fail_reads_its_fields_even_when_nobody_reads_it():
    p = Pipeline()
    out = p | "rows" >> Create([{"a": 1, "b": 2}]) | WithColumns(c=col("a") * 2) | Select("b")
    assert live_fields(p.graph)[Port("rows")] == {"a", "b"}
    assert DeterministicRunner().run(p).records(out) == [{"b": 2}]


def test_keys_are_read_where_records_are_grouped():
    assert live_fields(graph())[Port("key")] == {"a"}


def test_results_are_columns_even_when_records_came_as_rows():
    p = Pipeline()
    out = p | Create([{"a": 1}]) | Map(dict) | KeyBy("a") | Aggregate(n=count()) | "last" >> Map(dict)
    assert "last/ToRows" in choose_layout(p.graph)
    assert DeterministicRunner().run(p).records(out) == [{"a": 1, "n": 1}]


def test_records_that_cannot_become_columns_reach_the_dead_letter_of_the_step_that_wants_columns():
    p = Pipeline()
    rows = p | Create([{"a": 1}, {"a": "x"}, {"a": 3}]) | "untyped" >> Map(dict)
    out = rows | "batches" >> MapBatches(
        lambda b: b, schema=pa.schema([("a", "int64")]), on_error="dead_letter"
    )
    result = DeterministicRunner().run(p)
    assert result.records(out) == [{"a": 1}, {"a": 3}]
    (error,) = result.records(out.errors)
    assert (error["step"], error["error"]) == (
        "batches/ToColumns",
        "field 'a' is str 'x', but its column is int64",
    )
