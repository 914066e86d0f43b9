"""Combining the values of each key and window, as the ValidatesRunner suites of Apache Beam state it."""

import pytest

from pulse import (
    AfterCount,
    AfterWatermark,
    Aggregate,
    CombineFn,
    CombinePerKey,
    Create,
    Global,
    GroupByKey,
    KeyBy,
    Map,
    Pipeline,
    Reduce,
    Repeatedly,
    Session,
    Sliding,
    Tumbling,
    Window,
    all_of,
    any_of,
    approx_count_distinct,
    approx_median,
    bottom_k,
    collect,
    combine,
    count,
    count_distinct,
    first,
    last,
    max,  # noqa: A004 - the name that people know
    mean,
    min,  # noqa: A004 - the name that people know
    stddev,
    sum,  # noqa: A004 - the name that people know
    top_k,
    variance,
)
from pulse.testing import TestStream

SECOND = 1_000_000
AT_END = Repeatedly(AfterWatermark())
"""Means what the default trigger does, but takes records one by one."""

both_paths = pytest.mark.parametrize("trigger", [None, AT_END], ids=["bulk", "one by one"])


def combined(runner, events, window, aggregate, *, keyed=True, trigger=None, **options):
    """Return key, event time in seconds, rounded up, and value of each result, sorted."""
    p = Pipeline()
    records = [{"k": k, "v": v} for k, v, _ in events]
    source = p | Create(
        records, times=[t * SECOND for *_, t in events], schema={"k": "string", "v": "float64"}
    )
    source = source | KeyBy("k") if keyed else source
    windowed = source | Window(window, trigger=trigger, accumulation="discarding", **options)
    out = windowed | Aggregate(value=aggregate)
    found = runner.run(p).panes(out)
    return sorted(
        (
            each.record.get("k"),
            each.window[0] // SECOND if each.window[0] > -(2**63) else None,
            each.record["value"],
        )
        for each in found
    )


@both_paths
def test_mean_per_key(runner, trigger):
    events = [("a", 1, 0), ("a", 2, 0), ("b", 3, 0)]
    found = combined(runner, events, Global(), mean("v"), trigger=trigger)
    assert found == [("a", None, 1.5), ("b", None, 3.0)]


@both_paths
@pytest.mark.parametrize(
    ("window", "wanted"),
    [
        (Tumbling("10s"), [(0, 1.5), (10, 12)]),
        (Sliding("20s", "10s"), [(-10, 1.5), (0, 5.0), (10, 12)]),
        (Session("5s"), [(1, 1.5), (12, 12)]),
    ],
    ids=str,
)
def test_mean_per_window(runner, window, wanted, trigger):
    events = [("c", t, t) for t in (12, 2, 1)]
    found = combined(runner, events, window, mean("v"), trigger=trigger)
    assert [(start, value) for _, start, value in found] == wanted


SESSIONS = [("c", 1, 1), ("c", 9, 9), ("c", 12, 12), ("d", 2, 2), ("d", 4, 4)]
FIXED = [("c", 1, 1), ("c", 2, 2), ("c", 10, 10), ("d", 5, 5), ("d", 8, 8), ("d", 9, 9)]


@both_paths
@pytest.mark.parametrize(
    ("events", "window", "keyed", "wanted"),
    [
        (SESSIONS, Session("4s"), True, [("c", 1), ("c", 21), ("d", 6)]),
        (SESSIONS, Session("4s"), False, [(None, 7), (None, 21)]),
        (FIXED, Tumbling("4s"), True, [("c", 3), ("c", 10), ("d", 5), ("d", 17)]),
        (FIXED, Tumbling("4s"), False, [(None, 3), (None, 5), (None, 27)]),
    ],
)
def test_sums(runner, events, window, keyed, wanted, trigger):  # noqa: PLR0917 - the columns of the table
    found = combined(runner, events, window, sum("v"), keyed=keyed, trigger=trigger)
    assert [(key, value) for key, _, value in found] == wanted


def test_nothing_comes_of_nothing(runner):
    """Beam gives the sum of nothing, unless told not to; Pulse gives no result, as for any window without records."""
    assert combined(runner, [], Global(), sum("v"), keyed=False) == []


def test_accumulating_panes_count_no_record_twice(runner):
    p = Pipeline()
    stream = TestStream().elements([{"v": v} for v in range(1, 6)])
    window = Window(Global(), trigger=AfterWatermark(early=AfterCount(1)), accumulation="accumulating")
    out = p | stream | window | Aggregate(total=sum("v"))
    assert [r["total"] for r in runner.run(p).records(out)] == [1, 3, 6, 10, 15, 15]


@both_paths
def test_windows_that_overlap(runner, trigger):
    events = [("k", t, t) for t in (0, 1, 2, 3, 5, 6, 7, 8)]
    found = combined(runner, events, Sliding("10s", "5s"), collect("v"), trigger=trigger)
    first_half, second_half = [0, 1, 2, 3], [5, 6, 7, 8]
    assert [v for *_, v in found] == [first_half, first_half + second_half, second_half]


@both_paths
@pytest.mark.parametrize(("combiner", "time"), [("earliest", 2), ("latest", 7)])
def test_event_times_of_results(runner, combiner, time, trigger):
    p = Pipeline()
    source = p | Create([{"v": 100}, {"v": 400}], times=[2 * SECOND, 7 * SECOND])
    window = Window(Tumbling("10s"), timestamp=combiner, trigger=trigger, accumulation="discarding")
    out = source | window | Aggregate(v=sum("v"))
    assert [(r["v"], t) for r, t in runner.run(p).timed(out)] == [(500, time * SECOND)]


@both_paths
def test_several_aggregates_at_once(runner, trigger):
    p = Pipeline()
    records = [{"n": n, "w": w, "x": x} for w, n, x in (("a", 100, 0.0), ("b", 10, -1.0), ("c", 1, 100.0))]
    source = p | Create(records) | Window(Global(), trigger=trigger, accumulation="discarding")
    out = source | Aggregate(most=max("w"), mean=mean("n"), total=sum("x"))
    assert runner.run(p).records(out) == [{"most": "c", "mean": 37.0, "total": 99.0}]


class Mean(CombineFn):
    """A mean that keeps a list: what is changed in place and kept must not leak into results."""

    def create(self):
        return [0, 0]

    def add(self, accumulator, value):
        accumulator[0] += value
        accumulator[1] += 1
        return accumulator

    def merge(self, a, b):
        return [a[0] + b[0], a[1] + b[1]]

    def extract(self, accumulator):
        return accumulator[0] / accumulator[1] if accumulator[1] else None


EVENTS = [(v, t) for t, v in enumerate([3, 1, 4, 1, 5, 9, 2, 6, 5])]
WINDOWS = [Global(), Tumbling("5s"), Session("3s"), Sliding("6s", "3s")]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize(
    "trigger", [None, Repeatedly(AfterCount(2)), AfterWatermark(early=AfterCount(3))], ids=str
)
def test_grouping_and_then_combining_is_combining(runner, window, trigger):
    def results(step):
        p = Pipeline()
        stream = TestStream()
        for v, t in EVENTS:
            stream = stream.add({"k": "ab"[v % 2], "v": v}, at=t * SECOND)
        windowed = p | stream | KeyBy("k") | Window(window, trigger=trigger, accumulation="accumulating")
        out = step(windowed)
        return sorted(
            (r["k"], each.time, r["value"]) for each in runner.run(p).panes(out) for r in [each.record]
        )

    def grouped(windowed):
        return (
            windowed
            | GroupByKey()
            | Map(lambda r: {"k": r["k"], "value": Mean().over(v["v"] for v in r["values"])})
        )

    assert results(grouped) == results(lambda windowed: windowed | CombinePerKey(Mean(), "v"))


def test_reduce_under_a_trigger(runner):
    p = Pipeline()
    stream = TestStream().elements([{"v": v} for v in (3, 1, 4, 1, 5)])
    window = Window(Global(), trigger=Repeatedly(AfterCount(2)), accumulation="accumulating")
    out = p | stream | window | Reduce(lambda a, b: a * 10 + b, "v")
    assert [r["value"] for r in runner.run(p).records(out)] == [31, 3141, 31415]


AGGREGATES = {
    "count": count(),
    "count_v": count("v"),
    "sum": sum("v"),
    "sum_x": sum("x"),
    "mean": mean("v"),
    "min": min("v"),
    "max": max("s"),
    "distinct": count_distinct("v"),
    "first": first("s"),
    "last": last("s"),
    "variance": variance("v"),
    "stddev": stddev("v", ddof=1),
    "collect": collect("v"),
    "nulls": collect("v", nulls=True),
    "top": top_k("v", 2),
    "top_by": top_k("s", 2, by="v"),
    "bottom": bottom_k("v", 2),
    "bottom_by": bottom_k("s", 2, by="v"),
    "any": any_of("b"),
    "all": all_of("b"),
    "approx": approx_count_distinct("s"),
    "median": approx_median("x"),
    "own": combine(Mean(), "x"),
}
FIELDS = {"k": "string", "v": "int64", "x": "float64", "s": "string", "b": "bool"}
VALUES = [3, 1, None, 1, 5, 9, 2, None, 5, 3, 5]
RECORDS = [
    {"k": "k", "v": v, "x": n / 4, "s": f"s{n * 7 % 11:02}", "b": n % 3 > 0} for n, v in enumerate(VALUES)
]


def over(name, positions):
    """Return an aggregate over some of the records, by the function that says what it means."""
    aggregate = AGGREGATES[name]
    picked = [RECORDS[n] for n in positions]
    source = str(aggregate.input) if aggregate.input is not None else None
    values = [True if source is None else record[source] for record in picked]
    if aggregate.by is not None:
        values = [(record[str(aggregate.by)], value) for record, value in zip(picked, values, strict=True)]
    elif aggregate.kind in ("first", "last"):
        values = list(zip(positions, values, strict=True))
    return aggregate.combine_fn().over(values)


@pytest.mark.parametrize("accumulation", ["discarding", "accumulating"])
@pytest.mark.parametrize("window", [Global(), Tumbling("100s"), Session("100s")], ids=str)
def test_every_aggregate_under_a_repeated_count(runner, window, accumulation):
    p = Pipeline()
    stream = TestStream(schema=FIELDS).elements(RECORDS, time=[n * SECOND for n in range(len(RECORDS))])
    windowed = (
        p | stream | KeyBy("k") | Window(window, trigger=Repeatedly(AfterCount(3)), accumulation=accumulation)
    )
    out = windowed | Aggregate(**AGGREGATES)
    found = runner.run(p).records(out)
    stops = [3, 6, 9, 11]
    starts = [0, 3, 6, 9] if accumulation == "discarding" else [0] * 4
    assert len(found) == len(stops)
    for record, start, stop in zip(found, starts, stops, strict=True):
        for name in AGGREGATES:
            wanted = over(name, range(start, stop))
            assert record[name] == (pytest.approx(wanted) if isinstance(wanted, float) else wanted), name


@pytest.mark.parametrize("accumulation", ["discarding", "accumulating"])
def test_every_aggregate_of_an_empty_pane(runner, accumulation):
    p = Pipeline()
    stream = TestStream(schema=FIELDS).elements(RECORDS[:2])
    early = AfterWatermark(early=AfterCount(2))
    window = Window(Tumbling("10s"), trigger=early, accumulation=accumulation)
    out = p | stream | KeyBy("k") | window | Aggregate(**AGGREGATES)
    _, on_time = runner.run(p).records(out)
    seen = range(0 if accumulation == "discarding" else 2)
    assert {name: on_time[name] for name in AGGREGATES} == {
        name: pytest.approx(wanted) if isinstance(wanted := over(name, seen), float) else wanted
        for name in AGGREGATES
    }
