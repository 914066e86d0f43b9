"""What once differed between the runners, or between one process and several."""

import pytest

from pulse import (
    Aggregate,
    Create,
    DeterministicRunner,
    Flatten,
    FromField,
    KeyBy,
    Map,
    Pipeline,
    Select,
    TopK,
    TrioRunner,
    Tumbling,
    Window,
    count,
    lit,
)
from pulse.errors import PipelineError

RUNNERS = [
    DeterministicRunner(),
    DeterministicRunner(seed=3, bundle_size=1),
    TrioRunner(),
    TrioRunner(processes=1),
]


def run(runner, pipeline):
    return runner.run(pipeline, collect=True) if isinstance(runner, TrioRunner) else runner.run(pipeline)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda r: type(r).__name__)
def test_a_watermark_field_is_obeyed(runner):
    events = [
        {"t": 1_000, "mark": 1_000_000, "k": "a"},
        {"t": 20_000, "mark": 15_000_000, "k": "a"},
        {"t": 2_000, "mark": 15_000_000, "k": "a"},
    ]
    p = Pipeline()
    source = p | Create(events, time_field="t", watermarks=FromField("mark"))
    counts = source | KeyBy("k") | Window(Tumbling("10s")) | Aggregate(n=count())
    result = run(runner, p)
    assert [record["n"] for record in result.records(counts)] == [1, 1]
    assert result.late == 1


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda r: type(r).__name__)
def test_records_without_fields_are_not_lost(runner):
    p = Pipeline()
    out = p | Create([{"a": 1}, {"a": 2}]) | Select(z=lit(1)) | Map(lambda record: record)
    assert run(runner, p).records(out) == [{"z": 1}, {"z": 1}]


def test_two_collections_from_memory():
    p = Pipeline()
    both = (p | Create([1]), p | Create([2])) | Flatten()
    assert sorted(DeterministicRunner().run(p).records(both)) == [1, 2]


@pytest.mark.parametrize("values", [[float("nan"), 1.0, 2.0], [1.0, float("nan"), 2.0]])
def test_the_top_of_values_with_nan_does_not_depend_on_their_order(values):
    p = Pipeline()
    best = p | Create([{"v": value} for value in values]) | TopK(1, by="v")
    assert [record["v"] for record in DeterministicRunner().run(p).records(best)] == [2.0]


def test_a_function_that_cannot_be_sent_says_so():
    lock = __import__("threading").Lock()
    p = Pipeline()
    _ = p | Create([1]) | Map(lambda record: (lock, record)[1])
    with pytest.raises(PipelineError, match="a step cannot be sent to a worker process: TypeError"):
        TrioRunner(processes=1).run(p, collect=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channel_rows": 0}, "channel_rows 0 is not at least 1"),
        ({"overflow": "dorp"}, "overflow 'dorp' is not one of block, drop"),
    ],
)
def test_runner_options_are_checked(options, message):
    with pytest.raises(PipelineError, match=message):
        TrioRunner(**options)


def test_watermarks_must_be_a_strategy():
    with pytest.raises(PipelineError, match="watermarks takes a strategy, not str '5s'"):
        Create([1], watermarks="5s")


@pytest.mark.parametrize("thing", [3, lambda record: record, Map])
def test_only_transforms_stand_after_the_bar(thing):
    p = Pipeline()
    with pytest.raises(PipelineError, match="is not a transform"):
        p | thing
