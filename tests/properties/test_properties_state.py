"""State is bounded: what no window needs is forgotten, a person's accumulators included."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
from hypothesis import assume, given
from hypothesis import strategies as st

from pulse.engine.windowing.triggered import TriggeredAggregate
from pulse.model.schema import schema_of
from tests.properties.strategies import aligned, cases, sessions, thorough
from tests.support.operators import aggregate_of, columns, finish, handles, live
from tests.support.reference import bounded, end_only
from tests.support.runs import SCHEMA


@thorough
@given(case=cases(aligned() | sessions), size=st.integers(1, 9))
def test_accumulators_live_as_long_as_the_state_that_names_them(case, size):
    delay = case.delay if isinstance(case.delay, int) else 3
    case = replace(case, aggregates=("joined", "count"))
    marks = bounded(delay)(case.times) if size % 3 else end_only(case.times)
    machine = aggregate_of(case)
    assume(not isinstance(machine, TriggeredAggregate))  # which has no partial aggregates
    for start in range(0, len(case.times), size):
        part = slice(start, start + size)
        records = {name: [r[name] for r in case.records[part]] for name in SCHEMA}
        bundle = columns(_typed(records), case.times[part], marks[part])
        list(machine.process(bundle))
        assert live(machine) == handles(machine)
        list(machine.advance(marks[part][-1]))
        assert live(machine) == handles(machine)
        assert machine.context.ledger.balance == 0
    finish(machine)
    assert live(machine) == handles(machine) == 0
    assert machine.context.ledger.held == machine.context.ledger.balance == 0


def _typed(records):
    return {f.name: pa.array(records[f.name], f.type) for f in schema_of(SCHEMA)}
