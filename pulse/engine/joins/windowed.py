"""What the window join and the co-group share: records wait until the watermark passes their window."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.joins.base import JoinOperator
from pulse.engine.joins.pending import Pending
from pulse.engine.joins.side import MARK, numbers, take
from pulse.engine.joins.windows import END, START, Due, WindowSpans
from pulse.engine.windowing.late import saturating_add
from pulse.engine.windowing.merging import key_codes, merged_windows
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulse.engine.operator import Out, StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.joining import JoiningOp
    from pulse.model.bundle import Bundle, Int64s

WINDOW = "__window"


class WindowedOperator(JoinOperator):
    """Keeps records until their last window is over, and gives groups of them when windows end.

    A record is late for a window when its own watermark is past the window's end; it then takes no part in
    what is given when the window ends, but meets the records of the window one by one.

    Args:
        op: the step.
        inputs: the types of its inputs.
        after: the type of its result.
        context: the step's context.
    """

    def __init__(
        self, op: JoiningOp, inputs: Sequence[CollectionType], after: CollectionType, context: StepContext
    ) -> None:
        super().__init__(op, inputs, after, context)
        windowing = inputs[0].windowing
        self.lateness = windowing.lateness_us
        self.windows = [WindowSpans(windowing, carried=each.grouped) for each in inputs]
        self.shown = bool(op.bounds(inputs))
        self.pending = [
            Pending(side.schema.append(pa.field(START, pa.int64())).append(pa.field(END, pa.int64())), END)
            for side in self.sides
        ]

    # -- records in -------------------------------------------------------------------------------------

    def take(self, position: int, bundle: Bundle, table: pa.Table) -> Iterator[Out]:
        starts, ends, gap = self.windows[position].last(bundle)
        table = table.append_column(START, pa.array(starts)).append_column(END, pa.array(ends))
        late = saturating_add(ends, self.lateness) <= numbers(table, MARK)
        if gap is not None and gap.any():
            late &= ~gap
            self.context.ledger.filtered += int(gap.sum())
        else:
            gap = np.zeros(len(bundle), np.bool_)
        yield from self.drop(position, table, late, ends, starts if self.shown else None)
        out = late | gap
        if out.any():
            table = take(table, np.flatnonzero(~out))
        table = self.sift(position, table)
        if self.lateness and table.num_rows:
            due = self.windows[position].due(table, MIN_TIME, self.watermark)
            yield from self.meet(position, self._open(due))
        self.pending[position].add(table)

    def _open(self, due: Due) -> Due:
        """Return the windows that still take records of those that have ended for them."""
        marks = numbers(due.table, MARK)
        return due.pick(saturating_add(due.ends, self.lateness) > marks)

    # -- results out ------------------------------------------------------------------------------------

    def fire(self, before: int) -> Iterator[Out]:
        after = self.watermark
        if self.windows[0].session is not None:
            yield from self._fire_sessions(after)
            return
        found = self._due(before, after)
        if any(len(due.ends) for due in found):
            yield from self.give(found)
        limit = after if after == MAX_TIME else max(after - self.lateness, MIN_TIME)
        if self.lateness:
            low = before if before == MIN_TIME else max(before - self.lateness, MIN_TIME)
            yield from self.close(self._due(low, limit))
        for pending in self.pending:
            self.context.ledger.passed += pending.take_until(limit).num_rows

    def _due(self, before: int, after: int) -> list[Due]:
        """Return the rows of each input in windows that have ``before < end <= after``."""
        found = []
        for windows, pending in zip(self.windows, self.pending, strict=True):
            high = after if after > MAX_TIME - windows.span else after + windows.span
            due = windows.due(pending.between(before, high), before, after)
            found.append(due.pick(saturating_add(due.ends, self.lateness) > numbers(due.table, MARK)))
        return found

    def _fire_sessions(self, after: int) -> Iterator[Out]:
        """Merge the windows of the rows of all inputs that are near enough to the watermark to end."""
        first = min((p.first for p in self.pending if p.first is not None), default=MAX_TIME)
        if first > after:
            return
        reach = max(windows.reach for windows in self.windows)
        # A row that begins after the watermark cannot be in a session that has ended.
        near = MAX_TIME if after > MAX_TIME - reach else after + reach
        tables = [pending.take_until(near) for pending in self.pending]
        codes = joint_codes(tables, [side.by for side in self.sides])
        starts = np.concatenate([numbers(table, START) for table in tables])
        ends = np.concatenate([numbers(table, END) for table in tables])
        session, order = merged_windows(np.concatenate(codes), starts, ends)
        begins = np.flatnonzero(np.diff(session, prepend=-1))
        begin = np.minimum.reduceat(starts[order], begins)[session]
        end = np.maximum.reduceat(ends[order], begins)[session]
        over_starts, over_ends = starts.copy(), ends.copy()
        over_starts[order], over_ends[order] = begin, end
        found, place = [], 0
        for pending, table in zip(self.pending, tables, strict=True):
            here = slice(place, place := place + table.num_rows)
            over = over_ends[here] <= after
            found.append(Due(table, over_starts[here], over_ends[here]).pick(over))
            pending.add(take(table, np.flatnonzero(~over)))
        yield from self.give(found)
        self.context.ledger.passed += sum(len(due.ends) for due in found)

    @abstractmethod
    def give(self, found: list[Due]) -> Iterable[Out]:
        """Give the results of windows that end, from the rows of each input in them."""

    @abstractmethod
    def meet(self, position: int, late: Due) -> Iterable[Out]:
        """Give the results of records that come after their windows have ended."""

    def close(self, found: list[Due]) -> Iterable[Out]:
        """Give what is left to say of windows that take no more records."""
        del found
        return ()

    # -- state --------------------------------------------------------------------------------------------

    @property
    def held(self) -> int:
        return sum(map(len, self.pending))

    def snapshot(self) -> Any:
        return {**super().snapshot(), "rows": [pending.snapshot() for pending in self.pending]}

    def restore(self, state: Any) -> None:
        super().restore(state)
        for pending, rows in zip(self.pending, state["rows"], strict=True):
            pending.restore(rows)


def joint_codes(
    tables: Sequence[pa.Table], keys: Sequence[Sequence[str]], windows: Sequence[Due] = ()
) -> list[Int64s]:
    """Return one number per row of each table, equal where the keys are equal, and the windows if given."""
    columns = [table.select(list(by)) for table, by in zip(tables, keys, strict=True)]
    if windows:
        columns = [
            table.append_column(WINDOW, pa.array(due.starts)).append_column(END, pa.array(due.ends))
            for table, due in zip(columns, windows, strict=True)
        ]
    joined = pa.concat_tables(columns)
    codes = key_codes(joined, joined.column_names)
    stops = np.cumsum([table.num_rows for table in tables])
    return np.split(codes, stops[:-1])
