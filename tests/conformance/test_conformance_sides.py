"""Side inputs, as the ValidatesRunner suites of Apache Beam state them."""

import builtins

import pytest

from pulse import (
    Aggregate,
    AsList,
    AsMap,
    AsMultiMap,
    AsSingleton,
    Create,
    Filter,
    FlatMap,
    Flatten,
    KeyBy,
    Map,
    Pipeline,
    Sliding,
    Tumbling,
    Window,
    collect,
    sum,  # noqa: A004 - the name that people know
)
from pulse.errors import RecordError
from pulse.model.triggers import AfterCount, AfterWatermark
from pulse.testing import TestStream

SECOND = 1_000_000


def at(p, name, seconds, values=None, **options):
    """Records that are their own event times in seconds, unless others are given."""
    values = seconds if values is None else values
    return p | name >> Create(list(values), times=[t * SECOND for t in seconds], **options)


def pairs(record, *, side):
    return [(record, other) for other in side]


def total(_, **sides):
    """The sum of all records of all sides: were one not complete, it would be too small."""
    return builtins.sum(builtins.sum(side) for side in sides.values())


def test_one_collection_as_main_and_side(runner):
    p = Pipeline()
    letters = p | Create(["a", "b"])
    out = letters | FlatMap(pairs, sides={"side": AsList(letters)})
    assert sorted(runner.run(p).records(out)) == [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]


def test_a_side_that_comes_of_the_main_input_through_a_grouping(runner):
    p = Pipeline()
    letters = p | Create([{"l": "a"}, {"l": "b"}])
    grouped = letters | KeyBy("l") | Aggregate(all=collect("l"))
    out = letters | FlatMap(
        lambda r, side: [(r["l"], each) for each in side], sides={"side": AsList(grouped, value="l")}
    )
    assert sorted(runner.run(p).records(out)) == [("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")]


def test_a_chain_of_steps_that_each_see_all_outputs_before(runner):
    p = Pipeline()
    outputs = [p | Create([1])]
    for step in range(1, 10):
        sides = {f"s{i}": AsList(each) for i, each in enumerate(outputs)}
        outputs.append(outputs[-1] | f"step {step}" >> Map(total, sides=sides))
    assert runner.run(p).records(outputs[-1]) == [2**8]


def test_windows_of_main_and_side_are_matched_by_the_end_of_the_main_one(runner):
    p = Pipeline()
    main = at(p, "main", range(10)) | Window(Tumbling("5s"))
    side = at(p, "side", range(10)) | "sides" >> Window(Tumbling("7s"))
    out = main | Map(lambda n, side: (n, sorted(side)), sides={"side": AsList(side)})
    first, second = list(range(7)), [7, 8, 9]
    assert runner.run(p).records(out) == [(n, first if n < 5 else second) for n in range(10)]


def test_the_same_fixed_windows(runner):
    p = Pipeline()
    times = [1, 2, 11]
    windowed = at(p, "main", times) | Window(Tumbling("10s"))
    out = windowed | Map(lambda n, side: (n, sorted(side)), sides={"side": AsList(windowed)})
    assert runner.run(p).records(out) == [(1, [1, 2]), (2, [1, 2]), (11, [11])]


def test_a_global_side_is_seen_from_every_window(runner):
    p = Pipeline()
    main = at(p, "main", [1, 2, 11]) | Window(Tumbling("10s"))
    side = at(p, "side", [1, 2, 11])
    out = main | Map(lambda n, side: (n, sorted(side)), sides={"side": AsList(side)})
    assert runner.run(p).records(out) == [(n, [1, 2, 11]) for n in (1, 2, 11)]


def test_sliding_windows_call_the_function_once_for_each_window(runner):
    p = Pipeline()
    windowed = at(p, "main", [1, 2, 4]) | Window(Sliding("6s", "2s"))
    out = windowed | Map(lambda n, side: (n, sorted(side)), sides={"side": AsList(windowed)})
    assert runner.run(p).records(out) == [
        (1, [1]),
        (1, [1, 2]),
        (1, [1, 2, 4]),
        (2, [1, 2]),
        (2, [1, 2, 4]),
        (2, [2, 4]),
        (4, [1, 2, 4]),
        (4, [2, 4]),
        (4, [4]),
    ]


def test_results_of_sliding_windows_stay_in_the_window_they_were_made_in(runner):
    p = Pipeline()
    records = [{"n": n} for n in (1, 2, 4)]
    windowed = at(p, "main", [1, 2, 4], records) | Window(Sliding("6s", "2s"))
    seen = windowed | Map(
        lambda r, side: {"all": tuple(sorted(side))}, sides={"side": AsList(windowed, value="n")}
    )
    out = seen | Aggregate(seen=collect("all"))
    found = [[tuple(each) for each in record["seen"]] for record in runner.run(p).records(out)]
    assert found == [[(1,)], [(1, 2)] * 2, [(1, 2, 4)] * 3, [(2, 4)] * 2, [(4,)]]


def test_a_windowed_singleton(runner):
    p = Pipeline()
    windowed = at(p, "main", [1, 2, 11], [{"n": n} for n in (1, 2, 11)]) | Window(Tumbling("10s"))
    total = windowed | Aggregate(total=sum("n"))
    out = windowed | Map(lambda r, total: (r["n"], total), sides={"total": AsSingleton(total, value="total")})
    assert runner.run(p).records(out) == [(1, 3), (2, 3), (11, 11)]


def test_a_default_stands_for_an_empty_singleton(runner):
    p = Pipeline()
    empty = p | "empty" >> Create([])
    out = p | Create([1, 2]) | Map(lambda n, s: n * s, sides={"s": AsSingleton(empty, default=10)})
    assert runner.run(p).records(out) == [10, 20]


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([1, 2], "side input 's' has 2 records, but AsSingleton takes exactly one"),
        ([], "side input 's' has 0 records, but AsSingleton takes exactly one, or a default"),
    ],
)
def test_a_singleton_is_exactly_one_record(runner, records, message):
    p = Pipeline()
    side = p | "side" >> Create(records)
    _ = p | Create([1]) | "times" >> Map(lambda n, s: n * s, sides={"s": AsSingleton(side)})
    with pytest.raises(RecordError) as caught:
        runner.run(p)
    assert message in caught.value.message
    assert caught.value.step == "times"


def test_what_a_wrong_singleton_spoils_can_be_skipped(runner):
    p = Pipeline()
    side = p | "side" >> Create([1, 2])
    out = (
        p
        | Create([1])
        | "times" >> Map(lambda n, s: n * s, sides={"s": AsSingleton(side)}, on_error="dead_letter")
    )
    result = runner.run(p)
    assert result.records(out) == []
    assert [record["record"] for record in result.records(out.errors)] == ["1"]


def test_maps_and_multimaps(runner):
    p = Pipeline()
    side = p | "side" >> Create([("a", 1), ("b", 2), ("a", 3)])
    out = (
        p
        | Create(["a", "b"])
        | Map(
            lambda key, last, every: (key, last[key], sorted(every[key])),
            sides={"last": AsMap(side), "every": AsMultiMap(side)},
        )
    )
    assert runner.run(p).records(out) == [("a", 3, [1, 3]), ("b", 2, [2])]


def test_keys_and_values_are_fields_or_functions(runner):
    p = Pipeline()
    rates = p | "rates" >> Create([{"from": "eur", "to": "usd", "rate": 2}])
    out = (
        p
        | Create(["eur"])
        | Map(
            lambda c, two, one, whole: (two[c, "usd"], one[c], whole[c]["rate"]),
            sides={
                "two": AsMap(rates, ["from", "to"], value="rate"),
                "one": AsMap(rates, lambda r: r["from"], value=lambda r: -r["rate"]),
                "whole": AsMap(rates, "from"),
            },
        )
    )
    assert runner.run(p).records(out) == [(2, -2, 2)]


def test_two_defaults_of_one_empty_side(runner):
    p = Pipeline()
    empty = p | "empty" >> Create([])
    out = (
        p
        | Create([1])
        | FlatMap(
            lambda n, a, b: [n, a, b],
            sides={"a": AsSingleton(empty, default=2), "b": AsSingleton(empty, default=3)},
        )
    )
    assert runner.run(p).records(out) == [1, 2, 3]


def test_a_merge_as_side(runner):
    p = Pipeline()
    both = (p | "one" >> Create(["a"]), p | "two" >> Create(["b"])) | Flatten()
    out = p | Create(["x"]) | Map(lambda _, side: sorted(side), sides={"side": AsList(both)})
    assert runner.run(p).records(out) == [["a", "b"]]


def test_filters_take_sides(runner):
    p = Pipeline()
    allowed = p | "allowed" >> Create(["b"])
    out = p | Create(["a", "b", "c"]) | Filter(lambda w, ok: w in ok, sides={"ok": AsList(allowed)})
    result = runner.run(p)
    assert result.records(out) == ["b"]
    assert result.ledger[out.port.step].filtered == 2


def test_many_records_wait_without_a_deadlock(runner):
    p = Pipeline()
    numbers = p | Create([{"n": n} for n in range(500)])
    odd = numbers | Filter("n % 2 == 1")
    total = odd | Aggregate(total=sum("n"))
    seen = numbers | FlatMap(
        lambda r, total, every: [(r["n"], total, len(every))],
        sides={"total": AsSingleton(total, value="total"), "every": AsList(numbers)},
    )
    again = seen | Map(lambda r, first: (*r, len(first)), sides={"first": AsList(seen)})
    assert runner.run(p).records(again) == [(n, 62_500, 500, 500) for n in range(500)]


def test_the_main_input_waits_and_sees_every_pane_of_the_side(runner):
    p = Pipeline()
    stream = (
        TestStream("main", "side")
        .add({"v": "a1"}, at="3s", input="main")
        .add({"v": "a2"}, at="8s", input="main")
        .watermark("10s", input="main")
        .add({"k": 100}, at="2s", input="side")
        .add({"k": 400}, at="7s", input="side")
    )
    main = p | "main" >> stream.input("main") | Window(Tumbling("5s"))
    early = AfterWatermark(early=AfterCount(1))
    side = p | "side" >> stream.input("side")
    panes = (
        side
        | "early" >> Window(Tumbling("5s"), trigger=early, accumulation="discarding")
        | Aggregate(n=sum("k"))
    )
    out = main | Map(
        lambda r, side: (r["v"], side), sides={"side": AsList(panes, value=lambda r: r["n"] or 0)}
    )
    assert runner.run(p).records(out) == [("a1", [100, 0]), ("a2", [400, 0])]
