"""Records that wait to be found by key and time, in sorted runs of growing size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.joins.search import search, spread
from pulse.engine.joins.side import HASH, SEQ, TIME, compact, numbers, take

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.model.bundle import Int64s, Mask

MATCHED = "__matched"


class Run:
    """Rows sorted by hash of the key, time and arrival, and which of them are past.

    Args:
        table: the rows.
        matched: which have found a match, in the order of the table.
    """

    def __init__(self, table: pa.Table, matched: Mask) -> None:
        order = np.lexsort((numbers(table, SEQ), numbers(table, TIME), numbers(table, HASH)))
        self.table = take(table, order)
        self.matched = matched[order]
        self.hashes, self.times = numbers(self.table, HASH), numbers(self.table, TIME)
        self.by_time = np.argsort(self.times, kind="stable")
        self.sorted_times = self.times[self.by_time]
        self.gone = 0

    def __len__(self) -> int:
        return len(self.times) - self.gone

    def range_of(self, hashes: Int64s) -> tuple[Int64s, Int64s]:
        """Return where the rows with each hash begin and end."""
        return np.searchsorted(self.hashes, hashes, "left"), np.searchsorted(self.hashes, hashes, "right")

    def expire(self, limit: int) -> Int64s:
        """Take the rows with a time below the limit out of account and return their numbers."""
        stop = int(np.searchsorted(self.sorted_times, limit, "left"))
        start, self.gone = self.gone, max(self.gone, stop)
        return self.by_time[start : self.gone]

    def live(self) -> tuple[pa.Table, Mask]:
        """Return the rows that are not past, with whether each has found a match."""
        rows = np.sort(self.by_time[self.gone :])
        return take(self.table, rows), self.matched[rows]


class Index:
    """Rows by hash of the key and time.

    Args:
        schema: the columns of the rows.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.runs: list[Run] = []

    def __len__(self) -> int:
        return sum(map(len, self.runs))

    def add(self, table: pa.Table, matched: Mask) -> None:
        """Take rows, with whether each has found a match."""
        if not table.num_rows:
            return
        self.runs.append(Run(table, matched))
        while len(self.runs) > 1 and len(self.runs[-2]) <= 2 * len(self.runs[-1]):
            self._merge(self.runs[-2:])

    def _merge(self, runs: list[Run]) -> None:
        self.runs = [run for run in self.runs if run not in runs]
        parts = [run.live() for run in runs]
        table = compact([table for table, _ in parts])
        if table.num_rows:
            self.runs.append(Run(table, np.concatenate([matched for _, matched in parts])))

    def probe(self, hashes: Int64s, low: Int64s, high: Int64s) -> Iterator[tuple[Run, Int64s, Int64s]]:
        """Yield candidates: a run, the numbers of rows that probe, and the rows that they may match.

        Args:
            hashes: hash of each row that probes.
            low: the least time it matches.
            high: the greatest.
        """
        for run in self.runs:
            start, stop = run.range_of(hashes)
            first = search(run.times, start, stop, low, right=False)
            last = search(run.times, start, stop, high, right=True)
            for probes, rows in spread(first, np.maximum(first, last)):
                yield run, probes, rows

    def expire(self, limit: int) -> tuple[int, pa.Table]:
        """Drop the rows with a time below the limit.

        Returns:
            How many, and those that never found a match, by time.
        """
        count, parts = 0, [self.schema.empty_table()]
        for run in list(self.runs):
            rows = run.expire(limit)
            count += len(rows)
            lonely = rows[~run.matched[rows]]
            if len(lonely):
                parts.append(take(run.table, lonely))
            if not len(run):
                self.runs.remove(run)
            elif run.gone > len(run):
                place = self.runs.index(run)
                self.runs[place] = Run(*run.live())
        table = compact(parts)
        order = np.lexsort((numbers(table, SEQ), numbers(table, TIME)))
        return count, take(table, order)

    def gather(self) -> Run | None:
        """Merge all runs into one and return it; None when there are no rows."""
        if len(self.runs) > 1:
            self._merge(list(self.runs))
        return self.runs[0] if self.runs else None

    def snapshot(self) -> Any:
        """Return the rows as one table."""
        parts = [run.live() for run in self.runs]
        table = compact([self.schema.empty_table(), *(table for table, _ in parts)])
        matched = np.concatenate([np.zeros(0, np.bool_), *(matched for _, matched in parts)])
        return table.append_column(MATCHED, pa.array(matched))

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave."""
        self.runs = []
        matched = np.asarray(state.column(MATCHED).to_numpy(), np.bool_)
        self.add(compact([state.drop_columns([MATCHED])]), matched)
