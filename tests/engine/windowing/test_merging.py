"""Sessions by sorting, next to sessions one by one."""

from random import Random

import numpy as np
import pyarrow as pa
import pytest

from pulse.engine.windowing.merging import key_codes, merged_windows, overlapping, same_key


def naive(codes, starts, ends):
    """Return the bounds of the sessions of each key, one window at a time."""
    found = {}
    for code, start, end in zip(codes, starts, ends, strict=True):
        low, high = start, end
        kept = []
        for a, b in found.get(code, []):
            if a < high and low < b:
                low, high = min(a, low), max(b, high)
            else:
                kept.append((a, b))
        # The merged one may reach others now.
        while True:
            more = [(a, b) for a, b in kept if a < high and low < b]
            if not more:
                break
            low, high = min(low, *(a for a, _ in more)), max(high, *(b for _, b in more))
            kept = [each for each in kept if each not in more]
        found[code] = [*kept, (low, high)]
    return {code: sorted(sessions) for code, sessions in found.items()}


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("far", [1, 2**61])
def test_windows_merge_as_they_do_one_by_one(seed, far):
    random = Random(seed)
    count = random.randrange(1, 40)
    codes = np.array([random.randrange(3) for _ in range(count)])
    starts = np.array([random.randrange(60) + random.choice([0, far]) for _ in range(count)])
    ends = starts + np.array([random.randrange(1, 12) for _ in range(count)])
    session, order = merged_windows(codes, starts, ends)
    found = {}
    for number in np.unique(session):
        rows = order[session == number]
        assert len(set(codes[rows].tolist())) == 1
        assert (np.diff(starts[rows]) >= 0).all()
        found.setdefault(int(codes[rows[0]]), []).append((int(starts[rows].min()), int(ends[rows].max())))
    assert {code: sorted(each) for code, each in found.items()} == naive(
        codes.tolist(), starts.tolist(), ends.tolist()
    )


def test_windows_that_touch_do_not_merge():
    session, _ = merged_windows(np.zeros(3, np.int64), np.array([0, 10, 19]), np.array([10, 20, 29]))
    assert session.tolist() == [0, 1, 1]


def test_windows_of_neighbouring_keys_do_not_merge_at_the_ends_of_the_span():
    session, _ = merged_windows(np.array([0, 1]), np.array([0, 0]), np.array([100, 100]))
    assert session.tolist() == [0, 1]


def test_no_windows_are_no_sessions():
    empty = np.empty(0, np.int64)
    session, order = overlapping(pa.table({"k": pa.array([], pa.string())}), ["k"], empty, empty)
    assert len(session) == len(order) == 0


def test_without_keys_all_rows_have_one():
    assert key_codes(pa.table({"v": [1, 2]}), []).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("values", "key", "wanted"),
    [
        (["a", None, "b"], "a", [True, False, False]),
        (["a", None, "b"], None, [False, True, False]),
        ([1.0, float("nan"), None], float("nan"), [False, True, False]),
        ([0.0, 1.0], -0.0, [True, False]),
    ],
)
def test_a_key_equals_itself(values, key, wanted):
    column = pa.chunked_array([values])
    assert same_key(column, pa.scalar(key, column.type)).to_pylist() == wanted


def test_a_key_is_found_in_a_column_of_another_number_type():
    assert same_key(pa.chunked_array([[1.0, 2.5]]), pa.scalar(1)).to_pylist() == [True, False]
    assert same_key(pa.chunked_array([[1, 2]]), pa.scalar(float("nan"))).to_pylist() == [False, False]


def test_a_null_column_holds_null_only():
    assert same_key(pa.chunked_array([pa.nulls(2)]), pa.scalar(None, pa.string())).to_pylist() == [True, True]
