"""For each key and window, one record with the list of the records of each input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation.values import kernels, whole
from pulse.engine.joins.side import SEQ, TIME, numbers, structs, take
from pulse.engine.joins.window import end_times
from pulse.engine.joins.windowed import WINDOW, WindowedOperator, joint_codes
from pulse.engine.joins.windows import END, Due
from pulse.engine.windowing.bounds import bound_column
from pulse.model.bundle import Windows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulse.engine.operator import Out, StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.joins import CoGroupOp


class CoGroup(WindowedOperator):
    """Executes ``CoGroupOp``.

    A record that comes after its window has ended gives the group again: all of it when accumulating, else
    the record alone.

    Args:
        op: the step.
        inputs: the types of its inputs.
        after: the type of its result.
        context: the step's context.
    """

    def __init__(
        self, op: CoGroupOp, inputs: Sequence[CollectionType], after: CollectionType, context: StepContext
    ) -> None:
        super().__init__(op, inputs, after, context)
        self.keys = op.keys
        self.accumulating = inputs[0].windowing.accumulation == "accumulating"

    def give(self, found: list[Due]) -> Iterator[Out]:
        by = self.sides[0].by
        codes = joint_codes([due.table for due in found], [side.by for side in self.sides], found)
        heads = pa.concat_tables([due.table.select(by) for due in found])
        heads = heads.append_column(WINDOW, pa.array(np.concatenate([due.starts for due in found])))
        heads = heads.append_column(END, pa.array(np.concatenate([due.ends for due in found])))
        groups, first = np.unique(np.concatenate(codes), return_index=True)
        heads = take(heads, first)
        order = np.asarray(
            kernels.sort_indices(heads, sort_keys=[(name, "ascending") for name in (END, WINDOW, *by)])
        )
        heads, groups = take(heads, order), groups[order]
        rank = np.empty(int(groups.max(initial=-1)) + 1, np.int64)
        rank[groups] = np.arange(len(groups))
        columns: dict[str, Any] = {
            name: whole(heads.column(key)) for name, key in zip(self.keys, by, strict=True)
        }
        windows = Windows(numbers(heads, WINDOW), numbers(heads, END))
        columns["window_start"] = bound_column(windows.starts)
        columns["window_end"] = bound_column(windows.ends)
        for place, (name, due) in enumerate(zip(self.names, found, strict=True)):
            columns[name] = self._lists(place, due, rank[codes[place]], len(groups))
        batch = pa.RecordBatch.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)
        yield from self.emit(batch, end_times(windows.ends), windows)

    def _lists(self, place: int, due: Due, ranks: Any, count: int) -> pa.Array[Any]:
        """Return, for each group in order, the list of its records of an input, by time and arrival."""
        order = np.lexsort((numbers(due.table, SEQ), numbers(due.table, TIME), ranks))
        rows = take(due.table, order)
        kind = self.schema.field(self.names[place]).type
        records = structs(rows, [field for field, _ in self.sides[place].fields], kind.value_type)
        offsets: Any = pa.array(np.searchsorted(ranks[order], np.arange(count + 1)), pa.int32())
        lists: Any = pa.ListArray.from_arrays(offsets, records, type=kind)
        return lists  # type: ignore[no-any-return]

    def meet(self, position: int, late: Due) -> Iterator[Out]:
        for row in range(len(late.ends)):
            one = late.pick(np.array([row]))
            start, end = int(one.starts[0]), int(one.ends[0])
            found = []
            for place, pending in enumerate(self.pending):
                none = Due(pending.schema.empty_table(), np.zeros(0, np.int64), np.zeros(0, np.int64))
                if self.accumulating:
                    earlier = late.pick(np.arange(row)) if place == position else none
                    none = self._members(place, earlier, one, (start, end))
                found.append(_joined(none, one) if place == position else none)
            yield from self.give(found)

    def _members(self, place: int, earlier: Due, one: Due, window: tuple[int, int]) -> Due:
        """Return the rows of an input, in state and before in this bundle, in the group of a late record."""
        start, end = window
        pending, windows = self.pending[place], self.windows[place]
        due = windows.due(pending.between(end - 1, end + windows.span), end - 1, end)
        due = self._open(_joined(due, earlier))
        due = due.pick((due.starts == start) & (due.ends == end))
        codes = joint_codes([due.table, one.table], [self.sides[place].by, self.sides[place].by])
        return due.pick(codes[0] == codes[1][0])


def _joined(one: Due, other: Due) -> Due:
    return Due(
        pa.concat_tables([one.table, other.table]),
        np.concatenate([one.starts, other.starts]),
        np.concatenate([one.ends, other.ends]),
    )
