"""The test kit: running in many ways, assertions, and the pytest plugin."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from pulse import (
    Aggregate,
    Create,
    DeterministicRunner,
    JsonLinesSink,
    KeyBy,
    Map,
    MapBatches,
    Pipeline,
    PipelineError,
    Tumbling,
    Window,
    Write,
    count,
)
from pulse.testing import (
    TestPipeline,
    TestStream,
    assert_that,
    contains,
    contains_in_any_order,
    equal_to,
    every,
    in_panes,
    in_window,
    is_empty,
    run_test,
)


def counts(p):
    stream = TestStream().elements([{"k": "a"}, {"k": "b"}, {"k": "a"}], time=["1s", "2s", "11s"])
    return (
        p | stream.watermark("10s") | KeyBy("k") | Window(Tumbling("10s")) | Aggregate(n=count()) | Map(pair)
    )


def pair(record):
    return record["k"], record["n"]


def test_a_pipeline_that_depends_on_nothing_passes():
    p = Pipeline()
    out = counts(p)
    result = run_test(p)
    assert [[each.record for each in step] for step in result.steps(out)] == [
        [],
        [("a", 1), ("b", 1)],
        [("a", 1)],
    ]
    assert run_test(counts, seeds=0).records(out) == result.records(out)


def test_a_pipeline_that_depends_on_its_bundles_fails():
    p = Pipeline()
    sizes = MapBatches(lambda batch: batch.slice(0, 1))
    _ = p | Create([{"n": n} for n in range(9)]) | "first of each" >> sizes
    with pytest.raises(AssertionError) as raised:
        run_test(p)
    text = str(raised.value)
    assert text.startswith("first of each depends on how the pipeline is run; seed 1, bundles of at most 1")
    assert "            record.n  time" in text


def test_sinks_write_nothing(tmp_path):
    path = tmp_path / "out.jsonl"
    p = Pipeline()
    p | Create([{"n": 1}]) | Write(JsonLinesSink(path))
    run_test(p)
    assert not path.exists()


def test_what_run_test_takes():
    with pytest.raises(PipelineError, match="run_test takes a pipeline or a function, not int"):
        run_test(3)
    with pytest.raises(PipelineError, match="seeds -1 is negative"):
        run_test(counts, seeds=-1)


def test_the_number_of_seeds_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("PULSE_SEEDS", "many")
    with pytest.raises(PipelineError, match="PULSE_SEEDS='many' is not a number of seeds"):
        run_test(counts)


MATCHING = [
    contains_in_any_order([("b", 1), ("a", 1), ("a", 1)]),
    contains(("b", 1)),
    every(lambda record: record[1] == 1),
    in_window("0s", "10s", [("a", 1), ("b", 1)]),
    in_window("20s", "30s", is_empty()),
    in_panes("late", []),
]


@pytest.mark.parametrize("matcher", MATCHING, ids=lambda m: type(m).__name__)
def test_assertions_that_hold(matcher):
    p = Pipeline()
    out = counts(p)
    assert_that(out, matcher)
    result = DeterministicRunner().run(p)
    assert_that(result, matcher, of=out)
    if "window" not in str(matcher):
        assert_that(result.records(out), matcher)


DIFFERENT = [
    (
        contains_in_any_order([{"k": "a", "n": 2}, {"k": "b", "n": 1}]),
        """
        the list: 1 missing and 1 unexpected of 2 records
                    k    n
        missing     'a'  2
        unexpected  'a'  3
        """,
    ),
    (
        equal_to([{"k": "b", "n": 1}, {"k": "a", "n": 3}]),
        """
        the list: the records are right, but in another order: {'k': 'a', 'n': 3}, {'k': 'b', 'n': 1}; use contains_in_any_order
        """,
    ),
    (
        contains({"k": "c"}, {"k": "b", "n": 1}),
        """
        the list: 1 missing of 2 records
                 k
        missing  'c'
        """,
    ),
    (
        every(lambda record: record["n"] < 3),
        """
        the list: 1 unexpected of 2 records
                    k    n
        unexpected  'a'  3
        """,
    ),
    (
        in_window("0s", "1s", ["x"]),
        """
        the list: window 1970-01-01T00:00:00Z to 1970-01-01T00:00:01Z: 1 missing of 0 records
        missing  'x'
        """,
    ),
]


@pytest.mark.parametrize(("matcher", "message"), DIFFERENT, ids=range(len(DIFFERENT)))
def test_differences_are_shown_as_a_table(matcher, message):
    with pytest.raises(AssertionError) as raised:
        assert_that([{"k": "a", "n": 3}, {"k": "b", "n": 1}], matcher)
    assert str(raised.value) == textwrap.dedent(message).strip("\n")


def test_a_long_table_is_cut():
    with pytest.raises(AssertionError, match="and 80 more"):
        assert_that([], contains_in_any_order(range(100)))


def test_a_test_pipeline_runs_at_its_end():
    with (
        pytest.raises(AssertionError, match=r"Map\(pair\): 1 missing of 3 records"),
        TestPipeline(seeds=1) as p,
    ):
        assert_that(counts(p), contains(("c", 1)))
    with TestPipeline(seeds=1) as p:
        out = counts(p)
        assert_that(out, contains(("a", 1)))
    assert_that(out, contains(("b", 1)))
    with pytest.raises(ZeroDivisionError), TestPipeline() as p:
        assert_that(p | Create([1]), contains(1 // 0))


def test_assertions_that_make_no_sense():
    p = Pipeline()
    _ = p | Create([1]) | Map(str)
    result = DeterministicRunner().run(p)
    assert_that(result, equal_to(["1"]))
    with pytest.raises(PipelineError, match="assert_that takes a matcher, not list"):
        assert_that(result, ["1"])
    _ = p | "other" >> Create([2])
    with pytest.raises(PipelineError, match=r"the result has 2 collections: Map\(str\), other"):
        assert_that(DeterministicRunner().run(p), equal_to(["1"]))


PLUGIN = """
    from pulse import Create, Map, Pipeline
    from pulse.testing.running import _seeds

    def test_runner(pulse_runner):
        p = Pipeline()
        out = p | Create([1, 2]) | Map(lambda n: n + 1)
        assert pulse_runner.run(p).records(out) == [2, 3]

    def test_many_ways(pulse_test, pulse_seeds):
        assert pulse_seeds == _seeds(None) == 5
        p = Pipeline()
        out = p | Create([1, 2]) | Map(lambda n: n + 1)
        assert pulse_test(p).records(out) == [2, 3]
"""


def test_the_pytest_plugin(tmp_path):
    (tmp_path / "test_it.py").write_text(textwrap.dedent(PLUGIN))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--pulse-seeds",
        "5",
        "test_it.py",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "6 passed" in done.stdout, done.stdout + done.stderr
