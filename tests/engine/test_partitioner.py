"""Dealing records to replicas: by the key's value, always the same way."""

import functools
import operator
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pyarrow as pa
import pytest

from pulse.engine.partitioner import Partitioner, stable_hash
from pulse.graph.plan import KEY_GROUPS
from tests.support.operators import columns, rows

EQUAL = [
    (1, 1.0, True, Decimal(1), Decimal("1.00")),
    (0, 0.0, -0.0, False, Decimal("-0")),
    (0.5, Decimal("0.50")),
    (2**70, float(2**70)),
    (float("nan"), float("nan")),
    (
        datetime(2024, 1, 1, 12, tzinfo=UTC),
        datetime(2024, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    ),
]


@pytest.mark.parametrize("values", EQUAL, ids=str)
def test_equal_values_have_equal_hashes(values):
    assert len({stable_hash(value) for value in values}) == 1


def test_other_values_have_other_hashes():
    values = [None, "a", b"b", 0, 1, -1, 0.5, date(2024, 1, 1), datetime(2024, 1, 1), "1", 2**64]
    assert len({stable_hash(value) for value in values}) == len(values)


def test_the_hash_is_the_same_in_every_process():
    code = "from pulse.engine.partitioner import stable_hash; print(stable_hash('word'), stable_hash(2.5))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == [str(stable_hash("word")), str(stable_hash(2.5))]


def test_both_layouts_and_dictionaries_are_dealt_alike():
    records = [{"k": word, "n": n} for n, word in enumerate(["a", None, "b", "a", "ü", ""])]
    partitioner = Partitioner(["k", "n"], 3)
    by_rows = partitioner.groups(rows(records)).tolist()
    assert Partitioner(["k", "n"], 3).groups(columns(records)).tolist() == by_rows
    words = pa.array([record["k"] for record in records]).dictionary_encode()
    encoded = columns({"k": words, "n": [record["n"] for record in records]})
    assert Partitioner(["k", "n"], 3).groups(encoded).tolist() == by_rows


def test_the_order_in_which_keys_come_makes_no_difference():
    records = [
        {"flag": True, "n": 1},
        {"flag": False, "n": 1},
        {"flag": True, "n": 0},
        {"flag": False, "n": 0},
    ]
    forwards = Partitioner(["flag", "n"], 3).groups(rows(records)).tolist()
    backwards = Partitioner(["flag", "n"], 3).groups(rows(records[::-1])).tolist()
    assert forwards == backwards[::-1]


def test_an_integer_is_dealt_as_the_double_it_widens_to():
    ones = Partitioner(["k"], 3).groups(columns({"k": pa.array([1, 2, 3])}))
    doubles = Partitioner(["k"], 3).groups(columns({"k": pa.array([1.0, 2.0, 3.0])}))
    assert ones.tolist() == doubles.tolist()


def test_every_record_goes_to_exactly_one_replica_in_order():
    bundle = columns({"k": list(range(1000))})
    shares = Partitioner(["k"], 4).split(bundle)
    assert [replica for replica, _ in shares] == [0, 1, 2, 3]
    keys = [share.batch.column("k").to_pylist() for _, share in shares]
    assert sorted(functools.reduce(operator.iadd, keys, [])) == list(range(1000))
    assert all(part == sorted(part) for part in keys)
    assert all(len(part) > 150 for part in keys)


def test_groups_are_within_their_number():
    groups = Partitioner(["k"], 4).groups(columns({"k": list(range(5000))}))
    assert groups.min() == 0
    assert groups.max() == KEY_GROUPS - 1


def test_more_replicas_take_whole_groups():
    bundle = columns({"k": list(range(500))})
    groups = Partitioner(["k"], 2).groups(bundle)
    for replica, share in Partitioner(["k"], 8).split(bundle):
        found = set(Partitioner(["k"], 2).groups(share).tolist())
        assert found == {g for g in groups.tolist() if g * 8 // KEY_GROUPS == replica}


def test_records_without_the_key_are_dealt_too():
    records = [{"other": 1}, "no dict", {"k": [1]}, {"k": {"a": 1}}]
    assert sum(len(share) for _, share in Partitioner(["k"], 3).split(rows(records))) == 4


def test_a_column_of_nulls_and_no_records_at_all():
    assert len(set(Partitioner(["k"], 3).groups(columns({"k": pa.nulls(3)})).tolist())) == 1
    assert Partitioner(["k"], 3).split(columns({"k": []})) == []


def test_times_finer_than_microseconds_are_dealt():
    times = pa.array([1, 2], pa.timestamp("ns"))
    assert len(Partitioner(["k"], 3).groups(columns({"k": times}))) == 2
