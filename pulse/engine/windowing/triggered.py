"""Aggregation under any trigger, over any window, one record at a time: the reference for all of them.

Records are taken in order, each after everything that its own watermark makes due; so the outcome is the same
for any cut into bundles. The columnar paths give the same for the default trigger, in bulk.

Source: the order of merging, adding, firing and holding is that of Apache Beam (``GeneralTriggerDriver``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation.values import whole
from pulse.engine.operator import Operator, Out
from pulse.engine.triggers import build_trigger
from pulse.engine.triggers.composed import WatermarkMachine
from pulse.engine.triggers.machine import Moment
from pulse.engine.triggers.simple import ARMED, EndMachine, ProcessingTimeMachine
from pulse.engine.windowing.late import late_records
from pulse.engine.windowing.pane_results import Key, PaneBuilder, PaneResult
from pulse.engine.windowing.window_state import AT_END, Span, WindowState, WindowStates
from pulse.graph.ops import LATE, MAIN
from pulse.model.panes import Pane
from pulse.model.rows import to_values
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulse.engine.operator import StepContext
    from pulse.engine.windowing.accumulators import Accumulators
    from pulse.engine.windowing.inputs import AggregateInputs, Prepared
    from pulse.engine.windowing.spans import RecordSpans
    from pulse.model.bundle import Bundle
    from pulse.model.windows import Windowing

_NAN = float("nan")
_COMBINE = {"earliest": min, "latest": max}


class TriggeredAggregate(Operator):
    """Executes ``AggregateOp`` under a trigger.

    Args:
        inputs: evaluates keys and aggregate inputs.
        windowing: window, trigger, lateness, accumulation, timestamp.
        windows: says the windows of each record.
        accumulators: aggregates.
        builder: makes bundles of what windows give.
        context: the step's context.
    """

    stateful = True

    def __init__(  # noqa: PLR0917 - the parts it is put together from
        self,
        inputs: AggregateInputs,
        windowing: Windowing,
        windows: RecordSpans,
        accumulators: Accumulators,
        builder: PaneBuilder,
        context: StepContext,
    ) -> None:
        super().__init__(context)
        self.inputs = inputs
        self.windows = windows
        self.accumulators = accumulators
        self.builder = builder
        self.trigger = build_trigger(windowing.trigger)
        machines = list(self.trigger.all())
        self.waiting = [m.slot for m in machines if isinstance(m, WatermarkMachine | EndMachine)]
        self.clocked = [m.slot for m in machines if isinstance(m, ProcessingTimeMachine)]
        self.discarding = windowing.accumulation == "discarding"
        self.combine = _COMBINE.get(windowing.timestamp)
        self.shift = windowing.shift_us
        self.states = WindowStates(windowing.lateness_us)
        self.watermark = MIN_TIME
        self.released = MIN_TIME
        self._made: list[PaneResult] = []

    # -- records in -------------------------------------------------------------------------------------

    def process(self, bundle: Bundle) -> Iterable[Out]:
        self.context.ledger.received += len(bundle)
        prepared = self.inputs.prepare(bundle)
        yield from self.context.failures()
        late = self._take_all(prepared)
        yield from self._outs()
        if late:
            rows = np.array([row for row, _ in late], np.int64)
            spans = np.array([span for _, span in late], np.int64)
            gone = prepared.bundle.take(rows)
            self.context.ledger.late += len(gone)
            self.context.observer.dropped(self.context.name, "late", len(gone))
            yield Out(LATE, late_records(gone, spans[:, 0], spans[:, 1]))

    def _take_all(self, prepared: Prepared) -> list[tuple[int, Span]]:
        """Take records in order; return the rows that came too late, with their last window."""
        bundle, ledger = prepared.bundle, self.context.ledger
        size = len(bundle)
        marks = np.broadcast_to(np.asarray(bundle.watermarks, np.int64), size).tolist()
        late = []
        rows = zip(
            marks,
            bundle.times.tolist(),
            _keys(prepared, self.inputs.by),
            self.accumulators.values(prepared, self.windows.places(bundle)),
            self.windows.spans(bundle),
            strict=True,
        )
        for row, (mark, time, key, values, spans) in enumerate(rows):
            if mark > self.watermark:
                self._advance(mark)
            if not spans:
                ledger.filtered += 1
            elif spans[0][1] > mark:  # and so all of them: the first one ends first
                self._take(key, time, mark, values, spans)
            elif open_ := [span for span in spans if self.states.over(span[1]) > mark]:
                self._take(key, time, mark, values, open_)
            else:
                late.append((row, spans[-1]))
        return late

    def _take(self, key: Key, time: int, mark: int, values: tuple[Any, ...], spans: list[Span]) -> None:
        """Take one record into the windows that are still open for it."""
        owner = None
        for span in spans:
            state = self._merged(key, span) if self.windows.merging else self.states.get(key, span)
            if state is None:
                state = WindowState(*span, self.accumulators.create())
                self.states.put(key, state, self.watermark)
            if not state.finished:
                owner = state
                self._add(key, state, time, mark, values)
        ledger = self.context.ledger
        if owner is None:
            ledger.filtered += 1
            self.context.observer.dropped(self.context.name, "closed", 1)
        elif owner.finished or (self.discarding and not owner.fresh):
            ledger.passed += 1
        else:
            owner.held += 1
            ledger.held += 1

    def _add(self, key: Key, state: WindowState, time: int, mark: int, values: tuple[Any, ...]) -> None:
        if self.combine is not None and time + self.shift >= mark:
            time += self.shift
            state.hold = time if state.hold is None else self.combine(state.hold, time)
        self.accumulators.add(state.accumulators, values)
        state.fresh += 1
        at = Moment(mark, state.end, self.context.clock.now)
        self.trigger.add(state.marks, at)
        if self.trigger.ready(state.marks, at):
            self._fire(key, state, at)
        if self.clocked:
            self._watch_clock(key, state)

    def _merged(self, key: Key, span: Span) -> WindowState | None:
        """Return the session that a record joins, after merging what it bridges; None: there is none."""
        found = self.states.overlapping(key, span)
        if not found:
            return None
        start = min(span[0], found[0].start)
        end = max(span[1], *(state.end for state in found))
        same = next((state for state in found if state.span == (start, end)), None)
        if same is not None and len(found) == 1:
            if span[1] != end:
                self.trigger.merged(same.marks)
            return same
        for state in found:
            self.states.remove(key, state)
        into, *others = found
        merged = WindowState(start, end, into.accumulators, into.marks, into.fresh, into.held, into.hold)
        merged.finished = into.finished
        if same is not None:
            merged.index, merged.nonspeculative = same.index, same.nonspeculative
        for other in others:
            self._join(merged, other)
        self.trigger.merged(merged.marks)
        self.states.put(key, merged, self.watermark)
        return merged

    def _join(self, state: WindowState, other: WindowState) -> None:
        self.accumulators.merge(state.accumulators, other.accumulators)
        self.trigger.join(state.marks, other.marks)
        state.fresh += other.fresh
        state.held += other.held
        state.finished = state.finished or other.finished
        if self.combine is not None and other.hold is not None:
            state.hold = other.hold if state.hold is None else self.combine(state.hold, other.hold)

    # -- results out ------------------------------------------------------------------------------------

    def advance(self, watermark: int) -> Iterable[Out]:
        if watermark > self.watermark:
            self._advance(watermark)
        yield from self._outs()

    def tick(self) -> Iterable[Out]:
        now = self.context.clock.now
        for key, state in self.states.take_clocked(now):
            at = Moment(self.watermark, state.end, now)
            if not state.finished and self.trigger.ready(state.marks, at):
                self._fire(key, state, at)
            self._watch_clock(key, state)
        yield from self._outs()

    @property
    def due(self) -> int | None:
        return self.states.due

    def _watch_clock(self, key: Key, state: WindowState) -> None:
        # A deadline that is over is not awaited again: what else its trigger waits for is not the clock.
        now = self.context.clock.now
        waits = [mark for slot in self.clocked if (mark := state.marks.get(slot, now)) > now]
        if waits and not state.finished:
            self.states.wait_until(key, state, min(waits))

    def _advance(self, watermark: int) -> None:
        """Fire and clean up what the watermark makes due, in order of time."""
        for what, key, state in self.states.take_due(watermark):
            if what == AT_END:
                self._at_end(key, state)
            else:
                self._clean_up(key, state)
        self.watermark = watermark

    def _at_end(self, key: Key, state: WindowState) -> None:
        armed = [slot for slot in self.waiting if state.marks.get(slot, 0) & ARMED]
        if state.finished or not armed:
            return
        at = Moment(state.end, state.end, self.context.clock.now)
        if self.trigger.ready(state.marks, at):
            self._fire(key, state, at, on_time=True)
        for slot in armed:
            if slot in state.marks:
                state.marks[slot] &= ~ARMED

    def _clean_up(self, key: Key, state: WindowState) -> None:
        """Give what no firing has given, and forget the window."""
        if state.fresh:
            self._give(key, state, self.states.over(state.end), on_time=not self.states.lateness, last=True)
        self.states.remove(key, state)
        self._pass(state)

    def _fire(self, key: Key, state: WindowState, at: Moment, *, on_time: bool = False) -> None:
        finished = self.trigger.fire(state.marks, at)
        last = finished or (on_time and not self.states.lateness)
        self._give(key, state, at.watermark, on_time=on_time, last=last)
        state.finished = finished
        state.fresh = 0
        if finished or self.discarding:
            state.accumulators = self.accumulators.create()
            self._pass(state)

    def _give(self, key: Key, state: WindowState, mark: int, *, on_time: bool, last: bool) -> None:
        early = mark < state.end
        number = -1 if early else state.nonspeculative
        timing = "early" if early else "on_time" if on_time and not number else "late"
        pane = Pane(timing, state.index, number, state.index == 0, last)  # type: ignore[arg-type]
        state.index += 1
        state.nonspeculative += not early
        time = state.end - 1 if state.hold is None else state.hold
        if not (early and self.trigger.keeps_hold):
            state.hold = None
        kept = not (last or self.discarding)
        results = self.accumulators.extract(state.accumulators, kept=kept)
        self._made.append(PaneResult(key, *state.span, results, time, self._mark(), pane))

    def _pass(self, state: WindowState) -> None:
        ledger = self.context.ledger
        ledger.passed += state.held
        ledger.held -= state.held
        state.held = 0

    def _outs(self) -> Iterator[Out]:
        made, self._made = self._made, []
        if made:
            bundle = self.builder.build(made)
            self.context.ledger.emitted += len(bundle)
            yield Out(MAIN, bundle)

    # -- watermark out ----------------------------------------------------------------------------------

    def _mark(self) -> int:
        """Return the output watermark in force: that of the moment before what is due now."""
        return self.output_watermark(self.watermark)

    def output_watermark(self, watermark: int) -> int:
        """Results that take their time from their records hold the watermark at the first open window."""
        if self.combine is not None and watermark != MAX_TIME:
            watermark = min(watermark, self._first_open(watermark))
        self.released = max(self.released, watermark)
        return self.released

    def _first_open(self, watermark: int) -> int:
        if not self.windows.merging:
            return self.windows.first_open(watermark)
        return min((state.start for _, state in self.states if state.end > watermark), default=watermark)

    # -- state --------------------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        return {
            "inputs": self.inputs.snapshot(),
            "types": self.builder.snapshot(),
            "taken": self.accumulators.taken,
            "watermark": self.watermark,
            "released": self.released,
            "windows": [
                {
                    "key": key,
                    "span": state.span,
                    "accumulators": self.accumulators.save(state.accumulators),
                    "marks": dict(state.marks),
                    "counts": (state.fresh, state.held, state.index, state.nonspeculative),
                    "hold": state.hold,
                    "finished": state.finished,
                    "due": state.due,
                }
                # As they were opened, so that those due at one time come up in the same order when restored.
                for key, state in sorted(self.states, key=lambda found: found[1].number)
            ],
        }

    def restore(self, state: Any) -> None:
        self.inputs.restore(state["inputs"])
        self.builder.restore(state["types"])
        self.accumulators.taken = state["taken"]
        self.watermark, self.released = state["watermark"], state["released"]
        self.states = WindowStates(self.states.lateness)
        for saved in state["windows"]:
            fresh, held, index, nonspeculative = saved["counts"]
            found = WindowState(
                start=saved["span"][0],
                end=saved["span"][1],
                accumulators=self.accumulators.load(saved["accumulators"]),
                marks=dict(saved["marks"]),
                fresh=fresh,
                held=held,
                hold=saved["hold"],
                index=index,
                nonspeculative=nonspeculative,
                finished=saved["finished"],
                due=saved["due"],
            )
            self.states.put(tuple(map(_one, saved["key"])), found, self.watermark)


def _keys(prepared: Prepared, by: tuple[str, ...]) -> Iterable[Key]:
    """Return the key of each record: values that are equal when the keys are."""
    if not by:
        return [()] * len(prepared.bundle)
    return zip(*(_values(prepared.columns.column(name)) for name in by), strict=True)


def _values(column: pa.ChunkedArray[Any]) -> list[Any]:
    values = to_values(whole(column))
    return list(map(_one, values)) if pa.types.is_floating(column.type) else values


def _one(value: Any) -> Any:
    """Return a value that equals itself: there is one NaN."""
    return _NAN if value != value else value  # noqa: PLR0124
