"""Duplicates, sessions by condition, rate limits and gaps, on every runner."""

import pytest

from pulse import (
    Deduplicate,
    DetectGap,
    Map,
    RateLimit,
    SessionizeBy,
    Tumbling,
    Window,
    col,
)
from pulse.errors import PipelineError
from tests.support.processes import RUNNERS, keyed, run

S = 1_000_000
on_runners = pytest.mark.parametrize("runner", RUNNERS)


@on_runners
@pytest.mark.parametrize("delay", ["0s", None])
def test_duplicates_within_a_time_are_dropped(runner, delay):
    events = [(t * S, k, t) for t, k in ((0, "a"), (1, "b"), (5, "a"), (10, "a"), (12, "a"), (25, "b"))]
    p, source = keyed(events, delay)
    out = source | Deduplicate("k", within="10s")
    result = run(runner, p)
    assert sorted(r["v"] for r in result.records(out)) == [0, 1, 10, 25]
    assert out.schema == source.schema
    assert result.ledger["Deduplicate/First"].filtered == 2


@on_runners
def test_duplicates_of_different_windows_are_none(runner):
    events = [(t * S, f"k{i}", t) for t, i in ((0, 1), (10, 2), (20, 3), (25, 3), (30, 1), (40, 2))]
    p, source = keyed(events)
    out = source | Window(Tumbling("30s")) | Deduplicate("k")
    assert [r["v"] for r in run(runner, p).records(out)] == [0, 10, 20, 30, 40]


@on_runners
def test_sessions_are_cut_by_conditions(runner):
    words = ["x", "in", "x", "out", "x", "in", "in", "x"]
    p, source = keyed([(i * S, "a", w) for i, w in enumerate(words)])
    begin = source | "begin" >> SessionizeBy("v == 'in'")
    finish = source | "finish" >> SessionizeBy(ends=col("v") == "out", output="part")
    both = source | "both" >> SessionizeBy(lambda r: r["v"] == "in", ends=lambda r: r["v"] == "out")
    result = run(runner, p)
    assert [r["session"] for r in result.records(begin)] == [1, 2, 2, 2, 2, 3, 4, 4]
    assert [r["part"] for r in result.records(finish)] == [1, 1, 1, 1, 2, 2, 2, 2]
    assert [r["session"] for r in result.records(both)] == [1, 2, 2, 2, 3, 4, 5, 5]
    assert begin.keys == ("k",)
    assert begin.schema.names == ["k", "v", "session"]


@on_runners
def test_a_rate_is_kept_per_key(runner):
    times = [0, 0, 0, 0.4, 0.5, 0.6, 2.5, 2.5, 2.5]
    p, source = keyed([(int(t * S), "a", i) for i, t in enumerate(times)] + [(3 * S, "b", 9)])
    out = source | "limit" >> RateLimit(2, per="1s", excess="output")
    dropped = source | "drop" >> RateLimit(2, per="1s")
    result = run(runner, p)
    assert [r["v"] for r in result.records(out) if r["k"] == "a"] == [0, 1, 4, 6, 7]
    assert [r["v"] for r in result.records(out["excess"])] == [2, 3, 5, 8]
    assert sorted(r["v"] for r in result.records(dropped)) == [0, 1, 4, 6, 7, 9]
    assert result.ledger["drop"].filtered == 4
    assert out["excess"].schema == source.schema


@on_runners
def test_gaps_are_told_once_a_key_is_silent(runner):
    events = [(t * S, k, 0) for t, k in ((0, "a"), (2, "b"), (4, "a"), (5, "b"), (30, "b"), (31, "b"))]
    p, source = keyed(events)
    out = source | DetectGap(after="10s")
    found = [
        (r["k"], r["first_seen"].timestamp(), r["last_seen"].timestamp(), r["records"])
        for r in run(runner, p).records(out)
    ]
    assert sorted(found) == [("a", 0, 4, 2), ("b", 2, 5, 2), ("b", 30, 31, 2)]


@on_runners
def test_records_that_a_step_cannot_take(runner):
    p, source = keyed([(0, "a", 1), (1, "a", 2)])
    odd = source | Map(lambda r: {"x": 1} if r["v"] == 2 else r)
    out = odd | Deduplicate("k", on_error="dead_letter")
    result = run(runner, p)
    assert result.records(out) == [{"k": "a", "v": 1}]
    assert [failed["record"] for failed in result.records(out.errors)] == ["{'x': 1}"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Deduplicate, "Deduplicate needs at least one field"),
        (lambda: Deduplicate("k", within="0s"), "within '0s' is not positive"),
        (SessionizeBy, "SessionizeBy needs starts, ends, or both"),
        (lambda: RateLimit(0), "n 0 is not a whole number of at least 1"),
        (lambda: RateLimit(1, excess="dorp"), "excess 'dorp' is not one of drop, output"),
        (lambda: DetectGap(after="-1s"), "after '-1s' is not positive"),
        (
            lambda: keyed([(0, "a", 1)])[1] | SessionizeBy("v == 1", output="v"),
            "adds field 'v', but its input",
        ),
        (lambda: keyed([(0, "a", 1)])[1] | Map(lambda r: r) | DetectGap(after="1s"), "its input has no key"),
    ],
)
def test_wrong_options(make, message):
    with pytest.raises(PipelineError, match=message):
        make()
