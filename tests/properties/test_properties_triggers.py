"""One record at a time: the general path gives, for the default trigger, what the reference gives."""

from __future__ import annotations

from hypothesis import given

from pulse.model.triggers import AfterWatermark, Repeatedly
from tests.properties.strategies import aligned, cases, sessions, thorough, ways
from tests.support.runs import check, run

DEFAULT = Repeatedly(AfterWatermark())
"""Means the same as the default trigger, but is not recognised as it, so no window is taken in bulk."""


@thorough
@given(case=cases(aligned()), way=ways())
def test_aligned_windows(case, way):
    check(case, run(case, trigger=DEFAULT, **way))


@thorough
@given(case=cases(sessions), way=ways())
def test_sessions(case, way):
    check(case, run(case, trigger=DEFAULT, **way))


@thorough
@given(case=cases(aligned() | sessions), way=ways())
def test_numbering_panes_changes_nothing_else(case, way):
    check(case, run(case, panes=True, **way))
