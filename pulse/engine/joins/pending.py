"""Records that wait for a moment, in sorted runs of growing size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pulse.engine.joins.side import compact, numbers, take

if TYPE_CHECKING:
    import pyarrow as pa

    from pulse.model.bundle import Int64s


class _Run(NamedTuple):
    order: Int64s
    table: pa.Table


class Pending:
    """Rows sorted by a column of times: what is due is cut off the front without touching the rest.

    Runs are merged when the newer has grown to half the older, so that a row is copied about
    ``log(n)`` times in all.

    Args:
        schema: the columns of the rows.
        by: the column that says when a row is due.
    """

    def __init__(self, schema: pa.Schema, by: str) -> None:
        self.schema = schema
        self.by = by
        self.runs: list[_Run] = []

    def __len__(self) -> int:
        return sum(len(run.order) for run in self.runs)

    @property
    def first(self) -> int | None:
        """When the first row is due."""
        return min((int(run.order[0]) for run in self.runs), default=None)

    def add(self, table: pa.Table) -> None:
        """Take rows."""
        if not table.num_rows:
            return
        self.runs.append(self._sorted(table))
        while len(self.runs) > 1 and len(self.runs[-2].order) <= 2 * len(self.runs[-1].order):
            newer, older = self.runs.pop(), self.runs.pop()
            self.runs.append(self._sorted(compact([older.table, newer.table])))

    def between(self, low: int, high: int) -> pa.Table:
        """Return a copy of the rows with ``low < due <= high``."""
        parts = []
        for run in self.runs:
            start, stop = np.searchsorted(run.order, [low, high], side="right").tolist()
            parts.append(run.table.slice(start, stop - start))
        return compact([self.schema.empty_table(), *parts])

    def take_until(self, limit: int) -> pa.Table:
        """Remove and return the rows with ``due <= limit``."""
        parts, kept = [], []
        for run in self.runs:
            stop = int(np.searchsorted(run.order, limit, side="right"))
            parts.append(run.table.slice(0, stop))
            rest = run.table.slice(stop)
            if 0 < rest.num_rows < stop:
                rest = take(rest, np.arange(rest.num_rows))  # a small rest must not hold the large whole
            if rest.num_rows:
                kept.append(_Run(run.order[stop:].copy(), rest))
        self.runs = kept
        return compact([self.schema.empty_table(), *parts])

    def _sorted(self, table: pa.Table) -> _Run:
        order = numbers(table, self.by)
        if (order[1:] >= order[:-1]).all():
            return _Run(order, table)
        places = np.argsort(order, kind="stable")
        return _Run(order[places], take(table, places))

    def snapshot(self) -> Any:
        """Return the rows as one table."""
        return compact([self.schema.empty_table(), *(run.table for run in self.runs)])

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave."""
        self.runs = []
        self.add(state)
