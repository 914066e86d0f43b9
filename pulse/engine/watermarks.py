"""Machines that turn event times into watermarks, as a strategy declares."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from pulse.engine.person import describe, line_of
from pulse.errors import RecordError
from pulse.model.time import MAX_TIME, MIN_TIME, format_time
from pulse.model.watermarks import (
    BoundedOutOfOrderness,
    EndOnly,
    FromField,
    FromFunction,
    FromSource,
    WatermarkStrategy,
)

if TYPE_CHECKING:
    from pulse.model.bundle import Int64s


class WatermarkGenerator:
    """The watermark of one split: before each record, and after the last one seen.

    Source: per-element watermarks in the order of the split, so that no cutting into bundles matters.
    """

    def __init__(self, strategy: WatermarkStrategy) -> None:
        self.strategy = strategy
        self.current = MIN_TIME
        self.highest = MIN_TIME

    def assign(
        self, times: Int64s, *, promises: Int64s | None = None, promised: int | None = None
    ) -> Int64s | int:
        """Return the watermark in force just before each record, and take the records into account.

        Args:
            times: event times of the next records of the split, in order.
            promises: the values of the watermark field, for ``FromField``.
            promised: what the source itself promises after these records, for ``FromSource``.
        """
        strategy = self.strategy
        if isinstance(strategy, EndOnly) or not len(times):
            self._promise(promised)
            return self.current
        if isinstance(strategy, BoundedOutOfOrderness):
            return self._bounded(times, strategy.delay_us)
        if isinstance(strategy, FromField) and promises is not None:
            return self._after(promises)
        if isinstance(strategy, FromFunction):
            return self._after(self._called(times, strategy))
        before = self.current
        self._promise(promised)
        return before

    def _promise(self, promised: int | None) -> None:
        if promised is not None and isinstance(self.strategy, FromSource):
            self.current = max(self.current, promised)

    def _bounded(self, times: Int64s, delay: int) -> Int64s:
        running = np.maximum.accumulate(np.concatenate([np.array([self.highest], np.int64), times]))
        self.highest = int(running[-1])
        floor = MIN_TIME + delay
        marks: Int64s = np.maximum(np.maximum(running, floor) - delay, self.current)
        self.current = int(marks[-1])
        return marks[:-1]

    def _after(self, promises: Int64s) -> Int64s:
        marks = np.maximum.accumulate(np.concatenate([np.array([self.current], np.int64), promises]))
        self.current = int(marks[-1])
        return marks[:-1]

    def _called(self, times: Int64s, strategy: FromFunction) -> Int64s:
        promises = np.empty(len(times), np.int64)
        mark = self.current
        for i, time in enumerate(times.tolist()):
            try:
                promised = index(strategy.function(time, mark))
            except Exception as error:
                raise RecordError(
                    f"the watermark function failed on event time {format_time(time)}: {describe(error)}",
                    where=line_of(error, strategy.function),
                    hint="it takes the event time and the watermark before, and returns an integer, "
                    "both in microseconds",
                ) from error
            mark = min(max(mark, promised), MAX_TIME)
            promises[i] = mark
        return promises

    def end(self) -> None:
        """The split is over: nothing more comes."""
        self.current = MAX_TIME

    def snapshot(self) -> Any:
        """Return the state as plain data."""
        return {"current": self.current, "highest": self.highest}

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave."""
        self.current, self.highest = state["current"], state["highest"]
