"""Any script gives the same at each event: in pieces, with replicas, crashes and restores, on both runners."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulse import Aggregate, Flatten, KeyBy, Pipeline, Session, Sliding, Tumbling, Window, collect, count
from pulse.model.triggers import AfterCount, AfterProcessingTime, AfterWatermark
from pulse.testing import TestStream, run_test

INPUTS = ("left", "right")
TRIGGERS = (
    None,
    AfterWatermark(early=AfterCount(2), late=AfterCount(1)),
    AfterWatermark(early=AfterProcessingTime("3us"), late=AfterCount(1)),
)
WINDOWS = (Tumbling("10us"), Sliding("10us", "5us"), Session("4us"))

inputs = st.sampled_from(INPUTS)
times = st.integers(0, 40)
events = st.one_of(
    st.tuples(st.just("elements"), inputs, st.lists(st.tuples(st.sampled_from("ab"), times), max_size=4)),
    st.tuples(st.just("watermark"), inputs, st.integers(0, 12)),
    st.tuples(st.just("processing_time"), st.integers(0, 5)),
    st.tuples(st.just("idle"), inputs),
)


def scripted(script):
    stream = TestStream(*INPUTS, schema={"k": "string", "v": "int64"})
    marks = dict.fromkeys(INPUTS, 0)
    number = 0
    for kind, *what in script:
        if kind == "elements":
            records = [{"k": key, "v": number + i} for i, (key, _) in enumerate(what[1])]
            number += len(records)
            stream.elements(records, time=[time for _, time in what[1]], input=what[0])
        elif kind == "watermark":
            marks[what[0]] += what[1]
            stream.watermark(marks[what[0]], input=what[0])
        elif kind == "processing_time":
            stream.processing_time(what[0])
        else:
            stream.idle(input=what[0])
    return stream


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    script=st.lists(events, max_size=12), window=st.sampled_from(WINDOWS), trigger=st.sampled_from(TRIGGERS)
)
def test_every_event_has_its_results_in_every_way(script, window, trigger):
    stream, p = scripted(script), Pipeline()
    windowing = Window(window, trigger=trigger, allowed_lateness="5us", accumulation="discarding")
    merged = (p | stream.input("left"), p | stream.input("right")) | Flatten()
    out = merged | KeyBy("k") | windowing | Aggregate(n=count(), v=collect("v"))
    result = run_test(p, seeds=2)
    assert len(result.steps(out)) == len(script) + 1
    received = sum(len(what[1]) for kind, *what in script if kind == "elements")
    assert result.records_in == received
