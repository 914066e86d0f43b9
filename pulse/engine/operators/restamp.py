"""Records that a person's function gave an event time of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from pulse.engine.windowing.assign import WindowAssigner
from pulse.errors import RecordError, cut
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME, from_datetime
from pulse.model.timestamped import Timestamped
from pulse.model.windows import Session

if TYPE_CHECKING:
    from pulse.engine.operator import StepContext
    from pulse.graph.collection import CollectionType
    from pulse.model.bundle import Bundle


class Restamper:
    """Takes ``Timestamped`` records out of their wrapping; their window is that of their new time.

    Args:
        after: the type of the records.
        context: the step's context.
    """

    def __init__(self, after: CollectionType, context: StepContext) -> None:
        self.context = context
        self.grouped = after.grouped
        self.windows = WindowAssigner(after.windowing)

    def __call__(self, bundle: Bundle, *, windowless: bool = False) -> Bundle:
        """Return the records with their new times.

        Args:
            bundle: rows, some of them ``Timestamped``.
            windowless: whether the records carry no window although those of the collection do.

        Raises:
            RecordError: for a time that is none, or that names no one window.
        """
        stamped = [i for i, row in enumerate(bundle.rows) if isinstance(row, Timestamped)]
        if not stamped:
            return bundle
        times = bundle.times.copy()
        times[stamped] = [self._time(bundle.rows[i]) for i in stamped]
        rows = [row.value if isinstance(row, Timestamped) else row for row in bundle.rows]
        made = replace(bundle, data=rows, times=times)
        if bundle.windows is None and not (windowless and self.grouped):
            return made
        if self.windows.spreads or isinstance(self.windows.window, Session):
            raise RecordError(
                f"a time does not name one of the windows {self.windows.window}, which the records carry",
                step=self.context.name,
                hint="put a Window in front of the step, or yield records without Timestamped",
            )
        return replace(made, windows=self.windows.of(times))

    def _time(self, record: Timestamped) -> int:
        time = record.time
        if isinstance(time, datetime):
            return from_datetime(time)
        if (
            isinstance(time, bool)
            or not isinstance(time, int)
            or not MIN_EVENT_TIME <= time <= MAX_EVENT_TIME
        ):
            raise RecordError(
                f"Timestamped has the time {cut(repr(time))}, but an event time is a datetime or whole "
                "microseconds in the years 1 to 9999",
                step=self.context.name,
                record=cut(repr(record.value)),
            )
        return time
