"""Compute fields from expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.engine.evaluation import evaluate_columns, evaluate_rows
from pulse.engine.operator import Elementwise
from pulse.model.bundle import no_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.operator import StepContext
    from pulse.model.bundle import Bundle
    from pulse.model.expressions import Expr


class ProjectOperator(Elementwise):
    """Executes ``ProjectOp``, and a ``KeyByOp`` whose keys are computed, in either layout.

    Args:
        columns: name and expression of each computed field.
        keep: whether the other fields stay.
        schema: schema of the records, when known.
        context: the step's context.
    """

    def __init__(
        self,
        columns: Sequence[tuple[str, Expr]],
        *,
        keep: bool,
        schema: pa.Schema | None,
        context: StepContext,
    ) -> None:
        super().__init__(context)
        self.names = [name for name, _ in columns]
        self.expressions = [expr for _, expr in columns]
        self.functions = [expr.row_function(schema) for _, expr in columns]
        self.keep = keep

    def apply(self, bundle: Bundle) -> Bundle:
        if bundle.is_rows:
            kept, values = evaluate_rows(bundle, self.functions, self.context)
            computed = zip(*values, strict=True) if values else iter([()] * len(kept))
            rows: list[Any] = [dict(zip(self.names, found, strict=True)) for found in computed]
            if self.keep:
                rows = [{**row, **new} for row, new in zip(kept.rows, rows, strict=True)]
            return kept.with_data(rows)
        kept, arrays = evaluate_columns(bundle, self.expressions, self.context)
        columns = dict(zip(self.names, arrays, strict=True))
        if self.keep:
            columns = dict(zip(kept.batch.schema.names, kept.batch.columns, strict=True)) | columns
        if not columns:
            return kept.with_data(no_columns(len(kept)))
        return kept.with_data(pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns)))
