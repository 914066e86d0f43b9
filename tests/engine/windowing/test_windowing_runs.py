"""Partial aggregates in sorted runs, next to a dictionary."""

from collections import Counter, defaultdict
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from pulse.engine.aggregation import GroupedAggregation
from pulse.engine.windowing.runs import FAN_OUT, SLICE, SortedRuns
from pulse.model.aggregates import collect, combine, count
from tests.support.runs import Joined

AGGREGATION = (("n", count()), ("all", collect("v")))


def partial(aggregation, records):
    """Aggregate (key, slice, value) triples."""
    keys, slices, values = zip(*records, strict=True)
    columns = pa.table({"k": keys, SLICE: pa.array(slices, pa.int64()), "in1": values})
    return aggregation.partial(columns, ["k", SLICE], np.zeros(len(records), np.int64))


def contents(aggregation, table):
    if table is None:
        return {}
    rows = aggregation.extract(table, ["k", SLICE]).to_pylist()
    assert [row[SLICE] for row in rows] == sorted(row[SLICE] for row in rows)
    return {(row["k"], row[SLICE]): (row["n"], row["all"]) for row in rows}


@pytest.mark.parametrize("seed", range(10))
def test_runs_hold_what_a_dictionary_would(seed):
    random = Random(seed)
    aggregation = GroupedAggregation(AGGREGATION)
    runs, held = SortedRuns(aggregation, ["k"]), defaultdict(list)
    for _ in range(60):
        records = [
            (random.choice("ab"), random.randrange(12), random.randrange(99))
            for _ in range(random.randrange(1, 6))
        ]
        runs.add(partial(aggregation, records))
        for key, slice_, value in records:
            held[key, slice_].append(value)
        low = random.randrange(12)
        high = low + random.randrange(6)
        wanted = {k: (len(v), v) for k, v in held.items() if low <= k[1] < high}
        assert contents(aggregation, runs.between(low, high)) == wanted
        assert runs.slices_between(low, high).tolist() == sorted({k[1] for k in wanted})
        assert runs.records == sum(map(len, held.values()))
        if random.random() < 0.1:
            bound = random.randrange(12)
            gone = {k: (len(v), v) for k, v in held.items() if k[1] < bound}
            assert contents(aggregation, runs.take_below(bound)) == gone
            held = defaultdict(list, {k: v for k, v in held.items() if k[1] >= bound})


def test_runs_are_merged_in_tiers():
    aggregation = GroupedAggregation(AGGREGATION)
    runs = SortedRuns(aggregation, ["k"])
    for i in range(FAN_OUT**2 + 1):
        runs.add(partial(aggregation, [("a", i, i)]))
    assert Counter(run.level for run in runs.runs) == {2: 1, 0: 1}


def test_a_restored_run_holds_the_same():
    aggregation = GroupedAggregation(AGGREGATION)
    runs, restored = SortedRuns(aggregation, ["k"]), SortedRuns(aggregation, ["k"])
    runs.add(partial(aggregation, [("a", 1, 5), ("b", 0, 6)]))
    restored.restore(runs.snapshot())
    assert restored.records == runs.records == 2
    assert contents(aggregation, restored.take_below(9)) == contents(aggregation, runs.take_below(9))


def test_what_is_between_is_copied_and_what_is_taken_is_not():
    aggregation = GroupedAggregation((("n", count()), ("all", combine(Joined(), "v"))))
    form = aggregation._forms[1]
    runs = SortedRuns(aggregation, ["k"])
    runs.add(partial(aggregation, [("a", 1, "x"), ("a", 2, "y")]))
    copied = runs.between(0, 5)
    assert len(form) == 4
    aggregation.release(copied)
    assert len(form) == 2
    taken = runs.take_below(5)
    assert len(form) == 2
    assert runs.records == 0
    aggregation.release(taken)
    assert len(form) == 0


def test_nothing_is_nothing():
    runs = SortedRuns(GroupedAggregation(AGGREGATION), ["k"])
    assert runs.between(0, 9) is None
    assert runs.take_below(9) is None
    assert len(runs.slices_between(0, 9)) == 0
