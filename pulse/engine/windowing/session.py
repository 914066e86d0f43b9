"""Aggregation over session windows with the default trigger, columnar.

A record that is not behind its own watermark can never meet a session that has fired, so such records go in
bulk; the others are taken one by one. A late record is judged by its own window ``[t, t + gap)`` before
merging, as in Beam. A session whose time is over never comes back to life.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.operator import Operator, Out
from pulse.engine.windowing.late import late_records, saturating_add
from pulse.engine.windowing.open_sessions import EMPTIED, END, START, OpenSessions
from pulse.engine.windowing.results import ResultBuilder, in_force
from pulse.engine.windowing.runs import records_of
from pulse.graph.ops import LATE, MAIN
from pulse.model.time import MAX_TIME, MIN_TIME
from pulse.model.windows import Session, Windowing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulse.engine.operator import StepContext
    from pulse.engine.windowing.inputs import AggregateInputs, Prepared
    from pulse.model.bundle import Bundle, Int64s


class SessionAggregate(Operator):
    """Executes ``AggregateOp`` over session windows.

    Args:
        inputs: evaluates keys and aggregate inputs.
        windowing: the session gap, lateness, accumulation, timestamp.
        context: the step's context.
    """

    stateful = True

    def __init__(self, inputs: AggregateInputs, windowing: Windowing, context: StepContext) -> None:
        super().__init__(context)
        window = windowing.window
        assert isinstance(window, Session)  # noqa: S101 - the builder chose this operator for that
        self.gap = window.gap_us
        self.lateness = windowing.lateness_us
        self.discarding = windowing.accumulation == "discarding"
        self.inputs = inputs
        self.aggregation = inputs.aggregation
        self.open = OpenSessions(self.aggregation, inputs.by)
        self.results = ResultBuilder(inputs, show_windows=True, refires=bool(self.lateness))
        self.watermark = MIN_TIME
        self.released = MIN_TIME

    # -- records in -------------------------------------------------------------------------------------

    def process(self, bundle: Bundle) -> Iterable[Out]:
        self.context.ledger.received += len(bundle)
        prepared = self.inputs.prepare(bundle)
        yield from self.context.failures()
        yield from self._take(prepared)
        self._count()

    def advance(self, watermark: int) -> Iterable[Out]:
        yield from self._fire(np.array([watermark], np.int64))
        self._count()

    def _count(self) -> None:
        self.context.ledger.passed += self.open.discarded
        self.open.discarded = 0
        self.context.ledger.held = self.open.records

    def _take(self, prepared: Prepared) -> Iterator[Out]:
        bundle = prepared.bundle
        if not len(bundle):
            return
        starts, ends = self._windows(bundle)
        marks = bundle.watermarks
        ahead = starts >= marks
        if ahead.all():
            self.open.add_records(prepared, starts, ends)
            if not isinstance(marks, int):
                yield from self._fire(marks)
            return
        series = np.broadcast_to(np.asarray(marks, np.int64), len(bundle))
        too_late = saturating_add(ends, self.lateness) <= series
        if too_late.any():
            yield self._drop(bundle.take(too_late), starts[too_late], ends[too_late])
        kept = np.flatnonzero(~too_late)
        prepared, starts, ends = prepared.take(~too_late), starts[kept], ends[kept]
        # What was dropped has moved the watermark all the same.
        places = [*kept.tolist(), len(series)]
        for start, stop in self._stretches(prepared.columns, starts, ends, series[kept]):
            yield from self._fire(series[: places[start] + 1])
            part = prepared.slice(start, stop)
            self.open.add_records(part, starts[start:stop], ends[start:stop])
            if self.lateness and stop == start + 1:
                yield from self._fire_late(part.columns, int(starts[start]), int(series[places[start]]))
            yield from self._fire(series[places[start] : places[stop]])

    def _stretches(
        self, columns: pa.Table, starts: Int64s, ends: Int64s, marks: Int64s
    ) -> list[tuple[int, int]]:
        """Return the stretches that can be taken at once, after what has ended before their first record.

        One that makes a session fire again stands alone.
        """
        if (starts >= marks).all():
            return [(0, len(starts))] if len(starts) else []
        passed, late = self.open.meetings(columns, starts, ends, marks, self.lateness)
        met = np.flatnonzero((passed > MIN_TIME) | late)
        places = [0]
        for row, needed, alone in zip(met.tolist(), passed[met].tolist(), late[met].tolist(), strict=True):
            if alone or needed > marks[places[-1]]:
                places += [row, row + 1] if alone else [row]
        cuts = sorted({place for place in places if place < len(starts)})
        return list(zip(cuts, [*cuts[1:], len(starts)], strict=True))

    def _drop(self, late: Bundle, starts: Int64s, ends: Int64s) -> Out:
        self.context.ledger.late += len(late)
        self.context.observer.dropped(self.context.name, "late", len(late))
        return Out(LATE, late_records(late, starts, ends))

    def _windows(self, bundle: Bundle) -> tuple[Int64s, Int64s]:
        if bundle.windows is not None:
            return bundle.windows.starts, bundle.windows.ends
        return bundle.times, saturating_add(bundle.times, self.gap)

    # -- results out ------------------------------------------------------------------------------------

    def _fire(self, trajectory: Int64s) -> Iterator[Out]:
        """Emit the sessions that end while the watermark moves along the trajectory, by their end."""
        before, after = self.watermark, int(trajectory[-1])
        if after <= before:
            return
        self.watermark = after
        limit = after if after == MAX_TIME else max(after - self.lateness, MIN_TIME)
        found = self.open.take_ending(before, after, over=limit)
        if found is None:
            return
        ends = found.column(END).to_numpy()
        due = (ends > before) & (ends <= after)
        results = found.filter(pa.array(due))
        if results.num_rows:
            order = np.lexsort((results.column(START).to_numpy(), results.column(END).to_numpy()))
            yield self._emit(results.take(pa.array(order, pa.int64())), trajectory, before)
        self._settle(found, ends <= limit, due)

    def _settle(self, sessions: pa.Table, over: Any, emitted: Any) -> None:
        """Forget the sessions whose time is over, and put the others back."""
        gone = sessions.filter(pa.array(over))
        self.context.ledger.passed += records_of(gone)
        self.aggregation.release(gone)
        if self.discarding:
            emptied = sessions.column(EMPTIED).to_numpy() | emitted.astype(np.int64)
            sessions = sessions.set_column(
                sessions.column_names.index(EMPTIED), EMPTIED, pa.array(emptied.astype(np.int64))
            )
        self.open.add(sessions.filter(pa.array(~over)))

    def _fire_late(self, columns: pa.Table, time: int, mark: int) -> Iterator[Out]:
        """Emit the session that a late record has joined, when that has already ended."""
        found = self.open.take_of_key(columns)
        assert found is not None  # noqa: S101 - the late record itself was just added
        starts, ends = found.column(START).to_numpy(), found.column(END).to_numpy()
        joined = (starts <= time) & (time < ends) & (ends <= mark)
        if joined.any():
            yield self._emit(found.filter(pa.array(joined)), np.array([mark], np.int64), mark)
        self._settle(found, np.zeros(len(ends), np.bool_), joined)

    def _emit(self, table: pa.Table, trajectory: Int64s, before: int) -> Out:
        starts, ends = table.column(START).to_numpy(), table.column(END).to_numpy()
        marks = in_force(np.minimum(ends, trajectory[-1]), trajectory, before)
        if self.inputs.hidden:
            marks = np.minimum(marks, self.released)
        bundle = self.results.build(table, starts, ends, marks, kept=bool(self.lateness))
        self.context.ledger.emitted += len(bundle)
        return Out(MAIN, bundle)

    def output_watermark(self, watermark: int) -> int:
        """Results that take their time from their records hold the watermark at the first open session."""
        if self.inputs.hidden:
            first = self.open.first_open(watermark)
            watermark = watermark if first is None else min(watermark, first)
        self.released = max(self.released, watermark)
        return self.released

    # -- state --------------------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        return {
            "inputs": self.inputs.snapshot(),
            "sessions": self.open.snapshot(),
            "live": self.aggregation.snapshot(),
            "watermark": self.watermark,
            "released": self.released,
        }

    def restore(self, state: Any) -> None:
        self.inputs.restore(state["inputs"])
        self.aggregation.restore(state["live"])
        self.open.restore(state["sessions"])
        self.watermark, self.released = state["watermark"], state["released"]
