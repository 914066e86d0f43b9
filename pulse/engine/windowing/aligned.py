"""Aggregation over aligned windows (tumbling, sliding, calendar, global) with the default trigger, columnar.

A record is *clean* when every window that holds it is still to come by the record's own watermark. Clean
records go in bulk, whatever fires in between: a window that fires inside the bundle cannot hold a clean
record that comes after. The few others cut the bundle and are taken in order, so that the outcome is the one
that taking every record by itself would give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.operator import Operator, Out
from pulse.engine.windowing.late import late_records, saturating_add
from pulse.engine.windowing.late_panes import LatePanes
from pulse.engine.windowing.results import ResultBuilder, in_force
from pulse.engine.windowing.runs import SLICE, SortedRuns, records_of
from pulse.graph.ops import LATE, MAIN
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulse.engine.operator import StepContext
    from pulse.engine.windowing.inputs import AggregateInputs, Prepared
    from pulse.engine.windowing.slicing import Slicing
    from pulse.model.bundle import Bundle, Int64s, Mask
    from pulse.model.windows import Windowing

MOST_LATE = 256
"""So many records that come after some window of theirs has ended are taken at once."""

EXPANSION = 1 << 20
"""Sliding windows are merged out of slices in batches of about this many rows."""


class AlignedAggregate(Operator):
    """Executes ``AggregateOp`` over aligned windows.

    Args:
        inputs: evaluates keys and aggregate inputs.
        windowing: window, lateness, accumulation, timestamp.
        slicing: how the window cuts time.
        show_windows: whether results have window fields.
        context: the step's context.
    """

    stateful = True

    def __init__(
        self,
        inputs: AggregateInputs,
        windowing: Windowing,
        slicing: Slicing,
        *,
        show_windows: bool,
        context: StepContext,
    ) -> None:
        super().__init__(context)
        self.inputs = inputs
        self.slicing = slicing
        self.lateness = windowing.lateness_us
        discarding = windowing.accumulation == "discarding"
        self.late = LatePanes(inputs, slicing, self.lateness, discarding=discarding)
        self.aggregation = inputs.aggregation
        self.by = [*inputs.by, SLICE]
        self.runs = SortedRuns(self.aggregation, inputs.by)
        self.results = ResultBuilder(inputs, show_windows=show_windows, refires=bool(self.lateness))
        self.watermark = MIN_TIME

    # -- records in -------------------------------------------------------------------------------------

    def process(self, bundle: Bundle) -> Iterable[Out]:
        ledger = self.context.ledger
        if bundle.partial:
            before = self.runs.records
            self.runs.add(pa.Table.from_batches([bundle.batch]))
            ledger.received += self.runs.records - before
        else:
            ledger.received += len(bundle)
            prepared = self.inputs.prepare(bundle)
            yield from self.context.failures()
            yield from self._take(prepared)
        ledger.held = self.runs.records

    def advance(self, watermark: int) -> Iterable[Out]:
        yield from self._fire(np.array([watermark], np.int64))
        self.context.ledger.held = self.runs.records

    def _take(self, prepared: Prepared) -> Iterator[Out]:
        slices = self.slicing.assign(prepared.bundle)
        gap = self.slicing.in_gap(slices)
        if gap is not None and gap.any():
            self.context.ledger.filtered += int(gap.sum())
            prepared, slices = prepared.take(~gap), slices[~gap]
        marks = prepared.bundle.watermarks
        if not len(slices):
            return
        clean = self.slicing.first_ends(slices) > marks
        if clean.all():
            self.runs.add(self._partial(prepared, slices))
            if not isinstance(marks, int):
                yield from self._fire(marks)
            return
        series = np.broadcast_to(np.asarray(marks, np.int64), len(slices))
        too_late = saturating_add(self.slicing.last_ends(slices), self.lateness) <= series
        if too_late.any():
            yield from self._drop(prepared.bundle.take(too_late), slices[too_late])
            kept = ~too_late
            prepared, slices, series, clean = prepared.take(kept), slices[kept], series[kept], clean[kept]
        for start, stop in self._segments(clean, series):
            segment = prepared.slice(start, stop), slices[start:stop], series[start:stop]
            if clean[start]:
                self.runs.add(self._partial(*segment[:2]))
                yield from self._fire(segment[2])
            else:
                yield from self._take_behind(*segment)

    def _segments(self, clean: Mask, marks: Int64s) -> list[tuple[int, int]]:
        """Return the stretches that can be taken at once.

        A stretch lasts until a record comes that is not clean and before which another window has fired; or
        until it has so many of them that their panes would take much memory.
        """
        if not len(clean):
            return []
        behind = np.flatnonzero(~clean)
        fired = self.slicing.slices(marks[behind])
        cut = np.zeros(len(clean), np.bool_)
        cut[behind[1:]] = fired[1:] != fired[:-1]
        cut[behind[::MOST_LATE]] = True
        cut[0] = True
        starts = np.flatnonzero(cut).tolist()
        return list(zip(starts, [*starts[1:], len(clean)], strict=True))

    def _take_behind(self, prepared: Prepared, slices: Int64s, marks: Int64s) -> Iterator[Out]:
        """Take records of which the first comes after some window of its own has ended."""
        yield from self._fire(marks[:1])
        panes = self.late.of(prepared, slices, marks, self.runs) if self.lateness else None
        if panes is not None:
            bundle = self.results.build(
                panes.table, panes.starts, panes.ends, self._held(panes.marks), again=True
            )
            self.aggregation.release(panes.table)
            self.context.ledger.emitted += len(bundle)
            yield Out(MAIN, bundle)
        self.runs.add(self._partial(prepared, slices))
        yield from self._fire(marks)

    def _partial(self, prepared: Prepared, slices: Int64s) -> pa.Table:
        columns = prepared.columns.append_column(SLICE, pa.array(slices))
        return self.aggregation.partial(columns, self.by, prepared.bundle.times, prepared.records)

    def _drop(self, late: Bundle, slices: Int64s) -> Iterator[Out]:
        self.context.ledger.late += len(late)
        self.context.observer.dropped(self.context.name, "late", len(late))
        starts = self.slicing.last_starts(slices)
        yield Out(LATE, late_records(late, starts, self.slicing.ends(starts)))

    # -- results out ------------------------------------------------------------------------------------

    def _fire(self, trajectory: Int64s) -> Iterator[Out]:
        """Emit the windows that end while the watermark moves along the trajectory, in order of their end."""
        before, after = self.watermark, int(trajectory[-1])
        if after <= before:
            return
        self.watermark = after
        if self.slicing.overlapping:
            yield from self._fire_overlapping(before, after, trajectory)
        elif self.lateness:
            low, high = self.slicing.over_before(before), self.slicing.over_before(after)
            copied = self.runs.between(low, high)
            yield from self._emit_slices(copied, trajectory, before)
            if copied is not None:
                self.aggregation.release(copied)
        else:
            merged = self.runs.take_below(self.slicing.over_before(after))
            yield from self._emit_slices(merged, trajectory, before)
            self._settle(merged)
            return
        limit = after if after == MAX_TIME else max(after - self.lateness, MIN_TIME)
        self._settle(self.runs.take_below(self.slicing.over_before(limit)))

    def _settle(self, gone: pa.Table | None) -> None:
        """Forget what no window needs any more; its records have passed."""
        if gone is not None:
            self.context.ledger.passed += records_of(gone)
            self.aggregation.release(gone)

    def _emit_slices(self, merged: pa.Table | None, trajectory: Int64s, before: int) -> Iterator[Out]:
        """Emit windows that are one slice each."""
        if merged is None:
            return
        starts = merged.column(SLICE).to_numpy()
        yield self._emit(merged, starts, self.slicing.ends(starts), trajectory, before)

    def _fire_overlapping(self, before: int, after: int, trajectory: Int64s) -> Iterator[Out]:
        slices = self.runs.slices_between(self.slicing.over_before(before), after)
        if not len(slices):
            return
        starts = self.slicing.windows(slices)
        ends = self.slicing.ends(starts)
        due = (ends > before) & (ends <= after)
        starts, ends = starts[due], ends[due]
        if not len(starts):
            return
        merged = self.runs.between(int(starts[0]), int(ends[-1]))
        if merged is None:
            return
        ordered = merged.column(SLICE).to_numpy()
        low, high = np.searchsorted(ordered, starts), np.searchsorted(ordered, ends)
        for part in _parts(high - low):
            yield self._emit_windows(merged, (low[part], high[part]), starts[part], trajectory, before)
        self.aggregation.release(merged)

    def _emit_windows(
        self, merged: pa.Table, rows: tuple[Int64s, Int64s], starts: Int64s, trajectory: Int64s, before: int
    ) -> Out:
        """Emit windows that share slices: repeat each slice's rows in every window, and merge per window."""
        low, high = rows
        counts = high - low
        offsets = np.repeat(low - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        expanded = merged.take(pa.array(offsets + np.arange(int(counts.sum())), pa.int64()))
        window = np.repeat(starts, counts)
        expanded = expanded.set_column(expanded.column_names.index(SLICE), SLICE, pa.array(window))
        table = self.aggregation.merge(expanded, self.by)
        found = table.column(SLICE).to_numpy()
        out = self._emit(table, found, self.slicing.ends(found), trajectory, before)
        self.aggregation.release(table)
        return out

    def _emit(self, merged: pa.Table, starts: Int64s, ends: Int64s, trajectory: Int64s, before: int) -> Out:
        marks = self._held(in_force(ends, trajectory, before))
        bundle = self.results.build(merged, starts, ends, marks)
        self.context.ledger.emitted += len(bundle)
        return Out(MAIN, bundle)

    def output_watermark(self, watermark: int) -> int:
        """Results that take their time from their records hold the watermark at the first open window.

        Whether there are records in it makes no difference, so that the outcome depends on nothing but the
        watermark.
        """
        if not self.inputs.hidden or watermark == MAX_TIME:
            return watermark
        return min(watermark, self.slicing.over_before(watermark))

    def _held(self, marks: Int64s) -> Int64s:
        """Return the output watermarks that go with input watermarks."""
        if not self.inputs.hidden:
            return marks
        unique, which = np.unique(marks, return_inverse=True)
        return np.array([self.output_watermark(mark) for mark in unique.tolist()], np.int64)[which]

    # -- state --------------------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        return {
            "inputs": self.inputs.snapshot(),
            "runs": self.runs.snapshot(),
            "live": self.aggregation.snapshot(),
            "watermark": self.watermark,
        }

    def restore(self, state: Any) -> None:
        self.inputs.restore(state["inputs"])
        self.aggregation.restore(state["live"])
        self.runs.restore(state["runs"])
        self.watermark = state["watermark"]


def _parts(counts: Int64s) -> list[slice]:
    """Cut windows into stretches of about ``EXPANSION`` rows together."""
    total = np.cumsum(counts)
    cuts = np.searchsorted(total, np.arange(EXPANSION, int(total[-1]) + EXPANSION, EXPANSION)).tolist()
    stops = sorted({min(cut + 1, len(counts)) for cut in cuts})
    return [slice(a, b) for a, b in zip([0, *stops[:-1]], stops, strict=True)]
