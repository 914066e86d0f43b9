"""What ``Window`` takes, what it refuses, and what it says then."""

import pytest

from pulse import (
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Aggregate,
    Create,
    Global,
    GroupByKey,
    KeyBy,
    Never,
    Pipeline,
    PipelineError,
    Repeatedly,
    Session,
    Tumbling,
    Window,
    WindowingError,
    collect,
)
from pulse.graph.ops import WindowOp
from pulse.testing import TestStream

TEN = Tumbling("10s")


def windowed(**options):
    """Return the windowing that arguments of ``Window`` lead to."""
    p = Pipeline()
    out = p | TestStream().add({"k": "a"}, at=0) | Window(TEN, **options)
    op = p.graph[out.port.step].op
    assert isinstance(op, WindowOp)
    return op.windowing


SHORT = {
    "early_every": ({"early_every": "5s"}, AfterWatermark(early=AfterProcessingTime("5s"))),
    "early_every with lateness": (
        {"early_every": "5s", "allowed_lateness": "1s"},
        AfterWatermark(early=AfterProcessingTime("5s"), late=AfterCount(1)),
    ),
    "final_only": ({"final_only": True}, AfterWatermark()),
    "final_only with lateness": ({"final_only": True, "allowed_lateness": "1s"}, Never()),
}


@pytest.mark.parametrize("name", SHORT)
def test_what_is_short_for_a_trigger(name):
    options, trigger = SHORT[name]
    if trigger.may_repeat:
        options = options | {"accumulation": "discarding"}
    assert windowed(**options).trigger == trigger


WRONG = {
    # name: (arguments, message, a part of the hint)
    "accumulation": (
        {"accumulation": "accumulate"},
        "accumulation 'accumulate' is not one of",
        "'accumulating'",
    ),
    "timestamp": ({"timestamp": "earlest"}, "timestamp 'earlest' is not one of end_of_window", "'earliest'"),
    "no timestamp": ({"timestamp": None}, "timestamp None is not one of", None),
    "lateness": ({"allowed_lateness": "-1s"}, "allowed lateness '-1s' is negative", "'0s' or more"),
    "lateness text": ({"allowed_lateness": "soon"}, "allowed lateness 'soon' is not a duration", "'10s'"),
    "shift": ({"timestamp": "latest", "timestamp_shift": "-1s"}, "timestamp shift '-1s' is negative", "'0s'"),
    "shift of an end": ({"timestamp_shift": "1s"}, "but timestamp is 'end_of_window'", "'earliest'"),
    "trigger": ({"trigger": 5}, "Window(trigger=...) takes a trigger, not 5", "AfterCount(100)"),
    "trigger class": ({"trigger": AfterWatermark}, "takes a trigger, not AfterWatermark", "AfterWatermark("),
    "early_every": ({"early_every": 5}, "early_every, not int 5", None),
    "negative early_every": ({"early_every": "-5s"}, "delay '-5s' is negative", None),
    "two ways": (
        {"trigger": AfterWatermark(), "final_only": True},
        "Window takes one of trigger, final_only, which all say when results come",
        None,
    ),
    "three ways": (
        {"trigger": AfterWatermark(), "early_every": "5s", "final_only": True},
        "Window takes one of trigger, early_every, final_only",
        None,
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name):
    options, message, hint = WRONG[name]
    with pytest.raises(PipelineError) as caught:
        windowed(**options)
    assert message in caught.value.message
    assert hint is None or hint in caught.value.hint
    assert "test_window_arguments.py" in caught.value.where


REFUSED = {
    # name: (arguments, message, a part of the hint)
    "count": (
        {"trigger": AfterCount(2)},
        "trigger AfterCount(2) can finish while records still come, and those would be dropped",
        "Repeatedly(AfterCount(2)) fires again; allow_unsafe=True drops, and counts, the rest",
    ),
    "processing time": (
        {"trigger": AfterProcessingTime("5s")},
        "AfterProcessingTime('5s') can finish",
        "Repeatedly",
    ),
    "any": (
        {"trigger": AfterAny(AfterCount(2), AfterWatermark())},
        "AfterAny(AfterCount(2), AfterWatermark()) can finish",
        "Repeatedly(AfterAny(",
    ),
    "each": ({"trigger": AfterEach(AfterCount(1), AfterCount(2))}, "can finish", "Repeatedly(AfterEach("),
    "until": ({"trigger": Repeatedly(AfterCount(1)).or_finally(AfterCount(9))}, "can finish", "Repeatedly("),
    "late records": (
        {"trigger": AfterWatermark(), "allowed_lateness": "1s"},
        "AfterWatermark() can finish",
        "add late=AfterCount(1)",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_triggers_that_may_drop_records(name):
    options, message, hint = REFUSED[name]
    with pytest.raises(WindowingError) as caught:
        windowed(accumulation="discarding", **options)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "test_window_arguments.py" in caught.value.where
    allowed = windowed(accumulation="discarding", allow_unsafe=True, **options)
    assert allowed.trigger == options["trigger"]


REPEATS = {
    "lateness": ({"allowed_lateness": "1s"}, "allowed lateness lets a window fire more than once"),
    "repeatedly": ({"trigger": Repeatedly(AfterCount(2))}, "trigger Repeatedly(AfterCount(2)) lets a window"),
    "early": ({"trigger": AfterWatermark(early=AfterCount(2))}, "lets a window fire more than once"),
    "early_every": ({"early_every": "5s"}, "lets a window fire more than once"),
    "each": ({"trigger": AfterEach(AfterCount(1), Never())}, "lets a window fire more than once"),
}


@pytest.mark.parametrize("name", REPEATS)
def test_accumulation_must_be_stated(name):
    options, message = REPEATS[name]
    with pytest.raises(WindowingError) as caught:
        windowed(**options)
    assert message in caught.value.message
    assert caught.value.message.endswith("so accumulation must be stated")
    assert "'accumulating' repeats the whole window" in caught.value.hint
    assert windowed(accumulation="accumulating", **options).accumulation == "accumulating"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"trigger": AfterWatermark()},
        {"trigger": Never()},
        {"final_only": True},
        {"trigger": Repeatedly(Never())},
    ],
    ids=str,
)
def test_what_fires_once_need_not_say(options):
    assert windowed(**options).accumulation is None


def test_a_source_without_late_records_need_not_say():
    """The watermark of a list waits for its end, so that no record can be late."""
    p = Pipeline()
    out = p | Create([{"k": 1}], times=[0]) | Window(TEN, allowed_lateness="1s") | Aggregate(ks=collect("k"))
    assert p.type_of(out.port).windowing.accumulation is None


@pytest.mark.parametrize("window", [TEN, Session("5s")], ids=str)
def test_windows_need_event_times(window):
    p = Pipeline()
    with pytest.raises(WindowingError, match="needs event times, but the source gives none") as caught:
        p | Create([{"k": 1}]) | Window(window)
    assert "time_field" in caught.value.hint


def test_the_global_window_needs_none():
    p = Pipeline()
    trigger = Repeatedly(AfterCount(2))
    p | Create([{"k": 1}]) | Window(Global(), trigger=trigger, accumulation="discarding")


@pytest.mark.parametrize("options", [{}, {"allowed_lateness": "1s", "accumulation": "discarding"}], ids=str)
def test_the_global_window_of_an_endless_input_would_never_emit(options):
    p = Pipeline()
    endless = p | TestStream(bounded=False).add({"k": "a"}, at=0) | KeyBy("k") | Window(Global(), **options)
    with pytest.raises(WindowingError, match="would never emit") as caught:
        endless | GroupByKey()
    assert "Repeatedly(AfterCount(1000))" in caught.value.hint


@pytest.mark.parametrize("trigger", [AfterWatermark(), Never(), Repeatedly(AfterWatermark())], ids=str)
def test_nor_would_a_trigger_that_waits_for_its_end(trigger):
    p = Pipeline()
    window = Window(Global(), trigger=trigger, accumulation="discarding")
    endless = p | TestStream(bounded=False).add({"k": "a"}, at=0) | KeyBy("k") | window
    with pytest.raises(WindowingError, match="would never emit"):
        endless | GroupByKey()
