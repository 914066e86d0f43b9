"""Each record with those of its key in a collection that ends, once all of that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.joins.base import PairOperator
from pulse.engine.joins.index import Index
from pulse.engine.joins.pending import Pending
from pulse.engine.joins.side import HASH, MARK, SEQ, TIME, numbers, one_batch, take
from pulse.engine.operator import Out
from pulse.graph.ops import MAIN
from pulse.model.bundle import Bundle
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulse.engine.operator import StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.joins import LookupOp


class Lookup(PairOperator):
    """Executes ``LookupOp``.

    Records wait until the other input is over, and the watermark with them; then each goes on as it comes,
    with its own time and watermark.

    Args:
        op: the step.
        inputs: the types of its inputs.
        after: the type of its result.
        context: the step's context.
    """

    def __init__(
        self, op: LookupOp, inputs: Sequence[CollectionType], after: CollectionType, context: StepContext
    ) -> None:
        super().__init__(op, inputs, after, context)
        self.waiting = Pending(self.sides[0].schema, SEQ)
        self.index = Index(self.sides[1].schema)

    @property
    def ready(self) -> bool:
        """Whether all that can be found is there."""
        return self.told[1] == MAX_TIME

    def take(self, position: int, bundle: Bundle, table: pa.Table) -> Iterator[Out]:
        del bundle
        table = self.sift(position, table)
        if position == 1:
            self.index.add(table, np.zeros(table.num_rows, np.bool_))
        elif self.ready:
            yield from self._find(table)
        else:
            self.waiting.add(table)

    def settle(self) -> Iterator[Out]:
        if self.ready and len(self.waiting):
            yield from self._find(self.waiting.take_until(MAX_TIME))
        if self.watermark == MAX_TIME:
            count, _ = self.index.expire(MAX_TIME)
            self.context.ledger.passed += count

    def _find(self, table: pa.Table) -> Iterator[Out]:
        self.context.ledger.passed += table.num_rows
        probing = np.flatnonzero(self.sides[0].complete(table))
        hashes = numbers(table, HASH)[probing]
        everywhere = [np.full(len(probing), edge, np.int64) for edge in (MIN_TIME, MAX_TIME)]
        self.index.gather()
        rows = [np.zeros(0, np.int64)]
        tables = [pa.Table.from_batches([], schema=self.pairs.schema)]
        for run, probes, found in self.index.probe(hashes, everywhere[0], everywhere[1]):
            order = np.lexsort((numbers(run.table, SEQ)[found], probes))
            ones, others = probing[probes[order]], found[order]
            batch, kept = self.pairs.matching((table, ones), (run.table, others))
            rows.append(ones[kept])
            tables.append(pa.Table.from_batches([batch]))
        sources = np.concatenate(rows)
        if self.outer[0]:
            lonely = np.setdiff1d(np.arange(table.num_rows), sources)
            tables.append(pa.Table.from_batches([self.alone(0, take(table, lonely))]))
            sources = np.concatenate([sources, lonely])
        order = np.argsort(sources, kind="stable")
        joined, sources = take(pa.concat_tables(tables), order), sources[order]
        times = numbers(table, TIME)[sources]
        marks = np.maximum.accumulate(np.maximum(numbers(table, MARK)[sources], self.released))
        if joined.num_rows:
            self.context.ledger.emitted += joined.num_rows
            yield Out(MAIN, Bundle(one_batch(joined), times, marks))

    def hold(self, watermark: int) -> int:
        return watermark if self.ready else MIN_TIME

    @property
    def held(self) -> int:
        return len(self.waiting) + len(self.index)

    def snapshot(self) -> Any:
        return {**super().snapshot(), "waiting": self.waiting.snapshot(), "index": self.index.snapshot()}

    def restore(self, state: Any) -> None:
        super().restore(state)
        self.waiting.restore(state["waiting"])
        self.index.restore(state["index"])
