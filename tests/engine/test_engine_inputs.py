"""Several inputs, one watermark."""

import numpy as np
import pytest

from pulse.engine.inputs import InputWatermarks
from pulse.model.time import MAX_TIME, MIN_TIME
from tests.support.operators import rows


def inputs(*marks):
    found = InputWatermarks(len(marks))
    for index, mark in enumerate(marks):
        found.update(index, mark)
    return found


def test_the_lowest_counts_and_never_goes_back():
    found = inputs(10, 5)
    assert found.current == 5
    assert not found.update(1, 3)
    assert found.current == 5
    assert found.update(1, 20)
    assert found.current == 10


def test_an_idle_input_leaves_the_minimum():
    found = inputs(10, 5)
    assert found.go_idle(1)
    assert found.current == 10


def test_it_counts_again_once_it_has_caught_up():
    found = inputs(10, 5)
    found.go_idle(1)
    assert not found.update(1, 7)
    found.update(0, 30)
    assert found.current == 30  # 7 is behind: still out
    found.update(1, 30)
    found.update(0, 50)
    assert found.current == 30  # caught up: holds again


def test_when_all_are_idle_the_highest_counts():
    found = inputs(10, 5)
    found.go_idle(0)
    assert found.current == 5
    found.go_idle(1)
    assert found.current == 10
    assert found.all_idle


def test_an_input_that_is_over_leaves_the_minimum():
    found = inputs(10, 5)
    found.end(1)
    assert found.current == 10
    assert not found.all_ended
    found.end(0)
    assert found.current == MAX_TIME
    assert found.all_ended


def test_the_end_of_one_input_is_not_the_end_of_time_while_another_is_idle():
    found = inputs(10, 5)
    found.go_idle(1)
    found.end(0)
    assert found.current == 10
    assert found.all_idle
    found.update(1, 12)
    assert found.current == 12
    found.end(1)
    assert found.current == MAX_TIME


def test_a_watermark_at_the_end_of_time_counts_as_the_end():
    found = inputs(10, 5)
    found.go_idle(1)
    found.update(0, MAX_TIME)
    assert found.current == 10


def test_no_inputs_have_ended():
    assert InputWatermarks(0).all_ended
    assert not InputWatermarks(0).all_idle


@pytest.mark.parametrize(
    ("marks", "wanted"),
    [(3, 5), (8, 8), (50, 20), ([3, 8, 50], [5, 8, 20]), ([30, 40], 20), ([1, 2], 5)],
)
def test_a_bundle_gets_the_minimum_with_the_other_inputs(marks, wanted):
    found = inputs(5, 20)
    clamped = found.clamp(0, rows([{}] * (1 if isinstance(marks, int) else len(marks)), marks=marks))
    got = clamped.watermarks if isinstance(clamped.watermarks, int) else clamped.watermarks.tolist()
    assert got == wanted


def test_a_bundle_of_the_only_active_input_keeps_its_own_watermarks():
    found = inputs(10, 5)
    found.go_idle(1)
    clamped = found.clamp(0, rows([{}, {}], marks=[9, 40]))
    assert clamped.watermarks.tolist() == [10, 40]
    found.end(1)
    assert found.clamp(0, rows([{}], marks=60)).watermarks == 60


def test_a_bundle_of_an_input_that_lags_behind_is_late():
    found = inputs(10, 5)
    found.go_idle(1)
    assert found.clamp(1, rows([{}], marks=6)).watermarks == 10


def test_restored_inputs_are_the_same():
    found = inputs(10, 5)
    found.go_idle(1)
    restored = InputWatermarks(2)
    restored.restore(found.snapshot())
    assert vars(restored) == vars(found)
    restored.update(0, 99)
    assert found.current == 10


def test_before_anything_is_said_there_is_no_promise():
    found = InputWatermarks(2)
    found.update(0, 7)
    assert found.current == MIN_TIME
    assert found.clamp(0, rows([{}, {}], marks=np.array([1, 2]))).watermarks == MIN_TIME
