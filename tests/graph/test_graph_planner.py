from pulse import (
    Aggregate,
    Collect,
    Create,
    DeterministicRunner,
    Filter,
    Flatten,
    KeyBy,
    Map,
    Pipeline,
    Select,
    Write,
    count,
)
from pulse.engine.routing import Router, input_count, input_index
from pulse.graph.compile import CompileOptions, compile_graph, complete


def plan_of(p, parallelism=2, **options):
    return compile_graph(*complete(p), CompileOptions(parallelism, **options))


def stages(plan):
    return {stage.name: (len(stage.nodes), stage.replicas, stage.keys) for stage in plan.stages}


def edges(plan):
    return {f"{edge.port} -> {edge.target}": plan.describe(edge) for edge in plan.edges}


def chain():
    p = Pipeline()
    out = p | "rows" >> Create([{"a": 1, "b": 2}]) | Filter("a > 0") | KeyBy("a")
    out = out | "slow" >> Map(dict, preserves=["a"], schema={"a": "int64"}) | "agg" >> Aggregate(n=count())
    _ = out | "less" >> Select("n") | "out" >> Write(Collect())
    return p


def test_a_chain_on_one_replica_is_one_stage_and_its_sinks():
    plan = plan_of(chain(), 1)
    assert stages(plan) == {
        "rows": (7, 1, None),
        "out": (1, 1, None),
    }
    assert set(edges(plan).values()) == {"direct"}


def test_a_chain_is_cut_only_where_records_change_replicas():
    plan = plan_of(chain())
    assert stages(plan) == {
        "rows": (3, 1, None),
        "slow/ToRows": (4, 2, ("a",)),
        "out": (1, 1, None),
    }
    assert edges(plan) == {
        "KeyBy(a) -> slow/ToRows": "hash(a) x2",
        "less -> out": "gather x2",
    }


def test_without_fusion_replicas_send_to_their_like():
    plan = plan_of(chain(), fuse=False)
    assert len(plan.stages) == len(plan.graph)
    found = edges(plan)
    assert found["slow/ToRows -> slow"] == found["slow -> agg"] == "forward x2"
    (edge,) = plan.into("agg")
    assert input_count(plan, plan.by_name["agg"]) == 1
    assert input_index(plan, edge, 1) == 0
    assert [
        target for _, _, targets, _ in Router(plan, plan.by_name["slow"], 1).routes for target in targets
    ] == [1]


def test_a_step_that_two_read_ends_its_stage():
    p = Pipeline()
    rows = p | "rows" >> Create([{"a": 1}])
    _ = rows | "one" >> Filter("a > 0"), rows | "two" >> Filter("a > 1")
    plan = plan_of(p)
    assert list(stages(plan))[:3] == ["rows", "one", "two"]
    assert edges(plan)["rows -> one"] == "direct"


def test_edges_carry_the_layout():
    plan = plan_of(chain(), fuse=False)
    found = {str(edge.port): edge.layout for edge in plan.edges}
    assert found["KeyBy(a)"] == "columns"
    assert found["slow"] == "rows"
    assert found["agg"] == "columns"


def test_a_merge_of_replicas_and_a_single_one_counts_its_inputs():
    p = Pipeline()
    slow = Map(dict, preserves=["a"], schema={"a": "int64"})
    one = p | Create([{"a": a} for a in range(9)]) | "k1" >> KeyBy("a") | "slow" >> slow
    two = p | "more" >> Create([{"a": a} for a in range(5)]) | "k2" >> KeyBy("a")
    out = (one, two) | "merge" >> Flatten() | "agg" >> Aggregate(n=count())
    plan = plan_of(p)
    assert all(stage.replicas == 2 for stage in plan.stages if stage.name.startswith("merge"))
    found = DeterministicRunner(parallelism=2).run(p).records(out)
    assert sorted((r["a"], r["n"]) for r in found) == [(a, 2 if a < 5 else 1) for a in range(9)]
