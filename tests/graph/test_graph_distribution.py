"""Where steps run. The names of the pipelines' steps say what each is there for."""

import pytest

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    Collect,
    Create,
    Filter,
    FlatMap,
    Flatten,
    GroupByKey,
    Inspect,
    KeyBy,
    Map,
    Partition,
    Pipeline,
    Select,
    Tumbling,
    Window,
    WithColumns,
    WithTimestamps,
    Write,
    count,
)
from pulse.graph.distribution import Place, distribute

ROWS = [{"a": 1, "b": 2, "t": 0}]
LATE = BoundedOutOfOrderness("1s")
ONE = Place(None, (None,))


def slow(**options):
    return Map(dict, **{"preserves": ["a", "b"], "schema": {"a": "int64", "b": "int64"}, **options})


def places(*steps, watermarks=None):
    """Return where the steps of a chain run, by name."""
    p = Pipeline()
    out = p | "rows" >> Create(ROWS, time_field="t", watermarks=watermarks)
    for number, step in enumerate(steps, 1):
        out = out | f"{number}" >> step
    _ = out | "out" >> Write(Collect())
    return distribute(p.graph)


def test_an_aggregation_by_key_is_dealt_its_keys():
    found = places(KeyBy("a"), Filter("b > 1"), Aggregate(n=count()))
    assert found["rows"] == Place(None)
    assert found["1"] == found["2"] == ONE
    assert found["3"] == Place(("a",), (("a",),))
    assert found["out"] == ONE


def test_an_aggregation_of_everything_runs_once():
    assert places(Aggregate(n=count()))["1"] == ONE


def test_an_expensive_step_on_a_keyed_collection_is_dealt_the_keys_and_nothing_is_dealt_again():
    found = places(KeyBy("a"), slow(), Window(Tumbling("1s")), Aggregate(n=count()))
    assert found["2"] == Place(("a",), (("a",),))
    assert found["3"] == found["4"] == Place(("a",), (None,))


def test_a_collection_dealt_by_part_of_the_key_is_dealt_well_enough():
    found = places(KeyBy("a"), slow(), KeyBy("b", "a"), Aggregate(n=count()))
    assert found["4"] == Place(("a",), (None,))


def test_a_collection_dealt_by_other_fields_is_dealt_again():
    found = places(KeyBy("a", "b"), slow(), KeyBy("b"), Aggregate(n=count()))
    assert found["3"] == Place(("a", "b"), (None,))
    assert found["4"] == Place(("b",), (("b",),))


def test_a_collection_whose_keys_were_lost_is_dealt_again():
    lost = slow(preserves=["b"])
    found = places(KeyBy("a"), lost, KeyBy("a"), Aggregate(n=count()))
    assert found["3"] == Place((), (None,))
    assert found["4"] == Place(("a",), (("a",),))
    renamed = places(KeyBy("a"), slow(), Select(a="b"), KeyBy("a"), Aggregate(n=count()))
    assert renamed["5"] == Place(("a",), (("a",),))
    replaced = places(KeyBy("a"), slow(), WithColumns(a="b"), KeyBy("a"), Aggregate(n=count()))
    assert replaced["5"] == Place(("a",), (("a",),))


def test_what_replicas_give_is_brought_together_for_an_aggregation_of_everything():
    found = places(KeyBy("a"), slow(preserves=[]), Aggregate(n=count()))
    assert found["2"].share == ("a",)
    assert found["3"] == ONE


def test_looking_at_records_is_no_reason_to_deal_them():
    assert places(KeyBy("a"), Inspect(), Filter("a > 1"))["2"] == ONE


@pytest.mark.parametrize(
    ("spread", "steps"),
    [
        (True, [KeyBy("a"), slow(), Window(Tumbling("1s")), Aggregate(n=count())]),
        (False, [KeyBy("a"), slow(), KeyBy("b"), Window(Tumbling("1s")), Aggregate(n=count())]),
        (True, [KeyBy("a"), slow(), KeyBy("b"), Aggregate(n=count())]),
        (False, [KeyBy("a"), slow(), WithTimestamps("b", watermarks=LATE), Aggregate(n=count())]),
        (True, [KeyBy("a"), slow(), WithTimestamps("b"), Aggregate(n=count())]),
        (False, [KeyBy("a"), slow(), KeyBy("b"), GroupByKey()]),
        (False, [KeyBy("a"), slow(), KeyBy("b"), Aggregate(n=count()), KeyBy("n"), GroupByKey()]),
        (True, [KeyBy("a"), slow(), GroupByKey()]),
        (True, [KeyBy("a"), slow(), FlatMap(lambda r: [r])]),
    ],
)
def test_late_records_and_the_order_of_arrival_keep_a_step_on_one_replica(spread, steps):
    assert (places(*steps, watermarks=LATE)["2"].share is not None) is spread


def test_an_aggregation_whose_late_results_another_one_judges_runs_once():
    late = Window(Tumbling("1s"), allowed_lateness="1s", accumulation="discarding")
    two = [Aggregate(n=count()), KeyBy("n"), Aggregate(m=count())]
    assert places(late, KeyBy("a"), *two, watermarks=LATE)["3"] == ONE
    assert places(Window(Tumbling("1s")), KeyBy("a"), *two, watermarks=LATE)["3"].share == ("a",)
    # What comes after an aggregation on one replica need not be on one.
    assert places(late, KeyBy("a"), *two, watermarks=LATE)["5"].share == ("n",)


def test_an_early_exchange_is_not_made_for_an_aggregation_that_runs_once():
    late = Window(Tumbling("1s"), allowed_lateness="1s", accumulation="discarding")
    found = places(
        KeyBy("a"), slow(), late, Aggregate(n=count()), KeyBy("n"), Aggregate(m=count()), watermarks=LATE
    )
    assert found["2"] == found["4"] == ONE


def merged(*branches):
    p = Pipeline()
    outs = []
    for number, steps in enumerate(branches):
        out = p | f"rows {number}" >> Create(ROWS)
        for step_number, step in enumerate(steps):
            out = out | f"step {number}.{step_number}" >> step
        outs.append(out)
    _ = tuple(outs) | "merge" >> Flatten() | "agg" >> Aggregate(n=count()) | Write(Collect())
    found = distribute(p.graph)
    return found["merge"], found["agg"]


def test_branches_that_are_dealt_alike_are_merged_where_they_are():
    steps = [KeyBy("a"), slow()]
    assert merged(steps, steps) == (Place(("a",), (None, None)), Place(("a",), (None,)))


def test_a_branch_that_is_not_dealt_yet_is_dealt_as_the_other_is():
    found = merged([KeyBy("a"), slow()], [KeyBy("a"), Select("a", "b")])
    assert found == (Place(("a",), (None, ("a",))), Place(("a",), (None,)))


def test_branches_that_are_dealt_differently_are_dealt_again():
    found = merged([KeyBy("a"), slow(), KeyBy("b")], [KeyBy("b"), slow()])
    assert found == (Place((), (None, None)), Place(("b",), (("b",),)))


def test_branches_with_other_keys_are_brought_together():
    assert merged([KeyBy("a"), slow()], [KeyBy("b")]) == (Place(None, (None, None)), ONE)
    assert merged([KeyBy("a")], [KeyBy("a")]) == (Place(None, (None, None)), Place(("a",), (("a",),)))


def test_the_outputs_of_a_partition_stay_where_they_are():
    p = Pipeline()
    some, others = p | Create(ROWS) | KeyBy("a") | slow() | "split" >> Partition(["b > 1"])
    _ = some | "some" >> Aggregate(n=count()) | "out 1" >> Write(Collect())
    _ = others | "others" >> Aggregate(n=count()) | "out 2" >> Write(Collect())
    found = distribute(p.graph)
    assert found["some"] == found["others"] == Place(("a",), (None,))
