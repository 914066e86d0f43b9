"""TestStream: time moved by hand, the same on both runners, whatever the bundles, seeds, crashes and layout."""

from __future__ import annotations

import pytest

from pulse import (
    Aggregate,
    Create,
    DeterministicRunner,
    Flatten,
    KeyBy,
    Map,
    Pipeline,
    TrioRunner,
    Tumbling,
    Window,
)
from pulse import collect as collect_values
from pulse.errors import ConnectorError, PipelineError
from pulse.io.base import ReadRequest
from pulse.model.time import MAX_TIME
from pulse.model.triggers import AfterCount, AfterProcessingTime, AfterWatermark
from pulse.testing import TestStream
from pulse.testing.connectors import check_source

WAYS = [
    {},
    {"seed": 3, "bundle_size": 1},
    {"crash_at": "random", "crashes": 4, "checkpoint_every": 3},
    {"crash_at": "random", "seed": 7, "bundle_size": 1, "fuse": False},
    {"parallelism": 2, "checkpoint_every": 1},
    None,
    {"trio": True, "parallelism": 2, "fuse": False},
]


def run(pipeline, way):
    if way is None or "trio" in way:
        options = {name: value for name, value in (way or {}).items() if name != "trio"}
        return TrioRunner(**options).run(pipeline, collect=True)
    return DeterministicRunner(**way).run(pipeline)


def shown(steps):
    return [
        sorted((each.record["k"], sorted(each.record["v"]), each.window, each.pane.timing) for each in step)
        for step in steps
    ]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_each_event_causes_its_panes(way):
    early = AfterWatermark(early=AfterProcessingTime("5s"), late=AfterCount(1))
    window = Window(Tumbling("10s"), trigger=early, accumulation="discarding", allowed_lateness="10s")
    stream = (
        TestStream()
        .elements([{"k": "a", "v": 1}, {"k": "b", "v": 2}], time=["1s", "2s"])
        .processing_time("4s")
        .add({"k": "a", "v": 3}, at="3s")
        .processing_time("1s")
        .watermark("10s")
        .add({"k": "a", "v": 4}, at="4s")
        .watermark("20s")
        .add({"k": "a", "v": 5}, at="5s")
    )
    p = Pipeline()
    out = p | stream | KeyBy("k") | window | Aggregate(v=collect_values("v"))
    result = run(p, way)
    first = (0, 10_000_000)
    assert shown(result.steps(out)) == [
        [],
        [],
        [],
        [("a", [1, 3], first, "early"), ("b", [2], first, "early")],
        [("a", [], first, "on_time"), ("b", [], first, "on_time")],
        [("a", [4], first, "late")],
        [],
        [],
        [],
    ]
    assert [record["v"] for record in result.late_records(out)] == [5]
    assert len(result.panes(out)) == 5
    assert result.watermark == MAX_TIME


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_each_input_has_a_watermark_and_an_end_of_its_own(way):
    stream = (
        TestStream("left", "right")
        .add({"k": "a", "v": 1}, at="1s", input="left")
        .watermark("10s", input="left")
        .idle(input="right")
        .add({"k": "a", "v": 2}, at="12s", input="right")
        .watermark("20s", input="left")
        .end(input="right")
        .end()
    )
    p = Pipeline()
    both = (p | stream.input("left"), p | "r" >> stream.input("right")) | Flatten()
    out = both | KeyBy("k") | Window(Tumbling("10s")) | Aggregate(v=collect_values("v"))
    steps = run(p, way).steps(out)
    found = [[(each.record["v"], each.window[0]) for each in step] for step in steps]
    assert found == [[], [], [([1], 0)], [], [([2], 10_000_000)], [], []]
    assert "r" in p.graph


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_other_sources_go_first(way):
    p = Pipeline()
    table = p | Create([{"k": "a", "v": 0}])
    out = (table, p | TestStream().add({"k": "a", "v": 1}, at="1s")) | Flatten() | Map(lambda r: r["v"])
    result = run(p, way)
    assert [[each.record for each in step] for step in result.steps(out)] == [[0, 1], []]


def test_an_input_that_nobody_reads_keeps_its_place():
    stream = (
        TestStream("a", "b")
        .add({"n": 1}, at=0, input="b")
        .processing_time("1s")
        .add({"n": 2}, at=1, input="a")
    )
    p = Pipeline()
    out = p | stream.input("a")
    assert [len(step) for step in DeterministicRunner().run(p).steps(out)] == [0, 0, 1, 0]


def test_records_of_any_kind():
    p = Pipeline()
    out = p | TestStream().elements([1, "a", None]) | Map(repr)
    assert DeterministicRunner().run(p).records(out) == ["1", "'a'", "None"]


def test_a_stream_is_a_source_like_any_other():
    stream = (
        TestStream().elements([{"n": n} for n in range(5)], time=range(5)).watermark(5).add({"n": 6}, at=6)
    )
    check_source(stream.source())


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (
            lambda s: s.watermark("2s").watermark("1s"),
            "goes back from 1970-01-01T00:00:02Z to 1970-01-01T00:00:01Z",
        ),
        (lambda s: s.watermark(MAX_TIME), "reaches the end of time with the input"),
        (lambda s: s.processing_time("-1s"), "processing time '-1s' goes back"),
        (lambda s: s.processing_time(-1), "processing time -1 goes back"),
        (
            lambda s: s.add(1, at=MAX_TIME),
            "event time end of time of an element is outside the years 1 to 9999",
        ),
        (lambda s: s.add(1, at="soon"), "time 'soon' is not a duration"),
        (lambda s: s.add(1, at=1.5), "time 1.5 is not an event time"),
        (lambda s: s.elements([1, 2], time=[1]), "1 times are given for 2 records"),
        (lambda s: s.add(1, at=0, input="mian"), "unknown input 'mian'; the stream has main"),
        (lambda s: s.end().add(1, at=0), "input 'main' has ended"),
        (lambda s: s.end().processing_time("1s"), "input 'main' has ended"),
        (lambda s: s.end().end(), "input 'main' has ended"),
    ],
)
def test_scripts_that_make_no_sense(build, message):
    with pytest.raises(PipelineError, match=message):
        build(TestStream())


def test_several_inputs_must_be_told_apart():
    stream = TestStream("left", "right")
    with pytest.raises(PipelineError, match="the stream has several inputs: left, right"):
        stream.add(1, at=0)
    with pytest.raises(PipelineError, match="the stream has several inputs: left, right"):
        Pipeline() | stream
    with pytest.raises(PipelineError, match="unknown input 'lfet'; the stream has left, right"):
        stream.input("lfet")
    with pytest.raises(PipelineError, match="inputs a, a are not all different"):
        TestStream("a", "a")
    with pytest.raises(PipelineError, match="input 'left' has ended"):
        stream.end(input="left").add(1, at=0, input="left")
    with pytest.raises(PipelineError, match="input 'left' has ended"):
        stream.end().processing_time("1s")


def test_nothing_is_added_to_a_script_in_use():
    stream, p = TestStream(), Pipeline()
    out = p | stream
    with pytest.raises(PipelineError, match="part of a pipeline already"):
        stream.add(1, at=0)
    with pytest.raises(PipelineError, match="it takes no input"):
        out | stream


def test_positions_are_checked():
    source = TestStream().add({"n": 1}, at=0).source()
    with pytest.raises(ConnectorError, match=r"9 is not a position in script\(main\)"):
        source.open("0", ReadRequest(source.sniff_schema()), 9)


def test_steps_need_a_script():
    p = Pipeline()
    out = p | Create([1])
    with pytest.raises(PipelineError, match="the run played no script"):
        DeterministicRunner().run(p).steps(out)
