"""Apply a person's function to records or batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.convert import (
    ColumnBuilder,
    build_columns,
    field_values,
    restore_types,
    snapshot_types,
)
from pulse.engine.operator import Elementwise, Operator, Out
from pulse.errors import RecordError
from pulse.graph.ops import MAIN
from pulse.model.bundle import Bundle, Mask, Windows
from pulse.model.rows import to_values
from pulse.model.tagged import Tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulse.engine.operator import StepContext
    from pulse.graph.ops import FieldsOp, FunctionOp


def call_each(
    function: Callable[..., Any],
    calls: Iterable[Any],
    bundle: Bundle,
    context: StepContext,
    *,
    person: Callable[..., Any] | None = None,
    verdicts: bool = False,
) -> tuple[list[Any], Mask | None]:
    """Call a function on each value, once; the records it raises on are rejected.

    Args:
        function: what to call.
        calls: what to call it with, one for each record.
        bundle: the records.
        context: the step's context.
        person: the person's function inside, to be named in an error.
        verdicts: whether only the truth of each result matters.

    Returns:
        The results, or their truth, and which records they belong to: None when all of them.
    """
    values = calls if isinstance(calls, list) else list(calls)
    pending = iter(values)
    results: list[Any] = []
    bad: list[int] = []
    while len(results) + len(bad) < len(values):
        # ``extend`` keeps what it has when the function raises, so that every value is given to it just once.
        error: Exception = StopIteration()  # which ``map`` takes for its own end
        try:
            found = map(function, pending)
            results.extend(map(bool, found) if verdicts else found)
        except Exception as raised:  # noqa: BLE001 - a person's function may raise anything
            error = raised
        row = len(results) + len(bad)
        if row < len(values):
            bad.append(row)
            context.reject(bundle, row, error, function=person or function)
    if not bad:
        return results, None
    good = np.ones(len(values), np.bool_)
    good[bad] = False
    return results, good


class MapOperator(Elementwise):
    """Executes ``FunctionOp`` of shape ``map``."""

    def __init__(self, op: FunctionOp, context: StepContext) -> None:
        super().__init__(context)
        self.function = op.function

    def apply(self, bundle: Bundle) -> Bundle:
        results, good = call_each(self.function, bundle.rows, bundle, self.context)
        return (bundle if good is None else bundle.take(good)).with_data(results)


class FilterFunctionOperator(Elementwise):
    """Executes ``FunctionOp`` of shape ``filter``."""

    def __init__(self, op: FunctionOp, context: StepContext) -> None:
        super().__init__(context)
        self.function = op.function

    def apply(self, bundle: Bundle) -> Bundle:
        verdicts, good = call_each(self.function, bundle.rows, bundle, self.context, verdicts=True)
        kept = bundle if good is None else bundle.take(good)
        return kept.take(np.array(verdicts, np.bool_))


class InspectOperator(Elementwise):
    """Executes ``FunctionOp`` of shape ``inspect``."""

    def __init__(self, op: FunctionOp, context: StepContext) -> None:
        super().__init__(context)
        self.function = op.function

    def apply(self, bundle: Bundle) -> Bundle:
        _, good = call_each(self.function, bundle.rows, bundle, self.context)
        return bundle if good is None else bundle.take(good)


class FlatMapOperator(Operator):
    """Executes ``FunctionOp`` of shape ``flat_map``, with its tagged outputs."""

    def __init__(self, op: FunctionOp, context: StepContext) -> None:
        super().__init__(context)
        self.function = op.function
        self.tags = op.tags

    def process(self, bundle: Bundle) -> Iterable[Out]:
        ledger, before = self.context.ledger, self.context.ledger.errored
        ledger.received += len(bundle)
        results, good = call_each(self._expand, bundle.rows, bundle, self.context, person=self.function)
        kept = bundle if good is None else bundle.take(good)
        made = sum(1 for found in results if found)
        ledger.passed += made
        ledger.filtered += len(results) - made
        if self.tags:
            yield from self._route(kept, results)
        else:
            counts = np.fromiter(map(len, results), np.int64, len(results))
            out = kept.take(np.repeat(np.arange(len(kept)), counts))
            ledger.emitted += len(out)
            if len(out):
                yield Out(MAIN, out.with_data([value for found in results for value in found]))
        if ledger.errored > before:
            yield from self.context.failures()

    def _expand(self, record: Any) -> list[Any]:
        found = self.function(record)
        if found is None:
            return []
        if isinstance(found, str | bytes | dict):
            raise TypeError(
                f"flat_map function returned {type(found).__name__}, but must return an iterable of records "
                "(wrap a single record in a list)"
            )
        values = list(found)
        for value in values:
            if isinstance(value, Tagged) and value.tag not in self.tags:
                raise ValueError(
                    f"output {value.tag!r} was not declared; declared: {', '.join(self.tags) or 'none'}"
                )
        return values

    def _route(self, bundle: Bundle, results: list[list[Any]]) -> Iterable[Out]:
        rows: dict[str, list[int]] = {MAIN: [], **{tag: [] for tag in self.tags}}
        values: dict[str, list[Any]] = {tag: [] for tag in rows}
        for i, found in enumerate(results):
            for value in found:
                tag, record = (value.tag, value.value) if isinstance(value, Tagged) else (MAIN, value)
                rows[tag].append(i)
                values[tag].append(record)
        for tag, indices in rows.items():
            if indices:
                self.context.ledger.emitted += len(indices) if tag == MAIN else 0
                yield Out(tag, bundle.take(np.array(indices, np.int64)).with_data(values[tag]))


class MapBatchesOperator(Elementwise):
    """Executes ``FunctionOp`` of shape ``batches``."""

    def __init__(self, op: FunctionOp, context: StepContext) -> None:
        super().__init__(context)
        self.function = op.function
        self.schema = op.schema

    def account(self, received: int, emitted: int, errored: int) -> None:
        """A batch goes on as a whole, whatever its length afterwards."""
        self.context.ledger.passed += (received - errored) if emitted else 0
        self.context.ledger.filtered += 0 if emitted else received - errored

    def apply(self, bundle: Bundle) -> Bundle:
        try:
            batch = self._call(bundle.batch)
        except Exception as error:  # noqa: BLE001 - a person's function may raise anything
            for row in range(len(bundle)):
                self.context.reject(bundle, row, error, function=self.function)
            return bundle.slice(0, 0)
        if batch.num_rows == len(bundle):
            return bundle.with_data(batch)
        # Which record came of which is not known: all have the time and window of the latest.
        last = np.full(batch.num_rows, int(np.argmax(bundle.times)), np.int64)
        mark = bundle.watermarks if isinstance(bundle.watermarks, int) else int(bundle.watermarks[0])
        windows = bundle.windows and Windows(bundle.windows.starts[last], bundle.windows.ends[last])
        return Bundle(batch, bundle.times[last], mark, windows)

    def _call(self, before: pa.RecordBatch) -> pa.RecordBatch:
        batch = self.function(before)
        if isinstance(batch, pa.Table):
            combined = batch.combine_chunks().to_batches()
            batch = combined[0] if combined else pa.RecordBatch.from_pylist([], schema=batch.schema)
        if not isinstance(batch, pa.RecordBatch):
            raise RecordError(
                f"MapBatches function returned {type(batch).__name__}, but must return a pyarrow.RecordBatch",
                step=self.context.name,
            )
        return batch if self.schema is None else batch.cast(self.schema)


class FieldsOperator(Elementwise):
    """Executes ``FieldsOp`` in either layout: values in, values out, no dict per record on columns."""

    def __init__(self, op: FieldsOp, context: StepContext) -> None:
        super().__init__(context)
        self.op = op
        self.builder = ColumnBuilder(op.output, op.type)
        function = op.function
        self._call = function if len(op.inputs) == 1 else lambda values: function(*values)

    def apply(self, bundle: Bundle) -> Bundle:
        inputs = self.op.inputs
        if bundle.is_rows:
            bundle, columns = field_values(bundle, inputs, self.context)
        else:
            columns = [to_values(bundle.batch.column(name)) for name in inputs]
        calls = columns[0] if len(columns) == 1 else zip(*columns, strict=True)
        results, good = call_each(self._call, calls, bundle, self.context, person=self.op.function)
        kept = bundle if good is None else bundle.take(good)
        if kept.is_rows:
            name = self.op.output
            rows = [{**row, name: value} for row, value in zip(kept.rows, results, strict=True)]
            return kept.with_data(rows)
        return self._with_column(kept, results)

    def _with_column(self, bundle: Bundle, results: list[Any]) -> Bundle:
        bundle, (array,) = build_columns(bundle, [results], [self.builder], self.context)
        columns = dict(zip(bundle.batch.schema.names, bundle.batch.columns, strict=True))
        columns[self.op.output] = array
        return bundle.with_data(pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)))

    def snapshot(self) -> Any:
        return snapshot_types([self.builder])

    def restore(self, state: Any) -> None:
        restore_types([self.builder], state)
