from pulse import (
    Aggregate,
    Collect,
    Create,
    Filter,
    Inspect,
    KeyBy,
    Map,
    Pipeline,
    Select,
    WithColumns,
    Write,
    col,
    count,
)
from pulse.graph.optimiser.drop_dead_branches import drop_dead_branches
from pulse.graph.optimiser.drop_redundant_key_bys import drop_redundant_key_bys
from pulse.graph.optimiser.drop_unused_columns import drop_unused_columns

ROWS = [{"a": 1, "b": 2, "s": "x"}]


def start():
    p = Pipeline()
    return p, p | "rows" >> Create(ROWS)


def names(graph):
    return [node.name for node in graph.order]


def test_branches_that_end_in_nothing_go_but_inspections_stay():
    p, rows = start()
    other = p | "other" >> Create(ROWS)
    _ = rows | "look" >> Inspect(), other | Filter("a > 1"), rows | "none" >> Filter("a > 1")
    assert names(drop_dead_branches(p.graph)) == ["rows", "look"]


def test_a_graph_without_dead_branches_stays_as_it_is():
    p, rows = start()
    _ = rows | Write(Collect())
    assert drop_dead_branches(p.graph) is p.graph


def test_a_key_that_an_aggregation_uses_stays():
    p, rows = start()
    _ = rows | KeyBy("a") | Aggregate(n=count()) | KeyBy("n") | Write(Collect())
    assert drop_redundant_key_bys(p.graph) is p.graph


def test_a_key_by_which_an_expensive_step_is_spread_stays():
    p, rows = start()
    _ = rows | KeyBy("a") | Map(dict, preserves=["a"]) | KeyBy("b") | Aggregate(n=count()) | Write(Collect())
    assert drop_redundant_key_bys(p.graph) is p.graph


def test_a_key_that_every_way_on_replaces_goes():
    p, rows = start()
    keyed = rows | "first" >> KeyBy("a") | Filter("a > 0")
    for key in ("b", "s"):
        _ = keyed | KeyBy(key) | f"by {key}" >> Aggregate(n=count()) | f"out {key}" >> Write(Collect())
    assert "first" not in drop_redundant_key_bys(p.graph)


def test_a_key_that_one_way_on_uses_stays():
    p, rows = start()
    keyed = rows | "first" >> KeyBy("a") | Filter("a > 0")
    _ = keyed | KeyBy("b") | "by b" >> Aggregate(n=count()) | "out b" >> Write(Collect())
    _ = keyed | "by a" >> Aggregate(n=count()) | "out a" >> Write(Collect())
    assert drop_redundant_key_bys(p.graph) is p.graph


def test_a_replaced_key_that_is_computed_goes_only_when_nobody_can_tell():
    def after(first, last):
        p, rows = start()
        _ = rows | "first" >> first | "last" >> last | Aggregate(n=count()) | Write(Collect())
        return names(drop_redundant_key_bys(p.graph))[1:-2]

    assert after(KeyBy(u=col("s").str.upper()), KeyBy("a")) == ["last"]
    assert after(KeyBy(u=col("s").str.upper()), KeyBy("u")) == ["first"], "the second repeats it"
    assert after(KeyBy(u=col("a") * 2), KeyBy("a")) == ["first", "last"]


def test_columns_that_only_dropped_columns_read_go_too():
    p, rows = start()
    made = rows | "one" >> WithColumns(u=col("s").str.upper()) | "two" >> WithColumns(v=col("u").str.lower())
    _ = made | Select("a") | Write(Collect())
    assert names(drop_unused_columns(p.graph)) == ["rows", "Select(a)", "Write(collect)"]


def test_columns_that_can_fail_stay():
    p, rows = start()
    _ = rows | WithColumns(c=col("a") * 2) | Select("b") | Write(Collect())
    assert drop_unused_columns(p.graph) is p.graph


def test_keys_are_used_columns():
    p, rows = start()
    _ = rows | KeyBy("a") | Select("a", "b", "s") | Aggregate(n=count("b")) | Write(Collect())
    after = drop_unused_columns(p.graph)
    assert after["Select(a, b, s)"].op.label() == "Select(a, b)"


def test_a_selection_keeps_at_least_one_column():
    p, rows = start()
    _ = rows | "some" >> Select("a", "b") | Aggregate(n=count()) | Write(Collect())
    assert drop_unused_columns(p.graph)["some"].op.label() == "Select(a)"


def test_late_records_are_read_whole():
    p, rows = start()
    counts = rows | Select("a", "b") | KeyBy("a") | "count" >> Aggregate(n=count())
    _ = counts | Write(Collect()), counts.late | "late" >> Write(Collect())
    assert drop_unused_columns(p.graph) is p.graph
