"""From merged partial aggregates to the records that a window emits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pulse.engine.aggregation.values import whole
from pulse.engine.windowing.bounds import bound_column
from pulse.model.bundle import Bundle, Int64s, Windows
from pulse.model.panes import Panes
from pulse.model.rows import to_values
from pulse.model.time import MAX_EVENT_TIME, format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.engine.windowing.inputs import AggregateInputs

GROUP = "group"
"""The one field of a result that would have none: no keys, no window, no aggregates."""


class ResultBuilder:
    """Builds result bundles: key fields, window bounds, aggregates.

    They are columns, unless a person's function gives objects of no declared type: those are rows.

    Args:
        inputs: names the keys, and extracts the aggregates.
        show_windows: whether results have the fields ``window_start`` and ``window_end``.
        refires: whether a window can fire again, so that its panes would have to be numbered.
    """

    def __init__(self, inputs: AggregateInputs, *, show_windows: bool, refires: bool = False) -> None:
        self.inputs = inputs
        self.aggregation = inputs.aggregation
        names = [name for name, _ in self.aggregation.aggregates]
        self.names = names[:-1] if inputs.hidden else names
        self.show_windows = show_windows
        self.refires = refires

    def build(
        self,
        merged: pa.Table,
        starts: Int64s,
        ends: Int64s,
        watermarks: Int64s | int,
        *,
        kept: bool = False,
        again: bool = False,
    ) -> Bundle:
        """Return the results of windows.

        Args:
            merged: one row per key and window, sorted by window end.
            starts: window start of each row.
            ends: window end of each row.
            watermarks: the output watermark in force when each row is emitted.
            kept: whether state goes on with what ``merged`` holds.
            again: whether the windows fire for records that came after their end, and so are behind the
                watermark: results take no time from those.
        """
        describe = self._describer(merged, starts, ends)
        fields = {
            key: whole(merged.column(column))
            for key, column in zip(self.inputs.keys, self.inputs.by, strict=True)
        }
        if self.show_windows:
            fields.setdefault("window_start", bound_column(starts))
            fields.setdefault("window_end", bound_column(ends))
        results: list[Any]
        data: Any
        if self.aggregation.makes_objects:
            results = self.aggregation.extract_objects(merged, describe, kept=kept)
            columns = {name: to_values(column) for name, column in fields.items()}
            columns |= dict(zip(self.names, results, strict=False))
            data = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        else:
            results = [whole(column) for column in self.aggregation.extract(merged, (), describe).columns]
            fields |= dict(zip(self.names, results, strict=False))
            fields = fields or {GROUP: pa.nulls(merged.num_rows)}
            data = pa.RecordBatch.from_arrays(list(fields.values()), names=list(fields))
        # The global window ends when time does; its results come at the last moment that a record can have.
        times = np.minimum(ends - 1, MAX_EVENT_TIME)
        if self.inputs.hidden and not again:
            # A window whose records were all behind the watermark has the time of its end.
            found = pc.fill_null(pa.array(results[-1]).cast(pa.int64()), pa.array(times))
            times = np.minimum(found.to_numpy(), times)
        panes = None if self.refires else Panes.only(len(times))
        return Bundle(data, times, watermarks, Windows(starts, ends), panes=panes)

    def _describer(self, merged: pa.Table, starts: Int64s, ends: Int64s) -> Callable[[int], str]:
        def describe(row: int) -> str:
            parts = [
                f"{key}={merged.column(column)[row].as_py()!r}"
                for key, column in zip(self.inputs.keys, self.inputs.by, strict=True)
            ]
            if self.show_windows:
                parts.append(f"window [{format_time(int(starts[row]))}, {format_time(int(ends[row]))})")
            return ", ".join(parts)

        return describe


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
