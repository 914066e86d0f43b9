"""Pre-aggregation before records are sent to another stage (combiner lifting)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation import concat
from pulse.engine.operator import Operator, Out
from pulse.engine.windowing.inputs import Prepared
from pulse.engine.windowing.runs import SLICE
from pulse.graph.ops import MAIN
from pulse.model.bundle import Bundle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulse.engine.operator import StepContext
    from pulse.engine.windowing.inputs import AggregateInputs
    from pulse.engine.windowing.slicing import Slicing
    from pulse.model.bundle import Int64s


class CombineOperator(Operator):
    """Executes ``CombineOp``: clean records become partial aggregates; the others go on as they are.

    A record is clean when every window that holds it is still to come by its own watermark. No window that
    fires inside the bundle holds a clean record that comes later, so all of them can be merged first.
    """

    def __init__(self, inputs: AggregateInputs, slicing: Slicing, context: StepContext) -> None:
        super().__init__(context)
        self.inputs = inputs
        self.slicing = slicing
        self.by = [*inputs.by, SLICE]

    def process(self, bundle: Bundle) -> Iterable[Out]:
        prepared = self._prepare(bundle)
        yield from self.context.failures()
        if len(prepared.bundle):
            yield from self._combine(prepared, bundle)

    def combine(self, bundles: Iterable[Bundle]) -> list[Bundle]:
        """Return the partial aggregates of several bundles together, and the records that are not clean.

        No record may be late: then a bundle's watermark says nothing.
        """
        parts = [part for part in map(self._prepare, bundles) if len(part.bundle)]
        if not parts:
            return []
        columns = concat([part.columns for part in parts])
        joined = Prepared(_join([part.bundle for part in parts]), columns, None)
        return [out.bundle for out in self._combine(joined, joined.bundle)]

    def _prepare(self, bundle: Bundle) -> Prepared:
        self.context.ledger.received += len(bundle)
        prepared = self.inputs.prepare(bundle)
        self.context.ledger.passed += len(prepared.bundle)
        return prepared

    def _combine(self, prepared: Prepared, bundle: Bundle) -> Iterator[Out]:
        slices = self.slicing.assign(prepared.bundle)
        clean = self.slicing.first_ends(slices) > prepared.bundle.watermarks
        gap = self.slicing.in_gap(slices)
        if gap is not None:
            clean &= ~gap
        if clean.any():
            yield Out(MAIN, self._partial(prepared.take(clean), slices[clean], bundle))
        if not clean.all():
            yield Out(MAIN, prepared.bundle.take(~clean))

    def _partial(self, prepared: Prepared, slices: Int64s, bundle: Bundle) -> Bundle:
        columns = prepared.columns.append_column(SLICE, pa.array(slices))
        table = self.inputs.aggregation.partial(columns, self.by, prepared.bundle.times)
        batch = table.combine_chunks().to_batches()[0]
        times = np.asarray(table.column(SLICE).to_numpy(), np.int64)
        mark = bundle.watermarks if isinstance(bundle.watermarks, int) else int(bundle.watermarks[0])
        return Bundle(batch, times, mark, partial=True)


def _join(bundles: list[Bundle]) -> Bundle:
    """Return the records of several bundles as one; they share a watermark and have no windows."""
    if len(bundles) == 1:
        return bundles[0]
    first = bundles[0]
    times = np.concatenate([bundle.times for bundle in bundles])
    if first.is_rows:
        return Bundle([row for bundle in bundles for row in bundle.rows], times, first.watermarks)
    table = concat([pa.Table.from_batches([bundle.batch]) for bundle in bundles]).combine_chunks()
    return Bundle(table.to_batches()[0], times, first.watermarks)
