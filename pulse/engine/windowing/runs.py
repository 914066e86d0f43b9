"""Partial aggregates in runs sorted by time, merged in a log-structured way.

Each bundle adds one small run. Neighbours of one level are merged into one of the next, so a row is merged a
logarithmic number of times; because every run is sorted, what is over is a prefix of each, found by binary
search. No Python object exists per key, window or slice.

Source: P. O'Neil et al., "The log-structured merge-tree" (Acta Informatica 1996).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation import ROWS, concat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation import GroupedAggregation
    from pulse.model.bundle import Int64s

SLICE = "__slice"
"""The column that runs are sorted by: the start of a slice or of a session, int64 microseconds."""

FAN_OUT = 8
"""So many neighbouring runs of one level are merged into one of the next."""


class Run(NamedTuple):
    """A table sorted by its slice column, that column as numpy, and how often it was merged."""

    table: pa.Table
    slices: Int64s
    level: int = 0


def make_run(table: pa.Table, level: int = 0) -> Run:
    """Return a table as a run: stably sorted by slice, so that rows of one slice stay in order."""
    slices = table.column(SLICE).to_numpy()
    if len(slices) > 1 and (slices[1:] < slices[:-1]).any():
        order = np.argsort(slices, kind="stable")
        table, slices = table.take(pa.array(order, pa.int64())), slices[order]
    return Run(table.combine_chunks(), slices, level)


class SortedRuns:
    """The partial aggregates of all open windows of a step.

    Args:
        aggregation: knows how to merge them.
        keys: the key columns; rows are grouped by these and the slice.
    """

    def __init__(self, aggregation: GroupedAggregation, keys: Sequence[str]) -> None:
        self.aggregation = aggregation
        self.by = [*keys, SLICE]
        self.runs: list[Run] = []
        self.records = 0

    def add(self, partials: pa.Table) -> None:
        """Add the partial aggregates of a bundle."""
        if not partials.num_rows:
            return
        self.records += records_of(partials)
        self.runs.append(make_run(partials))
        while len(tail := self.runs[-FAN_OUT:]) == FAN_OUT and tail[0].level == tail[-1].level:
            merged = self._merge([run.table for run in tail], consume=True)
            self.runs[-FAN_OUT:] = [make_run(merged, tail[0].level + 1)]

    def _merge(self, tables: Sequence[pa.Table], *, consume: bool) -> pa.Table:
        return self.aggregation.merge(concat(tables), self.by, consume=consume)

    def between(self, low: int, high: int) -> pa.Table | None:
        """Return the merged rows with ``low <= slice < high``, sorted by slice; None when there are none.

        State stays as it is: accumulators of a person's own are copied, and the caller releases the copies.
        """
        found = []
        for run in self.runs:
            start, stop = np.searchsorted(run.slices, [low, high])
            if start < stop:
                found.append(run.table.slice(start, stop - start))
        if not found:
            return None
        # A single run is one row per group already: it came from one partial or one merge.
        single = len(found) == 1 and self.aggregation.liftable
        return found[0] if single else make_run(self._merge(found, consume=False)).table

    def take_below(self, high: int) -> pa.Table | None:
        """Remove and return the merged rows with ``slice < high``, sorted by slice; None when none."""
        kept, found = [], []
        for run in self.runs:
            stop = int(np.searchsorted(run.slices, high))
            if stop:
                found.append(run.table.slice(0, stop))
            if stop < len(run.slices):
                kept.append(Run(run.table.slice(stop), run.slices[stop:], run.level) if stop else run)
        self.runs = kept
        if not found:
            return None
        merged = found[0] if len(found) == 1 else make_run(self._merge(found, consume=True)).table
        self.records -= records_of(merged)
        return merged

    def slices_between(self, low: int, high: int) -> Int64s:
        """Return the distinct slices with ``low <= slice < high``, in order."""
        found = [run.slices[slice(*np.searchsorted(run.slices, [low, high]))] for run in self.runs]
        return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)

    def snapshot(self) -> list[pa.Table]:
        """Return the runs as tables; Arrow data never changes, so this copies nothing."""
        return [run.table for run in self.runs]

    def restore(self, tables: Sequence[pa.Table]) -> None:
        """Take back what ``snapshot`` gave."""
        self.runs = [make_run(table) for table in tables]
        self.records = sum(records_of(table) for table in tables)


def records_of(table: pa.Table) -> int:
    """Return how many records went into partial rows."""
    return int(table.column(ROWS).to_numpy().sum())
