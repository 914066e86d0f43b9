"""Barriers: when they are aligned, and what must never happen."""

from __future__ import annotations

import pytest

from pulse import PulseInternalError
from pulse.engine.barriers import Barriers


def test_nothing_is_complete_without_a_barrier() -> None:
    barriers = Barriers()
    assert not barriers.complete([])
    assert not barriers.complete([True, True])
    with pytest.raises(PulseInternalError, match="there is no checkpoint to go on after"):
        barriers.release()


def test_inputs_that_are_over_bring_none() -> None:
    barriers = Barriers()
    barriers.arrive(1, 4)
    assert not barriers.complete([False, False, True])
    barriers.arrive(0, 4)
    assert barriers.complete([False, False, True])
    assert barriers.release() == 4
    barriers.arrive(1, 5)
    assert barriers.complete([True, False, True])


@pytest.mark.parametrize(("index", "number"), [(1, 8), (0, 7)])
def test_barriers_of_two_checkpoints_never_meet(index: int, number: int) -> None:
    barriers = Barriers()
    barriers.arrive(0, 7)
    with pytest.raises(PulseInternalError, match=f"of checkpoint {number} met that of checkpoint 7 on input"):
        barriers.arrive(index, number)
