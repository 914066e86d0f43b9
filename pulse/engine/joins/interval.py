"""Pairs whose event times lie within an interval of each other, each as soon as both records are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.joins.base import PairOperator, late_after
from pulse.engine.joins.index import Index
from pulse.engine.joins.side import HASH, MARK, SEQ, TIME, compact, numbers, one_batch, take
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulse.engine.operator import Out, StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.joins import IntervalJoinOp
    from pulse.model.bundle import Bundle


class IntervalJoin(PairOperator):
    """Executes ``IntervalJoinOp``.

    A row is kept until the watermark of the other input says that no match can come; one that never found
    any is then given without, if it is kept at all. The output watermark waits for such rows.

    Args:
        op: the step.
        inputs: the types of its inputs.
        after: the type of its result.
        context: the step's context.
    """

    def __init__(
        self,
        op: IntervalJoinOp,
        inputs: Sequence[CollectionType],
        after: CollectionType,
        context: StepContext,
    ) -> None:
        super().__init__(op, inputs, after, context)
        self.lateness = op.lateness
        # A row of input p at t matches rows of the other at t + reach[p][0] to t + reach[p][1].
        self.reach = ((op.lower, op.upper), (-op.upper, -op.lower))
        self.indexes = [Index(side.schema) for side in self.sides]

    def take(self, position: int, bundle: Bundle, table: pa.Table) -> Iterator[Out]:
        late = late_after(bundle.times, self.lateness, numbers(table, MARK))
        if late.any():
            yield from self.drop(position, table, late, bundle.times)
            table = take(table, np.flatnonzero(~late))
        table = self.sift(position, table)
        matched = np.zeros(table.num_rows, np.bool_)
        yield from self._match(position, table, matched)
        self.indexes[position].add(table, matched)
        yield from self.settle()

    def _match(self, position: int, table: pa.Table, matched: Any) -> Iterator[Out]:
        probing = np.flatnonzero(self.sides[position].complete(table))
        times, hashes = numbers(table, TIME)[probing], numbers(table, HASH)[probing]
        low, high = self.reach[position]
        found: list[tuple[pa.RecordBatch, Any]] = []
        for run, probes, rows in self.indexes[1 - position].probe(hashes, times + low, times + high):
            mine, theirs = (table, probing[probes]), (run.table, rows)
            left, right = (mine, theirs) if position == 0 else (theirs, mine)
            batch, kept = self.pairs.matching(left, right)
            if not batch.num_rows:
                continue
            one, other = probing[probes[kept]], rows[kept]
            matched[one] = True
            run.matched[other] = True
            far, seqs = run.times[other], numbers(run.table, SEQ)[other]
            latest = np.maximum(far, numbers(table, TIME)[one])
            found.append((batch, np.stack([one, far, seqs, latest])))
        if found:
            # In the order of the record that completes a pair, then of the time of the other.
            keys = np.concatenate([key for _, key in found], axis=1)
            order = np.lexsort((keys[2], keys[1], keys[0]))
            joined = compact([pa.Table.from_batches([batch for batch, _ in found])])
            yield from self.emit(one_batch(take(joined, order)), keys[3][order])

    def _past(self, position: int, watermark: int) -> int:
        """Return below which time rows of an input can find no match, given the other's watermark."""
        if watermark in {MIN_TIME, MAX_TIME}:
            return watermark
        return max(watermark - self.lateness - self.reach[position][1], MIN_TIME)

    def settle(self) -> Iterator[Out]:
        for position, index in enumerate(self.indexes):
            count, lonely = index.expire(self._past(position, self.bound(1 - position)))
            self.context.ledger.passed += count
            if self.outer[position] and lonely.num_rows:
                yield from self.emit(self.alone(position, lonely), numbers(lonely, TIME))

    def hold(self, watermark: int) -> int:
        if watermark not in {MIN_TIME, MAX_TIME}:
            watermark = max(watermark - self.lateness, MIN_TIME)
        for position in (0, 1):
            if self.outer[position]:
                watermark = min(watermark, self._past(position, self.bound(1 - position)))
        return watermark

    @property
    def held(self) -> int:
        return sum(map(len, self.indexes))

    def snapshot(self) -> Any:
        return {**super().snapshot(), "rows": [index.snapshot() for index in self.indexes]}

    def restore(self, state: Any) -> None:
        super().restore(state)
        for index, rows in zip(self.indexes, state["rows"], strict=True):
            index.restore(rows)
