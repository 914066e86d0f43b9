"""Time moved by hand: watermarks, processing time, and what both do to triggers, holds and counts."""

import pytest

from pulse import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Aggregate,
    DeterministicRunner,
    Global,
    KeyBy,
    Never,
    Pipeline,
    PipelineError,
    Repeatedly,
    Select,
    Session,
    Sliding,
    Tumbling,
    Window,
    WithMetadata,
    collect,
    sum,  # noqa: A004 - the name that people know
)
from pulse.engine.observer import NullObserver
from pulse.model.time import MAX_EVENT_TIME
from pulse.testing import TestStream
from tests.support.transcripts import SECOND, line, play, stream

DISCARDING = {"accumulation": "discarding"}
ACCUMULATING = {"accumulation": "accumulating"}
UNSAFE = {"allow_unsafe": True, "accumulation": "discarding"}

CASES = {
    # a transcript, a window, and options of ``Window`` for each
    "lateness without a trigger": (
        """
        a@0 b@1 c@2 ->
        W15 -> [0,15) a b c
        d@16 e@17 ->
        x@3 -> [0,15) x late
        W30 -> [15,30) d e
        last@300 ->
        end -> [300,315) last
        """,
        Tumbling("15s"),
        DISCARDING | {"allowed_lateness": "300s"},
    ),
    "some time after the first": (
        "a@1 ->\nP5.1 -> [0,15) a early\nb@2 ->\nW15 -> [0,15) b\nend ->",
        Tumbling("15s"),
        DISCARDING | {"trigger": AfterWatermark(early=AfterProcessingTime("5s"))},
    ),
    "not a moment too early": (
        "a@1 ->\nP4.999999 ->\nP0.000001 -> [0,15) a early\nP100 ->\nend -> [0,15) -",
        Tumbling("15s"),
        DISCARDING | {"early_every": "5s"},
    ),
    "some time after, once": (
        "a@1 b@2 ->\nP1 ->\nc@3 d@4 ->\nP1 -> [0,10) a b c d early\ne@5 ->\nend ->",
        Tumbling("10s"),
        UNSAFE | {"trigger": AfterProcessingTime("2s"), "closed": 1},
    ),
    "some time after, again and again": (
        """
        0@0 ->
        P1.99 ->
        1@1 ->
        P1.99 -> [all) 0 1 early
        2@2 ->
        P1.99 ->
        3@3 ->
        P1.99 -> [all) 2 3 early
        4@4 ->
        end -> [all) 4
        """,
        Global(),
        DISCARDING | {"trigger": Repeatedly(AfterProcessingTime("2s"))},
    ),
    "early results go on and stop": (
        """
        a@1 b:x@1 ->
        P5 -> b[0,10) x early; [0,10) a early
        b@2 ->
        P5 -> [0,10) a b early
        P5 ->
        W10 -> b[0,10) x; [0,10) a b
        c@3 -> [0,10) a b c late
        P5 ->
        end ->
        """,
        Tumbling("10s"),
        ACCUMULATING | {"early_every": "5s", "allowed_lateness": "5s"},
    ),
    "late results after some time": (
        "a@1 ->\nW10 -> [0,10) a\nb@2 c@3 ->\nP2 -> [0,10) b c late\nd@4 ->\nend -> [0,10) d late",
        Tumbling("10s"),
        DISCARDING | {"trigger": AfterWatermark(late=AfterProcessingTime("2s")), "allowed_lateness": "5s"},
    ),
    "a count or a time": (
        "a@1 b@2 -> [all) a b early\nc@3 ->\nP5 -> [all) c early\nd@4 e@5 -> [all) d e early\nP5 ->\nend ->",
        Global(),
        DISCARDING | {"trigger": Repeatedly(AfterAny(AfterCount(2), AfterProcessingTime("5s")))},
    ),
    "a count and a time": (
        "a@1 ->\nP5 ->\nb@2 -> [all) a b early\nc@3 d@4 ->\nP5 -> [all) c d early\nend ->",
        Global(),
        DISCARDING | {"trigger": Repeatedly(AfterAll(AfterCount(2), AfterProcessingTime("5s")))},
    ),
    "each in its turn": (
        "a@1 b@2 -> [all) a b early\nP5 ->\nc@3 ->\nP5 -> [all) c early\nend ->",
        Global(),
        DISCARDING | {"trigger": Repeatedly(AfterEach(AfterCount(2), AfterProcessingTime("5s")))},
    ),
    "until a time": (
        "a@1 b@2 -> [all) a b early\nc@3 ->\nP5 -> [all) c early\nd@4 ->\nend ->",
        Global(),
        UNSAFE | {"trigger": Repeatedly(AfterCount(2)).or_finally(AfterProcessingTime("5s")), "closed": 1},
    ),
    "sessions keep the first delay when they merge": (
        "a@0 ->\nP3 ->\nb@8 ->\nP2 -> [0,18) a b early\nend -> [0,18) -",
        Session("10s"),
        DISCARDING | {"early_every": "5s"},
    ),
    "a session merges after its early result": (
        "a@0 ->\nP5 -> [0,10) a early\nb@8 ->\nP5 -> [0,18) a b early\nW18 -> [0,18) a b\nend ->",
        Session("10s"),
        ACCUMULATING | {"early_every": "5s"},
    ),
    "two sessions that wait merge": (
        "a@0 ->\nP2 ->\nb@15 ->\nP2 ->\nc@8 ->\nP1 -> [0,25) a b c early\nP9 ->\nend -> [0,25) -",
        Session("10s"),
        DISCARDING | {"early_every": "5s"},
    ),
    "sliding windows by the clock": (
        "a@6 ->\nP5 -> [0,10) a early; [5,15) a early\nW10 -> [0,10) -\nend -> [5,15) -",
        Sliding("10s", "5s"),
        DISCARDING | {"early_every": "5s"},
    ),
    "a delay of nothing": (
        "a@1 b@2 -> [0,10) a early; [0,10) b early\nend -> [0,10) -",
        Tumbling("10s"),
        DISCARDING | {"early_every": "0s"},
    ),
    "one jump of the clock over many windows": (
        "a@1 b@11 ->\nP60 -> [0,10) a early; [10,20) b early\nend -> [0,10) -; [10,20) -",
        Tumbling("10s"),
        DISCARDING | {"early_every": "5s"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_clocks(runner, name):
    text, window, options = CASES[name]
    play(runner, text, window, **options)


@pytest.mark.parametrize("name", CASES)
def test_a_crash_at_every_step(name):
    text, window, options = CASES[name]

    class EveryStep:
        deterministic = True

        @staticmethod
        def run(pipeline):
            runner = DeterministicRunner(bundle_size=1, checkpoint_every=1, crash_at=range(1, 200, 2))
            return runner.run(pipeline)

    play(EveryStep(), text, window, **options)


def test_every_output_has_a_watermark_of_its_own(runner):
    p = Pipeline()
    letters, numbers = "letters", "numbers"
    script = TestStream(letters, numbers)
    for name, values in ((letters, "abc"), (numbers, "123")):
        start = 15 * (name == numbers)
        script = script.elements(
            [{"v": v} for v in values], time=[f"{start + i}s" for i in range(3)], input=name
        )
    script = script.watermark("15s", input=letters).watermark("20s", input=numbers)
    early = {"trigger": AfterWatermark(early=AfterCount(3)), "accumulation": "discarding"}
    outs = [
        p
        | name >> script.input(name)
        | f"w {name}" >> Window(Tumbling("15s"), **early)
        | Aggregate(vs=collect("v"))
        for name in (letters, numbers)
    ]
    result = runner.run(p)
    found = [[line(step) for step in result.steps(out)] for out in outs]
    assert found == [
        ["[0,15) a b c early", "", "[0,15) -", "", ""],
        ["", "[15,30) 1 2 3 early", "", "", "[15,30) -"],
    ]


def test_elements_almost_at_the_end_of_time(runner):
    """Their window ends with the year 9999, so that Python has no datetime for its end: it is left out."""
    p = Pipeline()
    script = TestStream().add({"v": 1}, at=MAX_EVENT_TIME).add({"v": 2}, at=MAX_EVENT_TIME - 3600 * SECOND)
    grouped = p | script | Window(Tumbling("6h")) | Aggregate(vs=collect("v")) | WithMetadata("timing")
    out = grouped | Select("vs", "timing")
    (found,) = runner.run(p).panes(out)
    assert (sorted(found.record["vs"]), found.record["timing"]) == ([1, 2], "on_time")
    assert found.time == MAX_EVENT_TIME
    assert found.window[0] <= MAX_EVENT_TIME - 3600 * SECOND < found.window[1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda s: s.watermark("10s").watermark("9s"), "the watermark of input 'main' goes back"),
        (lambda s: s.processing_time("-1s"), "processing time '-1s' goes back"),
        (lambda s: s.add({}, at=2**63 - 1), "outside the years 1 to 9999"),
        (lambda s: s.watermark(2**63 - 1), "the watermark reaches the end of time"),
    ],
)
def test_scripts_that_cannot_be(wrong, message):
    with pytest.raises(PipelineError, match=message):
        wrong(TestStream())


# -- panes ------------------------------------------------------------------------------------------------

NUMBERS = {
    # name: (events, options, (timing, index, nonspeculative, first, last) of each pane)
    "once": ("1@1 W10", {}, [("on_time", 0, 0, True, True)]),
    "early and late": (
        "1@1 2@2 W10 3@3 4@4",
        ACCUMULATING
        | {"allowed_lateness": "5s", "trigger": AfterWatermark(early=AfterCount(1), late=AfterCount(1))},
        [
            ("early", 0, -1, True, False),
            ("early", 1, -1, False, False),
            ("on_time", 2, 0, False, False),
            ("late", 3, 1, False, False),
            ("late", 4, 2, False, False),
        ],
    ),
    "late by default": (
        "W10 1@1 2@2",
        DISCARDING | {"allowed_lateness": "5s"},
        [("late", 0, 0, True, False), ("late", 1, 1, False, False)],
    ),
    "flushed": (
        "1@1 2@2 3@3",
        DISCARDING | {"trigger": Repeatedly(AfterCount(2))},
        [("early", 0, -1, True, False), ("on_time", 1, 0, False, True)],
    ),
    "flushed late": (
        "1@1 W10 2@2 W15",
        DISCARDING | {"trigger": Never(), "allowed_lateness": "5s"},
        [("late", 0, 0, True, True)],
    ),
    "finished": ("1@1 2@2 3@3", UNSAFE | {"trigger": AfterCount(2)}, [("early", 0, -1, True, True)]),
    "finished by the watermark": (
        "1@1 2@2 W10",
        UNSAFE
        | {"trigger": Repeatedly(AfterCount(1)).or_finally(AfterWatermark()), "allowed_lateness": "1s"},
        [("early", 0, -1, True, False), ("early", 1, -1, False, False), ("on_time", 2, 0, False, True)],
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_the_numbers_of_panes(runner, name):
    events, options, wanted = NUMBERS[name]
    p = Pipeline()
    windowed = p | stream(events.split()) | KeyBy("k") | Window(Tumbling("10s"), **options)
    fields = ("timing", "index", "nonspeculative_index", "is_first", "is_last")
    out = windowed | Aggregate(vs=collect("v")) | WithMetadata(*fields)
    found = runner.run(p).panes(out)
    assert [tuple(each.record[field] for field in fields) for each in found] == wanted
    for each in found:
        assert each.pane is None or all(getattr(each.pane, field) == each.record[field] for field in fields)


# -- event times of results, and the watermark after the step ---------------------------------------------

HOLDS = {
    # name: (window options, total of the second step by its window)
    "end of window": ({}, {0: 6, 20: 8}),
    "earliest": ({"timestamp": "earliest"}, {0: 6, 20: 8}),
    "latest": ({"timestamp": "latest"}, {0: 6, 20: 8}),
    "earliest with a shift": ({"timestamp": "earliest", "timestamp_shift": "20s"}, {20: 6, 40: 8}),
    "latest with a shift": ({"timestamp": "latest", "timestamp_shift": "40s"}, {40: 6, 60: 8}),
}


@pytest.mark.parametrize("trigger", [None, Repeatedly(AfterWatermark())], ids=["bulk", "one by one"])
@pytest.mark.parametrize("name", HOLDS)
def test_results_are_on_time_for_the_step_after_it(runner, name, trigger):
    options, wanted = HOLDS[name]
    p = Pipeline()
    script = TestStream()
    for v, at in ((1, 3), (2, 7), (3, 12), (8, 27)):
        script = script.add({"v": v}, at=f"{at}s").watermark(f"{at}s")
    windowed = p | script | Window(Tumbling("10s"), trigger=trigger, **DISCARDING, **options)
    first = windowed | "first" >> Aggregate(v=sum("v"))
    second = first | "again" >> Window(Tumbling("20s")) | "second" >> Aggregate(v=sum("v"))
    result = runner.run(p)
    assert {each.window[0] // SECOND: each.record["v"] for each in result.panes(second)} == wanted
    assert result.ledger["second"].late == 0


@pytest.mark.parametrize(("combiner", "time"), [("earliest", 3), ("latest", 7), ("end_of_window", 9.999999)])
def test_the_watermark_waits_for_the_first_open_window(runner, combiner, time):
    """The second step gives its results when the first lets go of the watermark, and no sooner."""
    p = Pipeline()
    script = stream(["a@3", "b@7", "W9", "W10", "W20", "end"])
    windowed = p | script | KeyBy("k") | Window(Tumbling("10s"), timestamp=combiner)
    first = windowed | "first" >> Aggregate(v=collect("v"))
    second = first | "again" >> Window(Tumbling("1s")) | "second" >> Aggregate(vs=collect("v"))
    steps = [[each.window for each in step] for step in runner.run(p).steps(second)]
    start = int(time) * SECOND
    assert steps == [[], [], [], [(start, start + SECOND)], [], []]


@pytest.mark.parametrize("combiner", ["earliest", "latest"])
def test_early_panes_take_the_time_of_their_records(runner, combiner):
    p = Pipeline()
    script = stream(["a@3 b@7 c@5", "W10", "end"])
    options = {"timestamp": combiner, "trigger": AfterWatermark(early=AfterCount(2)), **DISCARDING}
    out = p | script | KeyBy("k") | Window(Tumbling("10s"), **options) | Aggregate(vs=collect("v"))
    times = [each.time // SECOND for each in runner.run(p).panes(out)]
    assert times == ([3, 3] if combiner == "earliest" else [7, 7])


# -- what is dropped --------------------------------------------------------------------------------------


class Drops(NullObserver):
    """Counts what is dropped, by step and reason."""

    def __init__(self):
        self.found = {}

    def dropped(self, step, reason, records):
        self.found[step, reason] = self.found.get((step, reason), 0) + records


def test_the_observer_is_told_why_records_are_dropped():
    p = Pipeline()
    script = stream(["1@1 2@2 3@3", "W10", "4@4 5@5", "W20", "6@6", "end"])
    options = {"trigger": AfterCount(2), "allowed_lateness": "5s", **UNSAFE}
    out = p | script | KeyBy("k") | Window(Tumbling("10s"), **options) | "group" >> Aggregate(vs=collect("v"))
    drops = Drops()
    result = DeterministicRunner(observer=drops).run(p)
    assert drops.found == {("group", "closed"): 3, ("group", "late"): 1}
    step = result.ledger["group"]
    assert (step.received, step.passed, step.filtered, step.late) == (6, 2, 3, 1)
    (late,) = result.late_records(out)
    assert (late["v"], late["late_by"].total_seconds()) == ("6", 10)
    assert [late[f"window_{edge}"].second for edge in ("start", "end")] == [0, 10]
