"""Grouping by key and window, as the ValidatesRunner suites of Apache Beam state it.

Windows of a person's own making are left out: Pulse has the closed set of windows that it can slice.
"""

import math

import pytest

from pulse import (
    AfterCount,
    AfterWatermark,
    Aggregate,
    Calendar,
    CoGroup,
    Create,
    Global,
    GroupByKey,
    KeyBy,
    Map,
    Pipeline,
    Repeatedly,
    Session,
    Sliding,
    Tumbling,
    Window,
    WithMetadata,
    collect,
    count,
)
from pulse.errors import WindowingError
from pulse.testing import TestStream
from tests.support.transcripts import SECOND, bulk, shown

BULK = {
    # name: (records, window, what comes of them)
    "fixed": (
        "k1:3@1 k5:max@2 k5:min@3 k2:66@4 k1:4@5 k2:-33@6 k3:0@7",
        Tumbling("5s"),
        "k1[0,5) 3; k1[5,10) 4; k2[0,5) 66; k2[5,10) -33; k3[5,10) 0; k5[0,5) max min",
    ),
    "sliding": (
        "foo:1@1 foo:4@4 bar:3@3",
        Sliding("5s", "3s"),
        "bar[0,5) 3; bar[3,8) 3; foo[-3,2) 1; foo[0,5) 1 4; foo[3,8) 4",
    ),
    "sliding by half": ("1@1 2@2 3@3", Sliding("4s", "2s"), "[-2,2) 1; [0,4) 1 2 3; [2,6) 2 3"),
    "fixed with an offset": ("a@7 b@11 c@12", Tumbling("5s", offset="2s"), "[7,12) a b; [12,17) c"),
    "sliding with an offset": (
        "a@7 b@8 c@11",
        Sliding("15s", "5s", offset="2s"),
        "[-3,12) a b c; [2,17) a b c; [7,22) a b c",
    ),
    "fractions": (
        "a@1.7 b@3",
        Sliding("3.5s", "2.5s", offset="1.5s"),
        "[-1,2.5) a; [1.5,5) a b",
    ),
    "sessions": ("1@1 2@2 3@3 20@20 35@35 27@27", Session("10s"), "[1,13) 1 2 3; [20,45) 20 27 35"),
    "two overlap": ("a@2 b@9", Session("10s"), "[2,19) a b"),
    "two overlap in the other order": ("b@9 a@2", Session("10s"), "[2,19) a b"),
    "touching is not merging": ("a@2 b@9 c@19", Session("10s"), "[2,19) a b; [19,29) c"),
    "one bridges two": ("a@2 b@15 c@10", Session("10s"), "[2,25) a b c"),
    "one of many bridges two": ("a@0 b@8 c@4.5", Session("5s"), "[0,13) a b c"),
    "before the epoch": ("a@-1 b@-5 c@-5.000001", Tumbling("5s"), "[-10,-5) c; [-5,0) a b"),
    "sliding before the epoch": ("a@-1", Sliding("4s", "3s"), "[-3,1) a"),
    "sessions over the epoch": ("a@-3 b@1", Session("5s"), "[-3,6) a b"),
    "a size that is no multiple of the slide": ("a@6", Sliding("5s", "2s"), "[2,7) a; [4,9) a; [6,11) a"),
    "the first microsecond of a window": ("a@5 b@4.999999", Tumbling("5s"), "[0,5) b; [5,10) a"),
}


@pytest.mark.parametrize("name", BULK)
def test_windows(runner, name):
    records, window, wanted = BULK[name]
    bulk(runner, records, [wanted], window)


def test_gaps_belong_to_no_window(runner):
    bulk(runner, "a@1 b@3 c@5", ["[0,2) a; [5,7) c"], Sliding("2s", "5s"), closed=1)


def test_gaps_before_the_epoch(runner):
    bulk(runner, "a@-5 b@-3", ["[-5,-3) a"], Sliding("2s", "5s"), closed=1)


def test_all_of_time(runner):
    bulk(runner, "a@-9 b:b@0 c@9", ["b[all) b; [all) a c"], Global())


def test_without_a_key(runner):
    bulk(runner, "a@1 b:b@2 c@11", ["[0,10) a b; [10,20) c"], Tumbling("10s"), keyed=False)


def test_sessions_without_a_key_merge_over_former_keys(runner):
    bulk(runner, "x:a@1 y:b@4 x:c@20", ["[1,9) a b; [20,25) c"], Session("5s"), keyed=False)


DAYS = {
    # The day on which clocks go forward has 23 hours, that on which they go back 25.
    "2024-03-31": ("2024-03-30T22:59:59.999999Z", "2024-03-30T23:00Z", "2024-03-31T21:59:59Z", 23),
    "2024-10-27": ("2024-10-26T21:59:59.999999Z", "2024-10-26T22:00Z", "2024-10-27T22:59:59Z", 25),
    "2024-06-01": ("2024-05-31T21:59:59.999999Z", "2024-05-31T22:00Z", "2024-06-01T21:59:59Z", 24),
}


@pytest.mark.parametrize("day", DAYS)
def test_days_of_a_time_zone_with_its_clock_changes(runner, day):
    *times, hours = DAYS[day]
    p = Pipeline()
    stream = TestStream().elements([{"n": n} for n in range(3)], time=times)
    out = p | stream | Window(Calendar("day", "Europe/Berlin")) | Aggregate(ns=collect("n"))
    before, found = runner.run(p).records(out)
    assert (before["ns"], found["ns"]) == ([0], [1, 2])
    assert (found["window_end"] - found["window_start"]).total_seconds() == hours * 3600
    assert before["window_end"] == found["window_start"]


@pytest.mark.parametrize(
    ("unit", "start", "end"),
    [
        ("week", "2024-02-25T23:00:00+00:00", "2024-03-03T23:00:00+00:00"),
        ("month", "2024-01-31T23:00:00+00:00", "2024-02-29T23:00:00+00:00"),
        ("year", "2023-12-31T23:00:00+00:00", "2024-12-31T23:00:00+00:00"),
    ],
)
def test_longer_parts_of_the_calendar(runner, unit, start, end):
    p = Pipeline()
    stream = TestStream().add({"n": 1}, at="2024-02-29T12:00:00Z")
    out = p | stream | Window(Calendar(unit, "Europe/Berlin")) | Aggregate(n=count())
    (found,) = runner.run(p).records(out)
    assert [found[f"window_{edge}"].isoformat() for edge in ("start", "end")] == [start, end]


def test_by_key_only(runner):
    p = Pipeline()
    records = [{"k": "a", "v": 1}, {"k": "a", "v": 2}, {"k": "b", "v": 3}]
    out = p | Create(records) | KeyBy("k") | GroupByKey()
    found = sorted(runner.run(p).records(out), key=lambda r: r["k"])
    assert found == [{"k": "a", "values": records[:2]}, {"k": "b", "values": records[2:]}]


@pytest.mark.parametrize("window", [Global(), Tumbling("5s"), Session("5s")], ids=str)
@pytest.mark.parametrize("trigger", [None, Repeatedly(AfterWatermark())], ids=str)
def test_nothing_comes_of_nothing(runner, window, trigger):
    p = Pipeline()
    source = p | Create([], schema={"k": "string"}, times=[]) | KeyBy("k")
    out = source | Window(window, trigger=trigger, accumulation="discarding") | GroupByKey()
    assert runner.run(p).records(out) == []


def test_grouping_what_was_grouped_in_the_same_windows_changes_nothing(runner):
    window = Tumbling("5s", offset="3s")
    p = Pipeline()
    source = p | Create([{"k": "k", "v": v} for v in range(5)], times=[v * SECOND for v in range(5)])
    once = source | KeyBy("k") | Window(window) | "once" >> Aggregate(vs=collect("v"))
    twice = once | "again" >> Aggregate(vs=collect("vs"))
    windowed = once | "window" >> Window(window) | "third" >> Aggregate(vs=collect("vs"))
    result = runner.run(p)
    wanted = [((-2, 3), [[0, 1, 2]]), ((3, 8), [[3, 4]])]
    for out in (twice, windowed):
        found = [(each.window, each.record["vs"]) for each in result.panes(out)]
        assert [((start // SECOND, end // SECOND), vs) for (start, end), vs in found] == wanted


def test_group_two_collections(runner):
    p = Pipeline()
    x = p | "x" >> Create([{"k": k, "x": v} for k, v in (("a", 1), ("a", 2), ("b", 3), ("c", 4))])
    y = p | "y" >> Create([{"k": k, "y": v} for k, v in (("a", 5), ("a", 6), ("c", 7), ("c", 8))])
    out = {"x": x, "y": y} | CoGroup("k")
    found = {
        r["k"]: tuple(sorted(each[name] for each in r[name]) for name in "xy")
        for r in runner.run(p).records(out)
    }
    assert found == {"a": ([1, 2], [5, 6]), "b": ([3], []), "c": ([4], [7, 8])}


@pytest.mark.parametrize(
    ("combiner", "time"), [("earliest", 0), ("latest", 10 * SECOND), ("end_of_window", 600 * SECOND - 1)]
)
@pytest.mark.parametrize("trigger", [None, Repeatedly(AfterWatermark())], ids=str)
def test_the_event_time_of_a_result(runner, combiner, time, trigger):
    p = Pipeline()
    source = p | Create([{"k": "a"}, {"k": "a"}], times=[0, 10 * SECOND]) | KeyBy("k")
    window = Window(Tumbling("10m"), timestamp=combiner, trigger=trigger, accumulation="discarding")
    out = source | window | GroupByKey()
    assert [each.time for each in runner.run(p).panes(out)] == [time]


class Odd:
    """Never equal, not even to itself, and of no stable hash."""

    def __init__(self, number):
        self.number = number

    def __eq__(self, other):
        return False

    def __hash__(self):
        return id(self)


def test_keys_are_equal_by_value(runner):
    """Keys are plain values, so an object of a person's own, which may say what it likes of equality, is none."""
    p = Pipeline()
    source = p | Create([n % 5 for n in range(50)]) | Map(Odd)
    out = source | KeyBy(lambda odd: odd.number, name="n") | Aggregate(size=count())
    found = runner.run(p).records(out)
    assert sorted((r["n"], r["size"]) for r in found) == [(n, 10) for n in range(5)]


@pytest.mark.parametrize("trigger", [None, Repeatedly(AfterWatermark())], ids=str)
def test_null_and_nan_are_keys(runner, trigger):
    p = Pipeline()
    keys = [None, math.nan, 1.0, float("nan"), None]
    source = p | Create([{"k": k} for k in keys], schema={"k": "float64"}) | KeyBy("k")
    out = source | Window(Global(), trigger=trigger, accumulation="discarding") | Aggregate(n=count())
    found = {str(r["k"]): r["n"] for r in runner.run(p).records(out)}
    assert found == {"None": 2, "nan": 2, "1.0": 1}


@pytest.mark.parametrize("size", [10_000, 100_000, 1_000_000])
def test_large_keys(runner, size):
    p = Pipeline()
    keys = ["a" * size, "a" * (size - 1) + "b"]
    out = p | Create([{"k": keys[n % 2]} for n in range(6)]) | KeyBy("k") | Aggregate(n=count())
    assert sorted((r["k"][-1], r["n"]) for r in runner.run(p).records(out)) == [("a", 3), ("b", 3)]


def test_steps_after_a_grouping_keep_times_windows_and_panes(runner):
    """There is no Reshuffle, for a plan is not changed by one; a function stands for it."""
    p = Pipeline()
    stream = TestStream(schema={"k": "int64", "v": "string"}).elements(
        [{"k": k, "v": v} for k, v in ((1, "1"), (2, "2"), (1, "2"), (2, "1"), (3, "1"), (1, "4"))],
        time=["1s", "1s", "2s", "2s", "1s", "4s"],
    )
    grouped = p | stream | KeyBy("k") | Window(Session("2s")) | Aggregate(vs=collect("v"))
    numbered = grouped | WithMetadata("index", "is_last")
    out = numbered | Map(lambda r: {**r, "k": str(r["k"])})
    panes = runner.run(p).panes(out)
    assert sorted(map(shown, panes)) == ["1[1,4) 1 2", "1[4,6) 4", "2[1,4) 1 2", "3[1,3) 1"]
    assert all(each.time == each.window[1] - 1 for each in panes)
    assert {(each.record["index"], each.record["is_last"]) for each in panes} == {(0, True)}


UNSAFE = {
    "count": ({"trigger": AfterCount(1)}, "AfterCount(1) can finish"),
    "watermark with lateness": (
        {"trigger": AfterWatermark(), "allowed_lateness": "1s"},
        "AfterWatermark() can finish",
    ),
    "early with lateness": (
        {"trigger": AfterWatermark(early=AfterCount(1)), "allowed_lateness": "1s"},
        "AfterWatermark(early=AfterCount(1)) can finish",
    ),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_triggers_that_may_lose_records_are_refused(name):
    options, message = UNSAFE[name]
    p = Pipeline()
    with pytest.raises(WindowingError, match="dropped") as caught:
        p | Create([1], times=[0]) | Window(Tumbling("1s"), accumulation="discarding", **options)
    assert message in caught.value.message


@pytest.mark.parametrize(
    "options",
    [
        {"trigger": AfterWatermark()},
        {"trigger": AfterWatermark(early=AfterCount(1))},
        {"trigger": AfterWatermark(early=AfterCount(1), late=AfterCount(1)), "allowed_lateness": "1s"},
    ],
    ids=str,
)
def test_triggers_that_lose_none_are_taken(runner, options):
    p = Pipeline()
    source = p | Create([{"v": 1}], times=[0])
    out = source | Window(Tumbling("1s"), accumulation="accumulating", **options) | Aggregate(vs=collect("v"))
    assert runner.run(p).records(out)[-1]["vs"] == [1]


def test_what_would_never_emit_is_refused():
    p = Pipeline()
    endless = p | TestStream(bounded=False).add({"k": "a"}, at=0) | KeyBy("k")
    with pytest.raises(WindowingError, match="would never emit") as caught:
        endless | GroupByKey()
    for way in ("Window(Tumbling('60s'))", "Repeatedly(AfterCount(1000))", "bound the source"):
        assert way in caught.value.hint


def test_an_endless_input_with_a_trigger(runner):
    p = Pipeline()
    stream = TestStream(bounded=False).elements([{"n": n} for n in range(5)])
    window = Window(Global(), trigger=Repeatedly(AfterCount(2)), accumulation="discarding")
    out = p | stream | window | Aggregate(ns=collect("n"))
    assert [r["ns"] for r in runner.run(p).records(out)] == [[0, 1], [2, 3], [4]]
