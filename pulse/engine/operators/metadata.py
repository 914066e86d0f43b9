"""Make fields of where each record stands in time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.convert import VALUE
from pulse.engine.operator import Operator, Out
from pulse.engine.operators.context import spread
from pulse.engine.windowing.assign import WindowAssigner
from pulse.graph.ops import MAIN
from pulse.graph.ops.metadata import METADATA
from pulse.model.panes import TIMINGS, Panes
from pulse.model.rows import to_values
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulse.engine.operator import StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.metadata import MetadataOp
    from pulse.model.bundle import Bundle, Int64s


class MetadataOperator(Operator):
    """Executes ``MetadataOp`` in either layout.

    A record in several windows counts as one for each.

    Args:
        op: the step.
        before: the type of its input.
        after: the type of its output.
        context: the step's context.
    """

    def __init__(
        self, op: MetadataOp, before: CollectionType, after: CollectionType, context: StepContext
    ) -> None:
        super().__init__(context)
        self.columns = op.columns
        self.windows = WindowAssigner(before.windowing) if op.by_window else None
        self.grouped = before.grouped
        self.carries = after.grouped

    def process(self, bundle: Bundle) -> Iterable[Out]:
        if self.windows is not None:
            bundle = spread(bundle, self.windows, self.context)
        ledger = self.context.ledger
        ledger.received += len(bundle)
        ledger.passed += len(bundle)
        ledger.emitted += len(bundle)
        if not len(bundle):
            return
        panes = bundle.panes
        if panes is None and self.grouped:
            panes = Panes.only(len(bundle))
        arrays = _arrays(self.columns, bundle, panes)
        kept = bundle if self.carries else replace(bundle, windows=None)
        data = _with_rows(bundle, arrays) if bundle.is_rows else _with_columns(bundle, arrays)
        yield Out(MAIN, kept.with_data(data))


def _arrays(
    columns: Iterable[tuple[str, str]], bundle: Bundle, panes: Panes | None
) -> dict[str, pa.Array[Any]]:
    """Return each field that is asked for; nulls where a record does not have it."""
    known = _of_record(bundle) | ({} if panes is None else _of_pane(panes))
    return {
        name: known[what]() if what in known else pa.array([None] * len(bundle), METADATA[what])
        for name, what in columns
    }


def _of_record(bundle: Bundle) -> dict[str, Callable[[], pa.Array[Any]]]:
    marks = np.broadcast_to(np.asarray(bundle.watermarks, np.int64), len(bundle))
    found: dict[str, Callable[[], pa.Array[Any]]] = {
        "time": partial(_moments, bundle.times),
        "watermark": partial(_moments, marks),
    }
    if bundle.windows is not None:
        found["window_start"] = partial(_moments, bundle.windows.starts)
        found["window_end"] = partial(_moments, bundle.windows.ends)
    return found


def _of_pane(panes: Panes) -> dict[str, Callable[[], pa.Array[Any]]]:
    return {
        "timing": lambda: pa.array(np.array(TIMINGS, np.object_)[panes.timings], pa.string()),
        "index": partial(pa.array, panes.indexes),
        "nonspeculative_index": partial(pa.array, panes.nonspeculative),
        "is_first": partial(pa.array, panes.indexes == 0),
        "is_last": partial(pa.array, panes.last),
    }


def _moments(times: Int64s) -> pa.Array[Any]:
    """Return times as a column; the ends of time are null, for no clock shows them."""
    known = (times != MIN_TIME) & (times != MAX_TIME)
    found: pa.Array[Any] = pa.array(times, pa.int64(), mask=None if known.all() else ~known)
    return found.cast(METADATA["time"])


def _with_columns(bundle: Bundle, arrays: dict[str, pa.Array[Any]]) -> pa.RecordBatch:
    found = dict(zip(bundle.batch.schema.names, bundle.batch.columns, strict=True)) | arrays
    return pa.RecordBatch.from_arrays(list(found.values()), names=list(found))


def _with_rows(bundle: Bundle, arrays: dict[str, pa.Array[Any]]) -> list[Any]:
    values = zip(*(to_values(array) for array in arrays.values()), strict=True)
    return [
        {**(row if isinstance(row, dict) else {VALUE: row}), **dict(zip(arrays, found, strict=True))}
        for row, found in zip(bundle.rows, values, strict=True)
    ]
