"""Open sessions in runs, next to sessions one by one."""

from random import Random

import numpy as np
import pyarrow as pa
import pytest

from pulse.engine.aggregation import GroupedAggregation
from pulse.engine.windowing.inputs import Prepared
from pulse.engine.windowing.open_sessions import EMPTIED, END, START, OpenSessions
from pulse.model.aggregates import collect
from pulse.model.time import MIN_TIME
from tests.engine.windowing.test_merging import naive
from tests.support.operators import rows

GAP = 5


def sessions():
    aggregation = GroupedAggregation((("all", collect("v")),), by_time=True)
    return OpenSessions(aggregation, ["k"])


def add(open_, keys, times):
    """Add records with the given keys and times; the value of each is its time."""
    columns = pa.table({"k": keys, "in0": times})
    starts = np.array(times, np.int64)
    bundle = rows([{}] * len(times), times)
    open_.add_records(Prepared(bundle, columns, None), starts, starts + GAP)


def bounds(table):
    """Return key, start, end of each session, in order."""
    if table is None:
        return []
    found = zip(*(table.column(name).to_pylist() for name in ("k", START, END)), strict=True)
    return sorted(found, key=str)


def contents(open_, table):
    rows_ = open_.aggregation.extract(table.drop_columns([END, EMPTIED]), ["k", START]).to_pylist()
    return {(row["k"], row[START]): row["all"] for row in rows_}


@pytest.mark.parametrize("seed", range(15))
def test_what_ends_is_what_would_end_one_by_one(seed):
    random = Random(seed)
    open_, known = sessions(), []
    mark = MIN_TIME
    for step in range(25):
        count = random.randrange(1, 5)
        keys = [random.choice("ab") for _ in range(count)]
        times = [max(step * 4 + random.randrange(8), mark) for _ in range(count)]
        add(open_, keys, times)
        known += zip(keys, times, [time + GAP for time in times], strict=True)
        after, mark = mark, step * 4
        found = open_.take_ending(after, mark, over=mark)
        merged = naive(*(list(each) for each in zip(*known, strict=True)))
        due = [(key, low, high) for key, all_ in merged.items() for low, high in all_ if high <= mark]
        if found is not None:
            ended = found.filter(pa.array(found.column(END).to_numpy() <= mark))
            assert bounds(ended) == sorted(due, key=str)
            for (key, low), values in contents(open_, ended).items():
                high = next(h for k, lo, h in due if (k, lo) == (key, low))
                assert values == sorted(t for k, t, _ in known if k == key and low <= t < high)
            open_.add(found.filter(pa.array(found.column(END).to_numpy() > mark)))
        else:
            assert not due
        known = [each for each in known if not any(each[0] == k and lo <= each[1] < hi for k, lo, hi in due)]
        assert open_.records == len(known)


def test_the_sessions_of_a_key_are_taken_whatever_their_time():
    open_ = sessions()
    add(open_, ["a", "b", "a"], [0, 0, 50])
    add(open_, ["a", None], [3, 0])
    found = open_.take_of_key(pa.table({"k": ["a"]}))
    assert bounds(found) == [("a", 0, 8), ("a", 50, 55)]
    assert open_.records == 2
    assert bounds(open_.take_of_key(pa.table({"k": pa.array([None], pa.string())}))) == [(None, 0, 5)]


def test_of_an_emptied_session_only_the_bounds_go_on():
    open_ = sessions()
    add(open_, ["a"], [0])
    table = open_.take_of_key(pa.table({"k": ["a"]}))
    emptied = table.set_column(table.column_names.index(EMPTIED), EMPTIED, pa.array([1]))
    open_.add(emptied)
    add(open_, ["a"], [3])
    found = open_.take_of_key(pa.table({"k": ["a"]}))
    assert bounds(found) == [("a", 0, 8)]
    assert contents(open_, found) == {("a", 0): [3]}
    assert found.column(EMPTIED).to_pylist() == [0]
    assert open_.discarded == 1


def test_the_first_open_session():
    open_ = sessions()
    assert open_.first_open(0) is None
    add(open_, ["a", "b"], [10, 3])
    assert open_.first_open(7) == 3
    assert open_.first_open(8) == 10
    assert open_.first_open(15) is None


def test_restored_sessions_are_the_same():
    open_, restored = sessions(), sessions()
    add(open_, ["a", "b"], [10, 3])
    restored.restore(open_.snapshot())
    assert restored.records == 2
    assert bounds(restored.take_ending(0, 99, over=99)) == bounds(open_.take_ending(0, 99, over=99))
