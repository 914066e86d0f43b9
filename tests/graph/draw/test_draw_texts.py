import json

import pytest

from pulse import Create, Filter, KeyBy, Map, Pipeline
from pulse.graph.compile import CompileOptions, compile_graph, complete
from pulse.graph.draw import to_data, to_dot, to_json, to_mermaid
from pulse.graph.draw.drawing import drawing_of, kind_of, schema_text


@pytest.fixture
def plan(site):
    return compile_graph(*complete(site), CompileOptions(2))


@pytest.mark.parametrize("write", [to_dot, to_mermaid, to_json])
def test_a_graph_is_drawn_as_written(golden, site, write):
    golden(f"logical.{write.__name__.removeprefix('to_')}", write(site))


@pytest.mark.parametrize("write", [to_dot, to_mermaid, to_json])
def test_a_plan_is_drawn_with_its_stages(golden, plan, write):
    golden(f"plan.{write.__name__.removeprefix('to_')}", write(plan))


@pytest.mark.parametrize("write", [to_dot, to_mermaid, to_json])
def test_optimized_compiles_what_is_not_a_plan(site, plan, write):
    compiled = compile_graph(*complete(site))
    assert write(site, optimized=True) == write(compiled)
    assert write(plan, optimized=True) == write(plan)
    flat = write(plan, optimized=False)
    assert "1 replica" not in flat
    assert flat != write(plan)


def test_json_is_what_data_says(site):
    assert json.loads(to_json(site)) == to_data(site)


def test_names_that_mean_something_to_the_language_are_escaped():
    p = Pipeline('say "hi"\\')
    _ = p | Create([{"a": "x"}]) | 'a <b> & "c"' >> Filter("a == '<i>'")
    dot, mermaid = to_dot(p), to_mermaid(p)
    assert dot.startswith('digraph "say \\"hi\\"\\\\" {')
    assert "<b>a &lt;b&gt; &amp; &quot;c&quot;</b>" in dot
    assert "<b>a #lt;b#gt; #amp; #quot;c#quot;</b>" in mermaid


def test_long_texts_are_cut():
    p = Pipeline()
    _ = p | Create([{"a": 1}]) | Filter(" and ".join(f"a > {i}" for i in range(50)))
    box = drawing_of(p).boxes[1]
    assert box.title == "Filter"
    assert len(box.detail) == 60
    assert box.detail.endswith("…")
    assert "a > 49" in box.hint


def test_a_key_by_function_is_a_python_step():
    p = Pipeline()
    _ = p | Create([{"a": 1}]) | Map(dict) | KeyBy(len)
    assert [kind_of(node.op) for node in p.graph] == ["source", "python", "python"]


def test_records_of_any_shape_have_no_fields():
    p = Pipeline()
    out = p | Create([1, 2])
    assert schema_text(p.type_of(out.port)) == "records of any shape"
