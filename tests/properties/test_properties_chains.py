"""Aggregations after aggregations: no result that is on time is ever late for the next one."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from pulse.model.aggregates import count
from pulse.model.aggregates import sum as sum_
from pulse.model.windows import Global, Session
from pulse.runners.deterministic import DeterministicRunner
from pulse.transforms.core import Pipeline
from pulse.transforms.ends import Read
from pulse.transforms.grouping import Aggregate, KeyBy, Window
from tests.properties.strategies import aligned, cases, sessions, thorough, ways
from tests.support import reference as ref
from tests.support.events import Events
from tests.support.runs import SCHEMA, expected, micros, strategy


def chain(case, second, way):
    """Aggregate, then aggregate the results: in new windows, or over all keys of the old ones."""
    pipeline = Pipeline("chain")
    way = dict(way)
    way.pop("rows")
    source = Events(case.records, case.times, schema=SCHEMA, block=way.pop("block"))
    results = (
        pipeline
        | Read(source, watermarks=strategy(case))
        | KeyBy("k")
        | Window(
            case.window,
            allowed_lateness=f"{case.lateness}us",
            accumulation="discarding" if case.discarding else "accumulating",
            timestamp=case.timestamp,
        )
        | "first" >> Aggregate(n=count())
    )
    if second is None:
        after = results | KeyBy("n") | "second" >> Aggregate(c=count(), total=sum_("n"))
    else:
        after = results | KeyBy("n") | Window(second) | "second" >> Aggregate(c=count(), total=sum_("n"))
    found = DeterministicRunner(**way).run(pipeline)
    windowed = not isinstance(second or case.window, Global)
    return found, sorted(
        (
            row["n"],
            (micros(row["window_start"]), micros(row["window_end"])) if windowed else (ref.FIRST, ref.LAST),
            row["c"],
            row["total"],
        )
        for row in found.records(after)
    )


def wanted(case, second):
    """Aggregate the results of the reference as records of their own, none of which is late."""
    first = expected(case)
    machine = ref.Reference(
        second or case.window,
        ["n"],
        [ref.count(), ref.sum_of("n")],
        case.lateness,
        case.discarding,
        case.timestamp,
    )
    for result in first.results:
        windows = [result.window] if second is None else None
        if second is None and (isinstance(case.window, Session) or case.lateness):
            hold = case.timestamp != "end_of_window"
            machine.advance(ref.held(case.window, result.mark) if hold else result.mark)
        machine.take({"n": result.values[0]}, result.time, windows)
    machine.advance(ref.LAST)
    return first, sorted((r.key[0], r.window, *r.values) for r in machine.results)


@thorough
@given(case=cases(aligned(), simple=True), second=aligned() | sessions | st.none(), way=ways())
def test_results_of_aligned_windows_are_never_late(case, second, way):
    # Results of the global window can come at the end of time, where no other window ends.
    assume(second is None or all(r.time < ref.END_OF_YEAR_9999 for r in expected(case).results))
    first, expected_ = wanted(case, second)
    found, results = chain(case, second, way)
    assert results == expected_
    assert found.ledger["first"].late == len(first.late)
    assert found.ledger["second"].late == 0


@thorough
@given(case=cases(aligned() | sessions, simple=True, lateness=True), way=ways(replicas=1))
def test_late_results_are_late_for_the_same_windows(case, way):
    # What a session holds back depends on its records: see the hold of ``SessionAggregate``.
    assume(case.timestamp == "end_of_window" or not isinstance(case.window, Session))
    found, results = chain(case, None, way)
    first, expected_ = wanted(case, None)
    assert results == expected_
    assert found.ledger["first"].late == len(first.late)


@thorough
@given(case=cases(sessions, simple=True), second=aligned() | sessions | st.none(), way=ways())
def test_results_of_sessions_are_never_late(case, second, way):
    # What a session holds back depends on its records: see the hold of ``SessionAggregate``.
    assume(second is not None or (case.timestamp == "end_of_window" and way["parallelism"] == 1))
    found, results = chain(case, second, way)
    first, expected_ = wanted(case, second)
    assert results == expected_
    assert found.ledger["first"].late == len(first.late)
    assert found.ledger["second"].late == 0
