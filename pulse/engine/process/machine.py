"""Executes a person's process: records and timers in the order of time, state by key and window.

Before a record is processed, everything is done that is due by the watermark in force before it. So the order
of calls depends on records, times and watermarks alone, however the records are cut into bundles.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from pulse.engine.operator import Out
from pulse.engine.process.call import OUTSIDE
from pulse.engine.process.firing import TimedProcess
from pulse.engine.process.keys import NO_KEY, Keys
from pulse.engine.process.placing import place
from pulse.engine.windowing.late import late_records
from pulse.graph.ops import LATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.engine.operator import StepContext
    from pulse.engine.process.placing import Placed
    from pulse.engine.windowing.slicing import Slicing
    from pulse.graph.ops import ProcessOp
    from pulse.model.bundle import Bundle


class ProcessOperator(TimedProcess):
    """Executes ``ProcessOp``.

    Args:
        op: the step.
        keys: the key fields.
        slicing: how the window cuts time.
        lateness: how long after its end a window takes records, microseconds.
        windowed: whether there is a window other than the global one.
        context: the step's context.
    """

    def __init__(
        self,
        op: ProcessOp,
        keys: tuple[str, ...],
        slicing: Slicing,
        *,
        lateness: int,
        windowed: bool,
        context: StepContext,
    ) -> None:
        super().__init__(op, lateness=lateness, windowed=windowed, context=context)
        self.keys, self.slicing = Keys(keys, context), slicing

    def process(self, bundle: Bundle) -> Iterable[Out]:
        """Call the process with each record, and with the timers that are due before it."""
        ledger = self.context.ledger
        ledger.received += len(bundle)
        self._set_up()
        keys = self.keys.of(bundle)
        placed = place(bundle, self.slicing, self.lateness)
        failed = {i for i, key in enumerate(keys) if key is NO_KEY} if NO_KEY in keys else set()
        taken = len(bundle) - len(failed)
        late = np.zeros(0, np.int64)
        if placed.rows is not None or placed.over is not None:
            keys, late, gaps = self._sort_out(placed, keys, len(bundle), failed)
            taken -= len(late) + gaps
            ledger.filtered += gaps
            ledger.late += len(late)
        dropped: set[int] = set()
        errored = len(failed)
        self._open(placed)
        self._run(bundle, placed, keys, failed, dropped)
        dropped -= failed
        ledger.filtered += len(dropped)
        ledger.passed += taken - len(dropped) - (len(failed) - errored)
        if len(late):
            self.context.observer.dropped(self.context.name, "late", len(late))
            yield Out(LATE, self._late(bundle, placed, late))
        yield from self._flush()

    def _sort_out(
        self, placed: Placed, keys: list[Any], count: int, failed: set[int]
    ) -> tuple[list[Any], Any, int]:
        """Return the key of each record and window, the late records, and how many have no window."""
        keys = keys if placed.rows is None else [keys[i] for i in placed.rows.tolist()]
        if placed.over is None:
            return keys, np.zeros(0, np.int64), 0
        keys = [NO_KEY if over else key for key, over in zip(keys, placed.over.tolist(), strict=True)]
        rows = np.arange(count) if placed.rows is None else placed.rows
        left = np.ones(count, np.bool_)
        left[rows[~placed.over]] = False
        left[list(failed)] = False
        if placed.gaps is None:
            return keys, np.flatnonzero(left), 0
        return keys, np.flatnonzero(left & ~placed.gaps), int((left & placed.gaps).sum())

    @staticmethod
    def _late(bundle: Bundle, placed: Placed, late: Any) -> Bundle:
        last = late
        if placed.rows is not None:
            # The last of each record's windows.
            last = np.searchsorted(placed.rows, late, side="right") - 1
        return late_records(bundle.take(late), placed.starts[last], placed.ends[last])

    def _open(self, placed: Placed) -> None:
        """Take note of windows that are new, and of when they are over."""
        starts, places = np.unique(placed.starts, return_index=True)
        over = placed.over
        for start, at in zip(starts.tolist(), places.tolist(), strict=True):
            if start in self.entries.windows or (over is not None and over[placed.starts == start].all()):
                continue
            self._open_window(start, int(placed.ends[at]))

    def _run(  # noqa: C901, PLR0912, PLR0915 - the loop over records: everything in it is spelled out for speed
        self, bundle: Bundle, placed: Placed, keys: list[Any], failed: set[int], dropped: set[int]
    ) -> None:
        call, ctx, outputs, main = self.call, self.ctx, self.outputs, self.outputs.main
        windows, blank, ttls, is_blank = (
            self.entries.windows,
            self.entries.blank,
            self.entries.ttls,
            self.entries.is_blank,
        )
        run, guarded, timed = self.person.process, self.guarded, self.timed
        add_row, add_time = main.rows.append, main.times.append
        add_mark, add_start = main.marks.append, main.starts.append
        call.panes, call.output_time, ctx.tag = bundle.panes, None, ""
        count = len(bundle)
        rows: Any = bundle.rows
        times: Any = bundle.times.tolist()
        marks: Any = repeat(bundle.watermarks)
        if not isinstance(bundle.watermarks, int):
            marks = bundle.watermarks.tolist()
        places: Any = range(count)
        if placed.rows is not None:
            places = placed.rows.tolist()
            rows, times = [rows[i] for i in places], [times[i] for i in places]
            marks = marks if isinstance(bundle.watermarks, int) else [marks[i] for i in places]
        starts = placed.starts.tolist()
        lengths: list[int] = []
        watermark = emitted = outputs.mark = self.watermark
        for i, row, key, start, time, mark in zip(places, rows, keys, starts, times, marks):  # noqa: B905 - repeat
            if mark > watermark:
                if call.soonest <= mark:
                    self._fire(mark)
                    call.output_time, ctx.tag = None, ""
                watermark = self.watermark = self.before = emitted = outputs.mark = ctx.watermark = mark
            if key is NO_KEY:
                continue
            if timed:
                emitted = outputs.mark = self.released = self._mark(mark)
            entries = windows[start]
            entry = fresh = entries.get(key)
            if entry is None:
                entry = blank.copy()
            elif ttls:
                self.entries.expire(entry, time)
            ctx.key, ctx.time = key, time
            call.entry, call.start, call.row = entry, start, i
            if guarded:
                call.journal.clear()  # type: ignore[union-attr]
                lengths = outputs.lengths()
            try:
                found = run(ctx, row)
                if found is not None:
                    if found.__class__ is dict:
                        add_row(found)
                        add_time(time)
                        add_mark(emitted)
                        add_start(start)
                    else:
                        self._emit(found, time, start)
            except Exception as error:  # noqa: BLE001 - a person's function may raise anything
                if guarded:
                    call.take_back()
                    outputs.cut(lengths)
                    call.dropped = False
                if i not in failed:
                    self.context.reject(bundle, i, error, function=run)
                failed.add(i)
            if fresh is None and not is_blank(entry):
                entries[key] = entry
            if call.attention:
                if call.dropped:
                    dropped.add(i)
                self._attend(start, key)
                call.output_time, ctx.tag = None, ""
        call.entry = OUTSIDE
