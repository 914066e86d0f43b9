import pytest

from pulse import (
    Aggregate,
    Collect,
    Create,
    Filter,
    FlatMap,
    Inspect,
    KeyBy,
    Map,
    Pipeline,
    Select,
    Tumbling,
    Window,
    WithColumns,
    Write,
    col,
    count,
)
from pulse.graph.optimiser.push_key_by import push_key_by

ROWS = [{"user": "a", "x": 1, "t": 0}]
TYPES = {"user": "string", "x": "int64"}


def order(key_by, *steps):
    p = Pipeline()
    out = p | "rows" >> Create(ROWS, time_field="t")
    for number, step in enumerate(steps, 1):
        out = out | f"step {number}" >> step
    _ = out | "key" >> key_by | "count" >> Aggregate(n=count()) | "out" >> Write(Collect())
    return [node.name for node in push_key_by(p.graph).order][1:-2]


@pytest.mark.parametrize(
    "step",
    [
        Map(dict, preserves=["user"]),
        Map(dict, preserves=["user"], schema=TYPES),
        FlatMap(lambda r: [r], preserves=["user"]),
        Filter(lambda r: True),
        Map(abs, inputs=["x"], output="y", type="int64"),
        WithColumns(long=col("user").str.extract("(a)")),
    ],
)
def test_a_key_by_goes_in_front_of_an_expensive_step(step):
    assert order(KeyBy("user"), step) == ["key", "step 1"]


@pytest.mark.parametrize(
    "step",
    [
        Map(dict, schema=TYPES),
        Map(dict, preserves=["x"]),
        FlatMap(lambda r: [r], preserves=["user"], outputs=["more"]),
        Map(str, inputs=["x"], output="user", type="string"),
        Inspect(),
        Filter("x > 1"),
        WithColumns(y=col("x") / 2),
        Select("user"),
    ],
)
def test_a_key_by_stays_behind_steps_that_may_change_the_key_or_are_cheap(step):
    if isinstance(step, FlatMap):
        p = Pipeline()
        out = p | "rows" >> Create(ROWS) | "step 1" >> step
        _ = out["more"] | "more" >> Write(Collect())
        _ = out | "key" >> KeyBy("user") | Aggregate(n=count()) | Write(Collect())
        assert push_key_by(p.graph) is p.graph
        return
    assert order(KeyBy("user"), step) == ["step 1", "key"]


def test_cheap_steps_in_front_of_the_expensive_one_stay_in_front_of_the_key():
    steps = (
        Filter("x > 1"),
        Map(dict, preserves=["user", "x"], schema=TYPES),
        Window(Tumbling("1s")),
        Filter("x > 2"),
    )
    assert order(KeyBy("user"), *steps) == ["step 1", "key", "step 2", "step 3", "step 4"]


def test_a_key_goes_past_a_function_whose_records_are_not_trusted_only_to_where_they_are():
    one, two = Map(dict, preserves=["user"], schema=TYPES), Map(dict, preserves=["user"], schema=TYPES)
    assert order(KeyBy("user"), one, two) == ["key", "step 1", "step 2"]
    assert order(KeyBy("user"), Map(dict, schema=TYPES), two) == ["step 1", "step 2", "key"]


def test_a_computed_key_goes_past_functions_over_named_fields():
    step = Map(abs, inputs=["x"], output="y", type="int64")
    assert order(KeyBy(u=col("user").str.upper()), step) == ["key", "step 1"]
    assert order(KeyBy(x=col("user").str.upper()), step) == ["step 1", "key"]
    assert order(KeyBy(u=col("x") * 2), step) == ["step 1", "key"], "it can fail"


def test_a_computed_key_is_not_shown_to_functions_over_whole_records():
    assert order(KeyBy(u=col("user").str.upper()), Filter(lambda r: len(r) == 3)) == ["step 1", "key"]
    dead = Map(abs, inputs=["x"], output="y", type="int64", on_error="dead_letter")
    assert order(KeyBy(u=col("user").str.upper()), dead) == ["step 1", "key"]


def test_a_computed_key_does_not_change_the_order_of_fields_that_are_written():
    p = Pipeline()
    out = p | Create(ROWS) | Map(abs, inputs=["x"], output="y", type="int64")
    _ = out | KeyBy(u=col("user").str.upper()) | Write(Collect())
    assert push_key_by(p.graph) is p.graph
