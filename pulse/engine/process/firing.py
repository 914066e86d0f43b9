"""What time does to a process: timers fire, windows end, state is dropped; and how its methods are called."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from pulse.engine.operator import Failure, Operator, Out
from pulse.engine.person import describe, line_of
from pulse.engine.process.call import OUTSIDE, Call
from pulse.engine.process.context import ProcessContext
from pulse.engine.process.entries import Entries
from pulse.engine.process.handles import EventHandle, ProcessingHandle
from pulse.engine.process.outputs import Outputs
from pulse.engine.process.timers import Timer, Timers, Which
from pulse.errors import PipelineError, PulseError, RecordError, cut
from pulse.graph.ops import MAIN
from pulse.model.state import EventTimer
from pulse.model.tagged import Tagged
from pulse.model.time import MAX_EVENT_TIME, MAX_TIME, MIN_TIME, format_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.engine.operator import StepContext
    from pulse.graph.ops import ProcessOp


class TimedProcess(Operator):
    """A process without its records: state, timers, windows, and the passing of time.

    Args:
        op: the step.
        lateness: how long after its end a window takes records, microseconds.
        windowed: whether there is a window other than the global one.
        context: the step's context.
    """

    stateful = True

    def __init__(self, op: ProcessOp, *, lateness: int, windowed: bool, context: StepContext) -> None:
        super().__init__(context)
        self.label = op.name
        self.person = copy.copy(op.process)
        self.lateness = lateness
        self.guarded = op.on_error != "fail"
        self.call = Call(journaling=self.guarded)
        self.outputs = Outputs([tag for tag, _ in op.tags], windowed=windowed)
        self.ctx = ProcessContext(self.call, self.outputs, context.clock)
        self.entries = Entries(op.declared, self.call, self.ctx)
        self.events, self.alarms = Timers(), Timers()
        for name, spec in op.declared.timers:
            if isinstance(spec, EventTimer):
                handle: Any = EventHandle(name, self.events, self.call, self.ctx)
            else:
                handle = ProcessingHandle(name, self.alarms, self.call, self.ctx)
            setattr(self.ctx, name, handle)
        self.timed = bool(op.declared.timers)
        self.ending: list[tuple[int, int]] = []
        self.closed: list[int] = []
        self.watermark = self.before = self.released = MIN_TIME
        """The input watermark, the one that results are emitted with, and the last one that was handed on."""
        self.running = self.ringing = False

    # -- calls -------------------------------------------------------------------------------------------

    def _emit(self, found: Any, time: int, start: int) -> None:
        """Take what a call returned."""
        if found.__class__ is dict:
            self.outputs.add(MAIN, found, time, start)
            return
        if isinstance(found, str | bytes) or not isinstance(found, Iterable):
            method = "process" if self.call.output_time is None else "on_timer"
            raise PipelineError(
                f"{method} returned {type(found).__name__} {cut(repr(found), 60)}, but must return a dict, "
                "an iterable of records, or None",
                hint="return a dict, or wrap a single record in a list",
            )
        for record in found:
            if isinstance(record, Tagged):
                self.outputs.add(record.tag, record.value, time, start)
            else:
                self.outputs.add(MAIN, record, time, start)

    def _attend(self, start: int, key: Any) -> None:
        """Do what a call has made due: forget an empty entry, fire timers whose time has passed."""
        call = self.call
        call.attention = call.dropped = False
        self.entries.settle(start, key)
        self._catch_up()

    def _catch_up(self) -> None:
        """Fire the timers whose time has passed, and those that they set."""
        now = self.context.clock.now
        while True:
            if self.call.soonest <= self.watermark:
                self._fire(self.watermark)
            first = self.alarms.first if len(self.alarms) else None
            if first is None or first > now:
                return
            self._ring(now)

    def _open_window(self, start: int, end: int) -> None:
        call = self.call
        expiry = MAX_TIME if end > MAX_TIME - self.lateness else end + self.lateness
        self.entries.windows[start] = {}
        call.ends[start] = end
        call.last_times[start] = min(expiry - 1, MAX_EVENT_TIME)
        heappush(self.ending, (expiry, start))
        call.soonest = min(call.soonest, expiry)

    # -- time passes --------------------------------------------------------------------------------------

    def advance(self, watermark: int) -> Iterable[Out]:
        """Do what is due by a watermark; at the end of the input, all there is."""
        if watermark > self.watermark:
            self._set_up()
            if watermark == MAX_TIME:
                self.ctx.watermark = watermark
                self._ring(MAX_TIME)
            self._reach(watermark)
        yield from self._flush()
        if watermark == MAX_TIME and self.running:
            self.running = False
            self._lifecycle("teardown")

    def tick(self) -> Iterable[Out]:
        """Fire the processing-time timers whose time has come."""
        self._set_up()
        self._catch_up()
        self.call.entry = OUTSIDE
        yield from self._flush()

    @property
    def due(self) -> int | None:
        """When the first processing-time timer fires."""
        return self.alarms.first if len(self.alarms) else None

    def output_watermark(self, watermark: int) -> int:
        """Return the watermark, held where a timer says so."""
        self.released = max(self.released, self._hold(watermark))
        return self.released

    def _hold(self, watermark: int) -> int:
        for timers in (self.events, self.alarms):
            hold = timers.hold
            if hold is not None and hold < watermark:
                watermark = hold
        return watermark

    def _mark(self, watermark: int) -> int:
        """Return the output watermark in force while the input watermark is this."""
        return max(self.released, self._hold(watermark))

    def _reach(self, mark: int) -> None:
        if self.call.soonest <= mark:
            self._fire(mark)
        self.watermark = self.before = self.ctx.watermark = mark
        self.call.entry = OUTSIDE

    def _fire(self, mark: int) -> None:
        """Do all event-time work up to a watermark, by time; results have the watermark in force before."""
        call, ending = self.call, self.ending
        self.watermark = self.ctx.watermark = mark
        while True:
            timer, over = self.events.first, ending[0][0] if ending else None
            self.entries.reap(min(at for at in (timer, over, mark) if at is not None))
            if timer is not None and timer <= mark and (over is None or timer < over):
                self.released = self._mark(self.before)
                found = self.events.take(mark)
                assert found is not None  # noqa: S101 - it was just seen
                self._call_timer(*found, time=timer, output=found[2].output)
            elif over is not None and over <= mark:
                self._close(heappop(ending)[1])
            else:
                break
        due = [at for at in (timer, over, self.entries.due) if at is not None]
        call.soonest = min(due, default=MAX_TIME)
        self.before = mark

    def _ring(self, now: int) -> None:
        """Fire the processing-time timers due by a time; those that they set again at the end are dropped."""
        self.ringing = True
        last = self.alarms.number
        while (first := self.alarms.first) is not None and first <= now:
            self.released = self._mark(self.before)
            found = self.alarms.take(now)
            assert found is not None  # noqa: S101 - it was just seen
            start, _, timer = found
            if now == MAX_TIME and timer.number > last:
                continue
            time = timer.output if timer.holds else max(timer.output, self.before)
            time = min(time, self.call.last_times[start])
            self._call_timer(*found, time=time, output=time)
        self.ringing = False

    def _call_timer(self, start: int, which: Which, timer: Timer, *, time: int, output: int) -> None:
        """Call ``on_timer``; when it fails, what it changed is taken back and the timer is over."""
        call, ctx, outputs = self.call, self.ctx, self.outputs
        key, name, ctx.tag = which
        entries = self.entries.windows[start]
        fresh = entries.get(key)
        call.entry = entry = self.entries.blank.copy() if fresh is None else fresh
        ctx.key, ctx.time = key, time
        if self.entries.ttls:
            self.entries.expire(entry, time)
        call.start, call.output_time, outputs.mark = start, output, self.released
        if call.journal is not None:
            call.journal.clear()
        lengths = outputs.lengths()
        try:
            found = self.person.on_timer(ctx, name)
            if found is not None:
                self._emit(found, output, start)
        except Exception as error:  # noqa: BLE001 - a person's function may raise anything
            call.take_back()
            outputs.cut(lengths)
            self._fail(error, f"timer {name!r} of key {cut(repr(key))} at {format_time(timer.at)}", output)
        if fresh is None and not self.entries.is_blank(entry):
            entries[key] = entry
        if call.attention:
            call.attention = call.dropped = False
            self.entries.settle(start, key)
            if len(self.alarms) and not self.ringing:
                self._ring(MAX_TIME if ctx.ended else self.context.clock.now)

    def _fail(self, error: Exception, what: str, time: int) -> None:
        """Deal with a timer that failed as the policy says; no record is lost with it."""
        context = self.context
        reason = error.message if isinstance(error, PulseError) else describe(error)
        if not self.guarded:
            raise RecordError(
                reason,
                step=context.name,
                record=what,
                where=line_of(error, self.person.on_timer),
                hint=error.hint if isinstance(error, PulseError) else None,
            ) from error
        context.observer.dropped(context.name, "error", 1)
        if context.on_error == "dead_letter":
            context.add_failures([Failure(what, reason, None, time, self.released)])

    def _close(self, start: int) -> None:
        """Forget a window: its state, and the timers that have not fired."""
        del self.entries.windows[start]
        self.events.drop(start)
        self.alarms.drop(start)
        self.closed.append(start)

    def _flush(self) -> Iterator[Out]:
        for out in self.outputs.flush(self.call.ends):
            if out.tag == MAIN:
                self.context.ledger.emitted += len(out.bundle)
            yield out
        for start in self.closed:
            if start not in self.entries.windows:
                del self.call.ends[start], self.call.last_times[start]
        self.closed.clear()
        yield from self.context.failures()

    # -- life -----------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        if not self.running and self.watermark < MAX_TIME:
            self.running = True
            self._lifecycle("setup")

    def _lifecycle(self, method: str) -> None:
        try:
            getattr(self.person, method)()
        except Exception as error:
            raise RecordError(
                f"{method} of {self.label} failed: {describe(error)}",
                step=self.context.name,
                where=line_of(error, getattr(self.person, method)),
            ) from error

    def left_over(self) -> int:
        """Return how many entries of state and timers there are; none once the input has ended."""
        return len(self.entries) + len(self.events) + len(self.alarms)

    def snapshot(self) -> Any:
        return {
            "entries": self.entries.snapshot(),
            "ends": sorted(self.call.ends.items()),
            "events": self.events.snapshot(),
            "alarms": self.alarms.snapshot(),
            "watermark": self.watermark,
            "released": self.released,
        }

    def restore(self, state: Any) -> None:
        call = self.call
        self.ending, call.ends, call.last_times = [], {}, {}
        for start, end in state["ends"]:
            self._open_window(start, end)
        self.entries.restore(state["entries"])
        self.events.restore(state["events"])
        self.alarms.restore(state["alarms"])
        self.watermark = self.before = state["watermark"]
        self.released = state["released"]
        call.soonest = MIN_TIME  # whatever waits is looked at when the watermark moves next
        self.ctx.watermark = self.watermark
