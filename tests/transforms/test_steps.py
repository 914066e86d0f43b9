"""What steps are called, how ranks are named, and what becomes of records that a look at them fails on."""

from __future__ import annotations

from typing import Any

import pytest

from pulse import (
    Create,
    DeterministicRunner,
    GroupByKey,
    Inspect,
    KeyBy,
    Pipeline,
    PipelineError,
    RecordError,
    Reduce,
    TopK,
)
from pulse.graph.explain import explain

SCORES = [{"team": "a", "n": 1}, {"team": "a", "n": 3}, {"team": "b", "n": 2}]


def test_steps_are_called_what_a_person_wrote() -> None:
    p = Pipeline()
    keyed = p | Create(SCORES) | KeyBy("team")
    _ = keyed | Reduce(max, "n"), keyed | Reduce(max), keyed | GroupByKey(), keyed | TopK(1, by="n")
    assert list(p.graph.nodes)[2:] == [
        "Reduce(max, n)",
        "Reduce(max)",
        "GroupByKey",
        "TopK/best",
        "TopK/rank",
    ]
    assert "._" not in explain(p)
    assert "(_" not in explain(p)


def test_two_of_the_same_have_names_of_their_own() -> None:
    p = Pipeline()
    keyed = p | Create(SCORES) | KeyBy("team")
    best, worst = keyed | TopK(1, by="n"), keyed | TopK(1, by="n", smallest=True)
    result = DeterministicRunner().run(p)
    assert [r["n"] for r in result.records(best)] == [3, 2]
    assert [r["n"] for r in result.records(worst)] == [1, 2]


def test_a_rank_does_not_overwrite_a_field() -> None:
    ranked = [{"team": "a", "rank": 9}]
    with pytest.raises(PipelineError, match="TopK would overwrite the field 'rank'"):
        _ = Pipeline() | Create(ranked) | KeyBy("team") | TopK(1, by="rank")
    p = Pipeline()
    best = p | Create(ranked) | KeyBy("team") | TopK(1, by="rank", rank="place")
    assert DeterministicRunner().run(p).records(best) == [{"team": "a", "rank": 9, "place": 1}]
    assert best.schema.names == ["team", "rank", "place"]


def test_a_rank_does_not_overwrite_a_field_of_records_without_a_schema() -> None:
    p = Pipeline()
    rows = [{"team": "a", "rank": 9, "any": 1}, {"team": "a", "rank": 8, "any": "x"}]
    _ = p | Create(rows) | KeyBy("team") | TopK(1, by="rank")
    with pytest.raises(RecordError, match="TopK would overwrite the field 'rank'"):
        DeterministicRunner().run(p)


def fails_on_two(record: dict[str, Any]) -> None:
    if record["n"] == 2:
        raise ValueError("two")


def test_inspect_follows_the_policy() -> None:
    p = Pipeline()
    _ = p | Create(SCORES) | Inspect(fails_on_two)
    with pytest.raises(RecordError, match="two"):
        DeterministicRunner().run(p)
    p = Pipeline()
    seen = p | Create(SCORES) | Inspect(fails_on_two, on_error="dead_letter")
    result = DeterministicRunner().run(p)
    assert [r["n"] for r in result.records(seen)] == [1, 3]
    assert [r["step"] for r in result.records(seen.errors)] == [seen.port.step]


def test_a_pipeline_that_ends_in_an_inspection_is_collected() -> None:
    p = Pipeline()
    found: list[Any] = []
    seen = p | Create([1, 2]) | Inspect(found.append)
    assert DeterministicRunner().run(p).records(seen) == found == [1, 2]


def test_explain_says_when_no_rule_applied() -> None:
    p = Pipeline()
    _ = p | Create([{"a": 1}])
    assert "no rule applied: the graph stays as it was written" in explain(p)
