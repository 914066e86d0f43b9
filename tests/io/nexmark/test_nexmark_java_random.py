from __future__ import annotations

import numpy as np
import pytest

from pulse.io.nexmark.java_random import JavaRandom

SEEDS = np.array([0, 1, 2, 42, 25214903917, 2**48 - 1, 2**62 + 12345, *range(1000, 1500)])


def test_the_numbers_of_the_jdk() -> None:
    assert JavaRandom(np.array([42])).peek_ints(2).tolist() == [[-1170105035, 234785527]]
    assert JavaRandom(np.array([42])).below(100).tolist() == [30]
    assert JavaRandom(np.array([42])).doubles().tolist() == [0.7275636800328681]
    assert JavaRandom(np.array([42])).below(2**30 + 1).tolist() == [117392763]
    assert JavaRandom(np.array([-5])).below(16).tolist() == [4]


@pytest.mark.parametrize("bound", [1, 2, 3, 7, 13, 26, 64, 111, 1010, 10_000, 2**30, 2**30 + 1, 2**31 - 1])
def test_one_bound_for_all(bound, scalar_random) -> None:
    random, one_by_one = JavaRandom(SEEDS), [scalar_random(seed) for seed in SEEDS.tolist()]
    for _ in range(20):
        assert random.below(bound).tolist() == [one.below(bound) for one in one_by_one]


def test_a_bound_for_each(scalar_random) -> None:
    random, one_by_one = JavaRandom(SEEDS), [scalar_random(seed) for seed in SEEDS.tolist()]
    cycle = [1, 5, 8, 2**30, 2**30 + 1, 3 * 2**29, 10_000]
    bounds = [cycle[place % len(cycle)] for place in range(len(SEEDS))]
    for _ in range(20):
        drawn = random.below(np.array(bounds))
        assert drawn.tolist() == [one.below(bound) for one, bound in zip(one_by_one, bounds, strict=True)]


@pytest.mark.parametrize("each", [False, True])
def test_a_mask_leaves_the_others_where_they_are(each, scalar_random) -> None:
    random, one_by_one = JavaRandom(SEEDS), [scalar_random(seed) for seed in SEEDS.tolist()]
    bounds = np.full(len(SEEDS), 2**30 + 1)  # every second draw is rejected
    bounds[-1] += each
    where = SEEDS % 3 == 0
    for _ in range(5):
        drawn = random.below(bounds if each else 2**30 + 1, where)
        assert drawn[where].tolist() == [
            one_by_one[row].below(int(bounds[row])) for row in np.flatnonzero(where)
        ]
    assert random.doubles().tolist() == [one.double() for one in one_by_one]


def test_whole_numbers_are_seen_before_they_are_drawn(scalar_random) -> None:
    random, one_by_one = JavaRandom(SEEDS), [scalar_random(seed) for seed in SEEDS.tolist()]
    counts = np.arange(len(SEEDS)) % 8
    seen = random.peek_ints(7)
    random.skip(counts)
    for row, one in enumerate(one_by_one):
        assert seen[row, : counts[row]].tolist() == [one.next_int() for _ in range(counts[row])]
    assert random.below(26).tolist() == [one.below(26) for one in one_by_one]


def test_no_generators() -> None:
    none = np.array([], np.int64)
    random = JavaRandom(none)
    random.skip(none)
    sizes = [random.below(3).size, random.below(none).size, random.doubles().size, random.peek_ints(2).size]
    assert sizes == [0, 0, 0, 0]
