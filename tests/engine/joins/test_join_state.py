"""The state of joins: sorted runs, searching, hashing, and that it is let go of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from pulse.engine.build import build_operator
from pulse.engine.joins.hashing import hash_rows
from pulse.engine.joins.index import Index
from pulse.engine.joins.pending import Pending
from pulse.engine.joins.search import PAIRS, search, spread
from pulse.engine.joins.side import HASH, SEQ, TIME, numbers
from pulse.engine.operator import StepContext
from pulse.graph.collection import CollectionType
from pulse.graph.logical import Node
from pulse.graph.ops import AsOfJoinOp, IntervalJoinOp
from pulse.model.schema import schema_of
from pulse.model.time import MAX_TIME
from tests.support.operators import columns

SCHEMA = pa.schema([(name, pa.int64()) for name in (TIME, SEQ, HASH)])


def table(times, hashes=None):
    hashes = [0] * len(times) if hashes is None else hashes
    return pa.table({TIME: times, SEQ: list(range(len(times))), HASH: hashes}, schema=SCHEMA)


def test_runs_stay_few_and_rows_come_out_in_order():
    pending = Pending(SCHEMA, TIME)
    for start in range(200):
        pending.add(table([(start * 37) % 101]))
    assert len(pending.runs) < 9
    assert numbers(pending.take_until(50), TIME).max() == 50
    assert numbers(pending.between(50, 60), TIME).min() == 51
    assert len(pending) == sum((s * 37) % 101 > 50 for s in range(200))
    pending.take_until(MAX_TIME)
    assert not pending.runs


def test_an_index_forgets_what_is_past_and_copies_what_is_left():
    index = Index(SCHEMA)
    for start in range(0, 1000, 10):
        index.add(table(list(range(start, start + 10))), np.zeros(10, np.bool_))
    count, lonely = index.expire(990)
    assert (count, lonely.num_rows, len(index)) == (990, 990, 10)
    assert sum(run.table.num_rows for run in index.runs) <= 2 * len(index)


def test_what_found_a_match_is_remembered_over_merges():
    index = Index(SCHEMA)
    index.add(table([1, 2, 3]), np.zeros(3, np.bool_))
    for run, _, rows in index.probe(np.array([0]), np.array([2]), np.array([2])):
        run.matched[rows] = True
    index.add(table([9, 9]), np.zeros(2, np.bool_))
    restored = Index(SCHEMA)
    restored.restore(index.snapshot())
    for each in (index, restored):
        assert numbers(each.expire(9)[1], TIME).tolist() == [1, 3]


def test_search_is_that_of_numpy_in_each_range():
    values = np.array([1, 3, 3, 7, 2, 2, 9])
    low, high = np.array([0, 4, 4, 0]), np.array([4, 7, 4, 4])
    targets = np.array([3, 2, 5, 99])
    for right in (False, True):
        found = search(values, low, high, targets, right=right)
        side = "right" if right else "left"
        wanted = [
            a + np.searchsorted(values[a:b], t, side) for a, b, t in zip(low, high, targets, strict=True)
        ]
        assert found.tolist() == wanted


def test_many_pairs_come_in_parts():
    parts = list(spread(np.array([0, 5, 5]), np.array([PAIRS, 5, PAIRS])))
    assert [len(rows) for rows, _ in parts] == [PAIRS, PAIRS - 5]
    assert parts[1][0].tolist()[:2] == [2, 2]
    assert parts[1][1].tolist()[:2] == [5, 6]


@pytest.mark.parametrize(
    "values",
    [
        ["a", "", "ab", "ba", "\u00e9", "a" * 100],
        [b"a", b"", b"\x00"],
        [1, 2, -1, 2**62],
        [1.5, float("nan"), 0.0],
        [True, False],
        [Decimal("1.50"), Decimal("2.00")],
        [date(2024, 1, 1), date(1960, 1, 1)],
        [datetime(2024, 1, 1, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)],
    ],
)
def test_other_values_have_other_hashes(values):
    column = pa.array([*values, None, *values])
    found = hash_rows([column], len(column))
    assert len(set(found[: len(values)].tolist())) == len(values)
    assert found[: len(values)].tolist() == found[len(values) + 1 :].tolist()
    sliced = hash_rows([column[1:]], len(column) - 1)
    assert sliced.tolist()[: len(values) - 1] == found.tolist()[1 : len(values)]


def machine(op):
    before = CollectionType(schema_of({"k": "int64"}))
    return build_operator(Node("join", op), [before, before], op.infer([before, before]), StepContext("join"))


def test_an_interval_join_holds_no_more_than_its_interval():
    join = machine(IntervalJoinOp((("k", "k"),), lower=-10, upper=0))
    for time in range(0, 1000, 5):
        for position in (0, 1):
            list(join.process_input(position, columns([{"k": time}], [time], time)))
            list(join.advance_input(position, time))
        list(join.advance(time))
    assert join.context.ledger.held <= 5
    assert sum(run.table.num_rows for index in join.indexes for run in index.runs) <= 10


def test_an_as_of_join_holds_the_last_of_each_key():
    join = machine(AsOfJoinOp((("k", "k"),)))
    for time in range(0, 20_000, 100):
        list(
            join.process_input(1, columns([{"k": n % 10} for n in range(100)], range(time, time + 100), time))
        )
        for position in (0, 1):
            list(join.advance_input(position, time + 100))
        list(join.advance(time + 100))
    assert join.context.ledger.held < 2_500
    assert join.context.ledger.balance == 0
