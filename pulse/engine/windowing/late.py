"""Records that came too late: the original record, its window, and how late it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pulse.engine.convert import VALUE
from pulse.engine.windowing.bounds import bound_column
from pulse.graph.ops.grouping import LATE_TYPE
from pulse.model.rows import to_values
from pulse.model.time import MAX_TIME

if TYPE_CHECKING:
    from pulse.model.bundle import Bundle, Int64s


def saturating_add(values: Int64s, amount: int) -> Int64s:
    """Add to times without passing the end of time.

    Example:
        >>> saturating_add(np.array([1, MAX_TIME]), 5).tolist() == [6, MAX_TIME]
        True
    """
    return np.where(values > MAX_TIME - amount, MAX_TIME, np.minimum(values, MAX_TIME - amount) + amount)


def late_records(bundle: Bundle, starts: Int64s, ends: Int64s) -> Bundle:
    """Return late records with ``window_start``, ``window_end`` and ``late_by``.

    Args:
        bundle: the late records.
        starts: start of the last window of each.
        ends: end of that window; ``late_by`` is how far the watermark was past it.
    """
    marks = np.broadcast_to(np.asarray(bundle.watermarks, np.int64), len(bundle))
    delay = marks - ends
    if bundle.is_rows:
        begun, over = (to_values(bound_column(times)) for times in (starts, ends))
        rows = [
            {
                **(row if isinstance(row, dict) else {VALUE: row}),
                "window_start": start,
                "window_end": end,
                "late_by": timedelta(microseconds=late),
            }
            for row, start, end, late in zip(bundle.rows, begun, over, delay.tolist(), strict=True)
        ]
        return replace(bundle, data=rows, windows=None)
    columns = dict(zip(bundle.batch.schema.names, bundle.batch.columns, strict=True))
    columns["window_start"] = bound_column(starts)
    columns["window_end"] = bound_column(ends)
    columns["late_by"] = pa.array(delay).cast(LATE_TYPE)
    batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
    return replace(bundle, data=batch, windows=None)
