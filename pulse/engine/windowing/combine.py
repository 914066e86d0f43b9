"""Pre-aggregation before records are sent to another stage (combiner lifting)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation import concat
from pulse.engine.operator import Operator, Out
from pulse.engine.windowing.runs import SLICE
from pulse.graph.ops import MAIN
from pulse.model.bundle import Bundle
from pulse.model.time import MIN_TIME

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
        self.by = [*inputs.by, SLICE]

    def process(self, bundle: Bundle) -> Iterable[Out]:
        prepared = self._prepare(bundle)
        yield from self.context.failures()
        if len(prepared.bundle):
            clean, rest = self._part(prepared)
            if clean is not None:
                yield Out(MAIN, self._partial([clean], bundle.watermarks))
            if rest is not None:
                yield Out(MAIN, rest)

    def combine(self, bundles: Iterable[Bundle]) -> list[Bundle]:
        """Return the partial aggregates of several bundles together, and the records that are not clean.

        No record may be late: then a bundle's watermark says nothing. Clean rows are let go before the next
        bundle is made: their memory serves the next one while it is still in the processor's cache.
        """
        parts: list[_Clean] = []
        others: list[Bundle] = []
        for bundle in bundles:
            prepared = self._prepare(bundle)
            if len(prepared.bundle):
                clean, rest = self._part(prepared)
                parts += [] if clean is None else [clean]
                others += [] if rest is None else [rest]
            del bundle, prepared
        partial = [self._partial(parts, MIN_TIME)] if parts else []
        return partial + ([_join(others)] if others else [])

    def _prepare(self, bundle: Bundle) -> Prepared:
        self.context.ledger.received += len(bundle)
        prepared = self.inputs.prepare(bundle)
        self.context.ledger.passed += len(prepared.bundle)
        return prepared

    def _part(self, prepared: Prepared) -> tuple[_Clean | None, Bundle | None]:
        """Part records into those that are clean and those that are not; None where there are none."""
        bundle = prepared.bundle
        slices = self.slicing.assign(bundle)
        clean = self.slicing.first_ends(slices) > bundle.watermarks
        gap = self.slicing.in_gap(slices)
        if gap is not None:
            clean &= ~gap
        if clean.all():
            return _Clean(prepared.columns, slices, bundle.times), None
        rest = bundle.take(~clean)
        if not clean.any():
            return None, rest
        return _Clean(prepared.columns.filter(pa.array(clean)), slices[clean], bundle.times[clean]), rest

    def _partial(self, parts: list[_Clean], watermarks: Int64s | int) -> Bundle:
        columns = concat([part.columns.append_column(SLICE, pa.array(part.slices)) for part in parts])
        times = np.concatenate([part.times for part in parts])
        table = self.inputs.aggregation.partial(columns, self.by, times)
        batch = table.combine_chunks().to_batches()[0]
        starts = np.asarray(table.column(SLICE).to_numpy(), np.int64)
        mark = watermarks if isinstance(watermarks, int) else int(watermarks[0])
        return Bundle(batch, starts, mark, partial=True)


class _Clean(NamedTuple):
    """Clean records: the columns that are aggregated, and slice and event time of each, ``int64[n]``."""

    columns: pa.Table
    slices: Int64s
    times: Int64s


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
