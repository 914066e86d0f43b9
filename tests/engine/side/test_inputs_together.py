"""Inputs that share a watermark, next to others that do not."""

import numpy as np
import pytest

from pulse.engine.inputs import InputWatermarks
from pulse.model.bundle import Bundle


def bundle(marks):
    return Bundle(["a", "b"], np.array([1, 2]), marks)


@pytest.mark.parametrize(("marks", "expected"), [(50, 20), (np.array([5, 50]), [10, 20])])
def test_only_the_inputs_that_go_together_hold_each_other_down(marks, expected):
    inputs = InputWatermarks(3)  # two replicas of one side, and another input far behind
    inputs.update(0, 10)
    inputs.update(1, 20)
    found = inputs.clamp(0, bundle(marks), [0, 1]).watermarks
    assert (found if isinstance(found, int) else found.tolist()) == expected
    assert inputs.clamp(0, bundle(50)).watermarks == inputs.current


def test_what_was_in_force_stays_so():
    inputs = InputWatermarks(2)
    inputs.update(0, 10)
    assert inputs.clamp(0, bundle(3), [0]).watermarks == 10
