"""What late records make windows fire again: one pane per late record and window, many records at once.

Taking late records one by one is what it means; but each costs as much as a bundle. Between two moments at
which windows end, nothing else fires, so all late records of such a stretch are taken together: the pane of
a record holds what was in state before the stretch, and the late records of the stretch up to itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation import concat
from pulse.engine.windowing.late import saturating_add
from pulse.engine.windowing.merging import key_codes
from pulse.engine.windowing.runs import SLICE

if TYPE_CHECKING:
    from pulse.engine.windowing.inputs import AggregateInputs, Prepared
    from pulse.engine.windowing.runs import SortedRuns
    from pulse.engine.windowing.slicing import Slicing
    from pulse.model.bundle import Int64s

_PANE, _LATE = "__pane", "__late"


class Panes(NamedTuple):
    """Windows that fire again, in order.

    Args:
        table: merged partial aggregates, one row per pane.
        starts: window start of each.
        ends: window end of each.
        marks: the watermark in force at each.
    """

    table: pa.Table
    starts: Int64s
    ends: Int64s
    marks: Int64s


class LatePanes:
    """Finds the panes of late records.

    Args:
        inputs: names the keys, and aggregates.
        slicing: how the window cuts time.
        lateness: allowed lateness, microseconds.
        discarding: whether a pane holds its record alone.
    """

    def __init__(self, inputs: AggregateInputs, slicing: Slicing, lateness: int, *, discarding: bool) -> None:
        self.by = list(inputs.by)
        self.aggregation = inputs.aggregation
        self.slicing = slicing
        self.lateness = lateness
        self.discarding = discarding

    def of(self, prepared: Prepared, slices: Int64s, marks: Int64s, state: SortedRuns) -> Panes | None:
        """Return the panes that records cause; None when none does.

        The caller releases the accumulators in the table.

        Args:
            prepared: records, no window ending between the watermark of the first and that of the last.
            slices: the slice of each.
            marks: the watermark of each.
            state: what came before them.
        """
        rows, starts = self._windows(slices, marks)
        if not len(rows):
            return None
        ends = self.slicing.ends(starts)
        late, owners = np.unique(rows, return_inverse=True)
        taken = prepared.take(np.isin(np.arange(len(slices)), late))
        columns = taken.columns.append_column(SLICE, pa.array(slices[late]))
        columns = columns.append_column(_LATE, pa.array(np.arange(len(late))))
        own = self.aggregation.partial(columns, [_LATE, SLICE, *self.by], taken.bundle.times, taken.records)
        pane = np.arange(len(rows))
        if self.discarding:
            parts = [(own, owners, pane)]
        else:
            before = state.between(int(starts.min()), int(ends.max()))
            stops = ends if self.slicing.overlapping else starts + 1
            parts = self._contents(own, before, owners, starts, stops)
        table = self._merge(parts)
        self.aggregation.release(own)
        keys = own.select(self.by).take(pa.array(owners, pa.int64()))
        for i, name in enumerate(self.by):
            table = table.add_column(i, name, keys.column(name))
        return Panes(table, starts, ends, marks[rows])

    def _windows(self, slices: Int64s, marks: Int64s) -> tuple[Int64s, Int64s]:
        """Return, in order, each record with the start of each window that it enters after its end."""
        unique, which = np.unique(slices, return_inverse=True)
        if not self.slicing.overlapping:
            over = self.slicing.ends(unique)[which]
            open_ = (over <= marks) & (saturating_add(over, self.lateness) > marks)
            return np.flatnonzero(open_), slices[open_]
        starts = self.slicing.windows(unique)
        ends = self.slicing.ends(starts)
        low = np.searchsorted(ends, unique, side="right")
        high = np.searchsorted(starts, unique, side="right")
        counts = (high - low)[which]
        rows = np.repeat(np.arange(len(slices)), counts)
        first = np.repeat(low[which] - (np.cumsum(counts) - counts), counts)
        found = first + np.arange(len(rows))
        over, mark = ends[found], marks[rows]
        open_ = (over <= mark) & (saturating_add(over, self.lateness) > mark)
        return rows[open_], starts[found[open_]]

    def _contents(
        self, own: pa.Table, state: pa.Table | None, owners: Int64s, starts: Int64s, stops: Int64s
    ) -> list[tuple[pa.Table, Int64s, Int64s]]:
        """Return, from state and from the late records, which rows belong to which pane."""
        tables = [own] if state is None else [own, state]
        shared = [*self.by, SLICE]
        codes = key_codes(concat([table.select(shared) for table in tables]), self.by)
        mine = codes[: own.num_rows]
        found = []
        for table, code in zip(tables, (mine, codes[own.num_rows :]), strict=False):
            index = _Index(code, table.column(SLICE).to_numpy())
            rows, panes = index.between(mine[owners], starts, stops)
            if table is own:
                before = rows <= owners[panes]
                rows, panes = rows[before], panes[before]
            found.append((table, rows, panes))
        return found[::-1]

    def _merge(self, parts: list[tuple[pa.Table, Int64s, Int64s]]) -> pa.Table:
        """Merge the rows of each pane, slice by slice; in a slice those of the first part first."""
        pane = np.concatenate([panes for _, _, panes in parts])
        kept = [name for name in parts[0][0].column_names if name not in {_LATE, SLICE, *self.by}]
        found = concat([table.select(kept).take(pa.array(rows, pa.int64())) for table, rows, _ in parts])
        slices = np.concatenate([table.column(SLICE).to_numpy()[rows] for table, rows, _ in parts])
        order = np.lexsort((slices, pane))
        found = found.take(pa.array(order, pa.int64())).append_column(_PANE, pa.array(pane[order]))
        merged = self.aggregation.merge(found, [_PANE]).drop_columns([_PANE])
        for table, _, _ in parts[:-1]:
            self.aggregation.release(table)
        return merged


class _Index:
    """Rows by key and slice, so that the rows of a key between two slices are found by binary search."""

    def __init__(self, codes: Int64s, slices: Int64s) -> None:
        self.slices, rank = np.unique(slices, return_inverse=True)
        self.width = len(self.slices) + 1
        places = codes * self.width + rank
        self.order = np.argsort(places, kind="stable")
        self.places = places[self.order]

    def between(self, codes: Int64s, low: Int64s, high: Int64s) -> tuple[Int64s, Int64s]:
        """Return the rows with each key and ``low <= slice < high``, and which query found each."""
        base = codes * self.width
        first = np.searchsorted(self.places, base + np.searchsorted(self.slices, low))
        last = np.searchsorted(self.places, base + np.searchsorted(self.slices, high))
        counts = last - first
        query = np.repeat(np.arange(len(codes)), counts)
        offset = np.repeat(first - (np.cumsum(counts) - counts), counts)
        return self.order[offset + np.arange(len(query))], query
