"""From merged partial aggregates to the records that a window emits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pulse.engine.windowing.inputs import TIME
from pulse.graph.ops.grouping import WINDOW_TYPE
from pulse.model.bundle import Bundle, Int64s, Windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation import GroupedAggregation


class ResultBuilder:
    """Builds result bundles: key fields, window bounds, aggregates.

    Args:
        keys: the key fields.
        aggregation: extracts the aggregates.
        show_windows: whether results have the fields ``window_start`` and ``window_end``.
        hidden: whether a hidden aggregate gives the event time.
    """

    def __init__(
        self, keys: Sequence[str], aggregation: GroupedAggregation, *, show_windows: bool, hidden: bool
    ) -> None:
        self.keys = tuple(keys)
        self.aggregation = aggregation
        self.show_windows = show_windows
        self.hidden = hidden

    def build(
        self, merged: pa.Table, by: Sequence[str], starts: Int64s, ends: Int64s, watermarks: Int64s | int
    ) -> Bundle:
        """Return the results of windows.

        Args:
            merged: one row per key and window, sorted by window end.
            by: the columns that ``merged`` is grouped by; the keys first.
            starts: window start of each row.
            ends: window end of each row.
            watermarks: the output watermark in force when each row is emitted.
        """
        extracted = self.aggregation.extract(merged, by).combine_chunks()
        columns = {key: _array(extracted, key) for key in self.keys}
        if self.show_windows:
            columns["window_start"] = pa.array(starts).cast(WINDOW_TYPE)
            columns["window_end"] = pa.array(ends).cast(WINDOW_TYPE)
        times = ends - 1
        for name in extracted.column_names:
            if name == TIME:
                times = extracted.column(name).to_numpy()
            elif name not in by:
                columns[name] = _array(extracted, name)
        if not columns:
            columns = {"group": pa.nulls(merged.num_rows)}
        batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        return Bundle(batch, times, watermarks, Windows(starts, ends))


def _array(table: pa.Table, name: str) -> pa.Array:
    column = table.column(name)
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def in_force(ends: Int64s, trajectory: Int64s, before: int) -> Int64s:
    """Return the watermark in force just before each window fires.

    Args:
        ends: window ends, none above the last watermark.
        trajectory: the input watermarks since ``before``, never falling.
        before: the watermark before them.

    Example:
        >>> in_force(np.array([10, 20, 30]), np.array([5, 12, 12, 40]), 0).tolist()
        [5, 12, 12]
    """
    marks = np.concatenate([np.array([before], np.int64), trajectory])
    return marks[np.searchsorted(trajectory, ends, side="left")]
