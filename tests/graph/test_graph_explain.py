import pytest

from pulse import Create, Filter, Pipeline, PipelineError, Select
from pulse.graph.explain import explain


def test_explain_shows_graph_rules_and_plan(golden, site):
    golden("explain.txt", explain(site) + "\n")


def test_explain_shows_replicas_and_exchanges(golden, site):
    golden("explain_parallel.txt", explain(site, parallelism=2) + "\n")


def test_explain_of_a_graph_is_that_of_its_pipeline(site):
    assert explain(site.graph) == explain(site).replace("pipeline auction site", "pipeline pipeline")


def test_colours_change_no_text():
    p = Pipeline()
    _ = p | Create([{"a": 1}]) | Select("a") | Filter("a > 1")
    colored = explain(p, color=True)
    assert "\x1b[1mplan\x1b[0m" in colored
    for code in ("0", "1", "31", "32", "33", "35", "36"):
        colored = colored.replace(f"\x1b[{code}m", "")
    assert colored == explain(p)


def test_something_else_cannot_be_explained():
    with pytest.raises(PipelineError, match="expected a Pipeline or a Graph, not str"):
        explain("words")
