"""Each left record with one right record of its key: the last before it, the first after it, the nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.joins.base import PairOperator, late_after
from pulse.engine.joins.index import Index, Run
from pulse.engine.joins.pending import Pending
from pulse.engine.joins.search import search
from pulse.engine.joins.side import HASH, MARK, TIME, numbers, take
from pulse.engine.operators.filter import truth
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulse.engine.operator import Out, StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.joins import AsOfJoinOp
    from pulse.model.bundle import Bundle, Int64s

GONE = "__gone"
SPARE = 1024
"""State is pruned when it has doubled since the last time and has so many rows more."""


class AsOfJoin(PairOperator):
    """Executes ``AsOfJoinOp``.

    A left record waits until the right watermark says that all it may match is known. Of the right records
    those are kept that can still be the answer: the last of each key, and what is newer.

    Args:
        op: the step.
        inputs: the types of its inputs.
        after: the type of its result.
        context: the step's context.
    """

    def __init__(
        self, op: AsOfJoinOp, inputs: Sequence[CollectionType], after: CollectionType, context: StepContext
    ) -> None:
        super().__init__(op, inputs, after, context)
        self.direction, self.tolerance, self.deleted = op.direction, op.tolerance, op.deleted
        self.waiting = Pending(self.sides[0].schema, TIME)
        self.index = Index(self.sides[1].schema.append(pa.field(GONE, pa.bool_())))
        self.pruned = 0

    def take(self, position: int, bundle: Bundle, table: pa.Table) -> Iterator[Out]:
        late = late_after(bundle.times, 0, numbers(table, MARK))
        if position == 1:
            gone: Any = pa.repeat(pa.scalar(value=False), len(bundle))
            if self.deleted is not None:
                gone = pa.array(truth(self.deleted.evaluate(bundle.batch)))
            table = table.append_column(GONE, gone)
        if late.any():
            yield from self.drop(position, table, late, bundle.times)
            table = take(table, np.flatnonzero(~late))
        table = self.sift(position, table)
        if position == 0:
            self.waiting.add(table)
        else:
            self.index.add(table, np.zeros(table.num_rows, np.bool_))
            self._prune()
        yield from self.settle()

    def _known(self) -> int:
        """Return below which time left records can be matched for good."""
        mark = self.bound(1)
        if mark in {MIN_TIME, MAX_TIME} or self.direction == "backward":
            return mark
        return MIN_TIME if self.tolerance is None else max(mark - self.tolerance, MIN_TIME)

    def settle(self) -> Iterator[Out]:
        known = self._known()
        if known > MIN_TIME:
            table = self.waiting.take_until(known - 1)
            if table.num_rows:
                self.context.ledger.passed += table.num_rows
                yield from self._find(table)
        if self.watermark == MAX_TIME:
            self._prune()

    def _find(self, table: pa.Table) -> Iterator[Out]:
        rows = np.full(table.num_rows, -1)
        run = self.index.gather()
        if run is not None:
            good = self.sides[0].complete(table)
            rows = np.where(good, self._best(table, run), -1)
            gone = truth(run.table.column(GONE).combine_chunks())
            rows = np.where((rows >= 0) & gone[rows], -1, rows)
            matched = np.flatnonzero(rows >= 0)
            _, kept = self.pairs.matching((table, matched), (run.table, rows[matched]))
            found = np.full(len(rows), -1)
            found[matched[kept]] = rows[matched[kept]]
            rows = found
        if not self.outer[0]:
            table, rows = take(table, np.flatnonzero(rows >= 0)), rows[rows >= 0]
        source = run.table if run is not None else self.sides[1].schema.empty_table()
        zeros = np.zeros(len(rows), np.int64)
        batch = self.pairs.build(table, take(source, rows), (zeros, zeros))
        yield from self.emit(batch, numbers(table, TIME))

    def _best(self, table: pa.Table, run: Run) -> Int64s:
        """Return the right row for each left one, -1 where there is none."""
        times = numbers(table, TIME)
        before = self._walk(table, run, times, -1) if self.direction != "forward" else None
        after = self._walk(table, run, times, 1) if self.direction != "backward" else None
        if before is None or after is None:
            found = before if before is not None else after
            assert found is not None  # noqa: S101 - each direction looks at least one way
            return found
        far = np.where(before >= 0, times - run.times[before], MAX_TIME)
        near = np.where(after >= 0, run.times[after] - times, MAX_TIME)
        return np.where(near < far, after, before)

    def _walk(self, table: pa.Table, run: Run, times: Int64s, step: int) -> Int64s:
        """Return the nearest right row at or before each left one (step -1), or at or after it (step 1)."""
        start, stop = run.range_of(numbers(table, HASH))
        if step < 0:
            rows = search(run.times, start, stop, times, right=True) - 1
        else:
            rows = search(run.times, start, stop, times, right=False)
        inside = (rows >= start) & (rows < stop)
        # Another key can have the same hash: go on past its rows.
        looked = np.flatnonzero(inside)
        while len(looked):
            same = self.pairs.same_keys(take(table, looked), take(run.table, rows[looked]))
            looked = looked[~same]
            rows[looked] += step
            inside[looked] = (rows[looked] >= start[looked]) & (rows[looked] < stop[looked])
            looked = looked[inside[looked]]
        rows = np.where(inside, rows, -1)
        if self.tolerance is not None:
            far = np.abs(run.times[rows] - times) > self.tolerance
            rows = np.where((rows >= 0) & far, -1, rows)
        return rows

    def _prune(self) -> None:
        """Forget the right records that no left one can match any more, when it is worth the work."""
        over = self.watermark == MAX_TIME
        if not over and len(self.index) < 2 * self.pruned + SPARE:
            return
        run = self.index.gather()
        if run is None:
            return
        # No left record before this time is still to be matched.
        first = MAX_TIME if over else min(self._known(), self.bound(0))
        keep = np.zeros(len(run.times), np.bool_)
        if not over:
            keep |= run.times >= first
            if self.direction != "forward":
                follows = np.zeros(len(keep), np.bool_)
                ones, others = np.arange(len(keep) - 1), np.arange(1, len(keep))
                follows[:-1] = self.pairs.same_keys(take(run.table, ones), take(run.table, others))
                follows[:-1] &= run.times[1:] <= first
                keep |= ~follows
            if self.tolerance is not None and first > MIN_TIME + self.tolerance:
                keep &= run.times >= first - self.tolerance
        self.context.ledger.passed += int((~keep).sum())
        rows = np.flatnonzero(keep)
        kept = take(run.table, rows)
        self.index = Index(self.index.schema)
        self.index.add(kept, np.zeros(kept.num_rows, np.bool_))
        self.pruned = len(self.index)

    def hold(self, watermark: int) -> int:
        return min(watermark, self._known())

    @property
    def held(self) -> int:
        return len(self.waiting) + len(self.index)

    def snapshot(self) -> Any:
        return {
            **super().snapshot(),
            "waiting": self.waiting.snapshot(),
            "index": self.index.snapshot(),
            "pruned": self.pruned,
        }

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.waiting.restore(state["waiting"])
        self.index.restore(state["index"])
        self.pruned = state["pruned"]
