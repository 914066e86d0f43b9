"""Any events, any window, any way of running: the engine gives what the reference gives."""

from __future__ import annotations

from hypothesis import given

from tests.properties.strategies import aligned, cases, sessions, thorough, ways
from tests.support.runs import check, run


@thorough
@given(case=cases(aligned()), way=ways())
def test_aligned_windows(case, way):
    check(case, run(case, **way))


@thorough
@given(case=cases(sessions), way=ways())
def test_sessions(case, way):
    check(case, run(case, **way))
