"""Give every record a new event time and the watermark that goes with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.operator import Elementwise
from pulse.engine.operators.function import call_each
from pulse.engine.watermarks import WatermarkGenerator
from pulse.errors import RecordError
from pulse.model.time import MAX_EVENT_TIME, MAX_TIME, MIN_EVENT_TIME, MIN_TIME, from_datetime
from pulse.model.watermarks import FromField

if TYPE_CHECKING:
    from pulse.engine.operator import StepContext
    from pulse.graph.ops import TimestampOp
    from pulse.model.bundle import Bundle, Int64s


class TimestampOperator(Elementwise):
    """Executes ``TimestampOp``. Its output watermark follows the new times, not the old ones."""

    def __init__(self, op: TimestampOp, context: StepContext) -> None:
        super().__init__(context)
        self.time = op.time
        self.generator = WatermarkGenerator(op.watermarks)

    def apply(self, bundle: Bundle) -> Bundle:
        kept, times = self._times(bundle)
        marks = self.generator.assign(times, promises=promises(kept, self.generator.strategy))
        return replace(kept, times=times, watermarks=marks)

    def _times(self, bundle: Bundle) -> tuple[Bundle, Int64s]:
        time: Any = self.time
        if callable(time):
            results, good = call_each(
                lambda row: to_micros(time(row)), bundle.rows, bundle, self.context, person=time
            )
            return bundle if good is None else bundle.take(good), np.array(results, np.int64)
        if bundle.is_rows:
            values = [row.get(time.field) if isinstance(row, dict) else None for row in bundle.rows]
            times, bad, reason = time.parse_values(values)
        else:
            times, bad, reason = time.parse_column(bundle.batch.column(time.field))
        if not bad.any():
            return bundle, times
        for row in np.flatnonzero(bad).tolist():
            self.context.reject(bundle, row, reason(row))
        return bundle.take(~bad), times[~bad]

    def output_watermark(self, watermark: int) -> int:
        """The input watermark speaks of the old times; only its end is the end of the new ones too."""
        if watermark == MAX_TIME:
            self.generator.end()
        return self.generator.current

    def snapshot(self) -> Any:
        return self.generator.snapshot()

    def restore(self, state: Any) -> None:
        self.generator.restore(state)


def to_micros(time: Any) -> int:
    """Return what a person's function gave as an event time.

    Raises:
        ValueError: when it is neither a datetime nor an integer in range.

    Example:
        >>> to_micros(5), to_micros(datetime(1970, 1, 1, 0, 0, 1))
        (5, 1000000)
    """
    if isinstance(time, datetime):
        return from_datetime(time)
    if isinstance(time, bool) or not isinstance(time, int | np.integer):
        raise ValueError(f"event time {time!r} is neither a datetime nor an integer in microseconds")  # noqa: TRY004
    if not MIN_EVENT_TIME <= time <= MAX_EVENT_TIME:
        raise ValueError(f"event time {time} is outside the years 1 to 9999 (microseconds since the epoch)")
    return int(time)


def promises(bundle: Bundle, strategy: Any) -> Int64s | None:
    """Return the values of the watermark field, when the strategy reads one; null promises nothing.

    Raises:
        RecordError: when a value is neither an integer nor a time.
    """
    if not isinstance(strategy, FromField):
        return None
    name = strategy.field
    if bundle.is_rows:
        records = [row if isinstance(row, dict) else {} for row in bundle.rows]
        return np.array([_promise(record.get(name), name) for record in records], np.int64)
    column = bundle.batch.column(name)
    kind = column.type
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    elif not (pa.types.is_integer(kind) or pa.types.is_null(kind)):
        raise _no_promise(name, str(kind))
    filled: Any = column.cast(pa.int64()).fill_null(MIN_TIME)
    return np.asarray(filled.to_numpy(zero_copy_only=False), np.int64)


def _promise(value: Any, field: str) -> int:
    if value is None:
        return MIN_TIME
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise _no_promise(field, f"{type(value).__name__} {value!r}")
    return max(MIN_TIME, min(int(value), MAX_TIME))


def _no_promise(field: str, found: str) -> RecordError:
    return RecordError(
        f"watermark field {field!r} is {found}, but must be a timestamp or an integer in microseconds"
    )
