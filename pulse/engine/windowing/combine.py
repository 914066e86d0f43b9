"""Pre-aggregation before records are sent to another stage (combiner lifting)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pulse.engine.operator import Operator, Out
from pulse.engine.windowing.runs import SLICE
from pulse.graph.ops import MAIN
from pulse.model.bundle import Bundle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.engine.operator import StepContext
    from pulse.engine.windowing.inputs import AggregateInputs, Prepared
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
        self.by = [*inputs.keys, SLICE]

    def process(self, bundle: Bundle) -> Iterable[Out]:
        ledger = self.context.ledger
        ledger.received += len(bundle)
        prepared = self.inputs.prepare(bundle)
        yield from self.context.failures()
        ledger.passed += len(prepared.bundle)
        if not len(prepared.bundle):
            return
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
