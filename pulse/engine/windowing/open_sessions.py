"""The open sessions of all keys, in runs that are merged in a log-structured way.

Every run holds at most one row per session: the key, the bounds, the partial aggregates. Sessions of a key
in different runs may still overlap; they are merged when runs are, and before anything fires.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pulse.engine.aggregation import concat
from pulse.engine.windowing.bridging import meetings
from pulse.engine.windowing.merging import key_codes, overlapping, same_key
from pulse.engine.windowing.runs import FAN_OUT, records_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation import GroupedAggregation
    from pulse.engine.windowing.inputs import Prepared
    from pulse.model.bundle import Int64s, Mask

START, END = "__start", "__end"
"""Bounds of a session, int64 microseconds, half-open."""

EMPTIED = "__emptied"
"""1 when the contents of a session have been emitted for good (discarding); its bounds still merge."""

_SESSION = "__session"


class OpenSessions:
    """Adds, merges and takes out sessions.

    Args:
        aggregation: knows how to merge partial aggregates.
        keys: the key columns.
    """

    def __init__(self, aggregation: GroupedAggregation, keys: Sequence[str]) -> None:
        self.aggregation = aggregation
        self.keys = list(keys)
        self.runs: list[pa.Table] = []
        self.levels: list[int] = []
        self.discarded = 0
        """Records of emptied sessions that are not held any more."""

    @property
    def records(self) -> int:
        """How many records are in state."""
        return sum(records_of(run) for run in self.runs)

    def add_records(self, prepared: Prepared, starts: Int64s, ends: Int64s) -> None:
        """Merge records into sessions among themselves, then add those."""
        columns = prepared.columns
        session, order = overlapping(columns, self.keys, starts, ends)
        ordered = columns.take(pa.array(order, pa.int64())).append_column(_SESSION, pa.array(session))
        records = None if prepared.records is None else [prepared.records[i] for i in order.tolist()]
        partial = self.aggregation.partial(ordered, [_SESSION], prepared.bundle.times[order], records)
        keys = ordered.select(self.keys).take(pa.array(np.flatnonzero(_firsts(session)), pa.int64()))
        partial = partial.drop_columns([_SESSION])
        for i, name in enumerate(self.keys):
            partial = partial.add_column(i, name, keys.column(name))
        low, high = _bounds(session, starts[order], ends[order])
        self.add(_with_bounds(partial, low, high, np.zeros(partial.num_rows, np.int64)))

    def add(self, table: pa.Table, level: int = 0) -> None:
        """Add sessions that do not overlap each other."""
        if not table.num_rows:
            return
        self.runs.append(table)
        self.levels.append(level)
        while self.levels[-FAN_OUT:] == [self.levels[-1]] * FAN_OUT:
            merged = self._merge(self.runs[-FAN_OUT:])
            self.runs[-FAN_OUT:], self.levels[-FAN_OUT:] = [merged], [self.levels[-1] + 1]

    def _merge(self, tables: Sequence[pa.Table]) -> pa.Table:
        """Merge the sessions of each key that overlap; those that overlap nothing stay as they are."""
        if len(tables) == 1:
            return tables[0]
        table = concat(tables)
        starts, ends = table.column(START).to_numpy(), table.column(END).to_numpy()
        session, order = overlapping(table, self.keys, starts, ends)
        shared = np.bincount(session)[session] > 1
        if not shared.any():
            return table.combine_chunks()
        alone = table.take(pa.array(order[~shared], pa.int64()))
        return concat([alone, self._join(table, session[shared], order[shared])]).combine_chunks()

    def _join(self, table: pa.Table, session: Int64s, order: Int64s) -> pa.Table:
        """Merge rows that are grouped into sessions; what is emptied gives its bounds only."""
        session = np.cumsum(_firsts(session)) - 1
        ordered = table.take(pa.array(order, pa.int64())).append_column(_SESSION, pa.array(session))
        low, high = _bounds(session, ordered.column(START).to_numpy(), ordered.column(END).to_numpy())
        keys = ordered.select(self.keys).take(pa.array(np.flatnonzero(_firsts(session)), pa.int64()))
        empty = ordered.column(EMPTIED).to_numpy().astype(np.bool_)
        emptied = np.zeros(len(low), np.int64)
        if empty.any():
            # An emptied row stays only where its session has nothing else.
            full = np.zeros(len(low), np.bool_)
            full[session[~empty]] = True
            keep = ~empty | (~full[session] & _firsts(session))
            gone = ordered.filter(pa.array(~keep))
            self.discarded += records_of(gone)
            self.aggregation.release(gone)
            ordered, emptied = ordered.filter(pa.array(keep)), (~full).astype(np.int64)
        # A session has one key, so its number alone is what to group by.
        merged = self.aggregation.merge(ordered, [_SESSION], consume=True).drop_columns([_SESSION])
        for i, name in enumerate(self.keys):
            merged = merged.add_column(i, name, keys.column(name))
        return _with_bounds(merged, low, high, emptied)

    def take_ending(self, after: int, upto: int, *, over: int) -> pa.Table | None:
        """Remove and return, merged, every session with a key that has one due.

        Args:
            after: due are sessions that end after this,
            upto: and not after this;
            over: and those that end by this, whose time is over.
        """
        due = [_due(run, after, upto, over) for run in self.runs]
        if not any(mask.any() for mask in due):
            return None
        if len(self.runs) == 1:
            touched = due
        else:
            hot = [run.filter(pa.array(mask)) for run, mask in zip(self.runs, due, strict=True) if mask.any()]
            touched = [self._related(run, hot, upto) for run in self.runs]
        return self._take(touched)

    def meetings(
        self, columns: pa.Table, starts: Int64s, ends: Int64s, marks: Int64s, lateness: int
    ) -> tuple[Int64s, Mask]:
        """Return which records meet sessions that have ended; see ``bridging.meetings``.

        Args:
            columns: the records, with their keys; some are behind their watermark.
            starts: start of each record's own window.
            ends: end of it.
            marks: the watermark of each record.
            lateness: allowed lateness, microseconds.
        """
        low = int(starts[starts < marks].min())
        near = [run.filter(pa.array(run.column(END).to_numpy() > low)) for run in self.runs]
        bounds = pa.table({START: starts, END: ends})
        for key in self.keys:
            bounds = bounds.append_column(key, columns.column(key))
        table = concat([bounds, *(run.select(bounds.column_names) for run in near)])
        codes = key_codes(table, self.keys)
        count = len(starts)
        rest = table.slice(count)
        held = codes[count:], rest.column(START).to_numpy(), rest.column(END).to_numpy()
        return meetings(codes[:count], starts, ends, marks, held=held, lateness=lateness)

    def take_of_key(self, row: pa.Table) -> pa.Table | None:
        """Remove and return, merged, the sessions of the key of a row."""
        masks = []
        for run in self.runs:
            mask = np.ones(run.num_rows, np.bool_)
            for key in self.keys:
                same = same_key(run.column(key), row.column(key)[0]).combine_chunks()
                mask = mask & np.asarray(same.to_numpy(zero_copy_only=False), np.bool_)
            masks.append(mask)
        return self._take(masks)

    def _take(self, masks: Sequence[Mask]) -> pa.Table | None:
        found, kept, levels = [], [], []
        for run, level, mask in zip(self.runs, self.levels, masks, strict=True):
            if mask.any():
                found.append(run.filter(pa.array(mask)))
            if not mask.all():
                kept.append(run.filter(pa.array(~mask)) if mask.any() else run)
                levels.append(level)
        self.runs, self.levels = kept, levels
        return self._merge(found) if found else None

    def _related(self, run: pa.Table, hot: Sequence[pa.Table], upto: int) -> Mask:
        """Return which rows may belong together with a due session: same key, and started before."""
        early = np.asarray(run.column(START).to_numpy() < upto)
        if len(self.keys) != 1:
            return early
        column = run.column(self.keys[0]).combine_chunks()
        wanted = concat([table.select(self.keys) for table in hot]).column(0).combine_chunks()
        if wanted.type != column.type:
            return early
        same = pc.is_in(column, value_set=pc.unique(wanted))
        return early & np.asarray(same.to_numpy(zero_copy_only=False), np.bool_)

    def first_open(self, mark: int) -> int | None:
        """Return the earliest start of a session that ends after a watermark."""
        found = [
            int(starts[ends > mark].min())
            for run in self.runs
            for starts, ends in [(run.column(START).to_numpy(), run.column(END).to_numpy())]
            if (ends > mark).any()
        ]
        return min(found, default=None)

    def snapshot(self) -> Any:
        """Return the runs as tables, which never change."""
        return list(self.runs)

    def restore(self, tables: Sequence[pa.Table]) -> None:
        """Take back what ``snapshot`` gave."""
        self.runs, self.levels = list(tables), [0] * len(tables)


def _firsts(session: Int64s) -> Mask:
    """Return which rows are the first of their session, sessions being in order."""
    return np.concatenate([np.ones(min(len(session), 1), np.bool_), session[1:] != session[:-1]])


def _bounds(session: Int64s, starts: Int64s, ends: Int64s) -> tuple[Int64s, Int64s]:
    """Return start and end of each session, its rows being in order."""
    first = np.flatnonzero(_firsts(session))
    return starts[first], np.maximum.reduceat(ends, first) if len(first) else ends


def _with_bounds(table: pa.Table, low: Int64s, high: Int64s, emptied: Int64s) -> pa.Table:
    for name, values in ((START, low), (END, high), (EMPTIED, emptied)):
        column = pa.array(values)
        if name in table.column_names:
            table = table.set_column(table.column_names.index(name), name, column)
        else:
            table = table.append_column(name, column)
    return table


def _due(run: pa.Table, after: int, upto: int, over: int) -> Mask:
    ends = run.column(END).to_numpy()
    return np.asarray(((ends > after) & (ends <= upto)) | (ends <= over))
