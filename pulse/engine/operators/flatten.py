"""Merge collections: their records get the fields and types of the merged one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from pulse.engine.operator import Elementwise

if TYPE_CHECKING:
    from pulse.engine.operator import StepContext
    from pulse.model.bundle import Bundle


class FlattenOperator(Elementwise):
    """Executes ``FlattenOp``; the stage merges the watermarks.

    Args:
        schema: the fields of all inputs, types widened; None when those of one are not known.
        context: the step's context.
    """

    def __init__(self, schema: pa.Schema | None, context: StepContext) -> None:
        super().__init__(context)
        self.schema = schema

    def apply(self, bundle: Bundle) -> Bundle:
        schema = self.schema
        if schema is None:
            return bundle
        if bundle.is_rows:
            return self._fill(bundle, schema)
        batch = bundle.batch
        if batch.schema.equals(schema):
            return bundle
        columns = [
            batch.column(field.name).cast(field.type, safe=not pa.types.is_floating(field.type))
            if field.name in batch.schema.names
            else pa.nulls(len(bundle), field.type)
            for field in schema
        ]
        return bundle.with_data(pa.RecordBatch.from_arrays(columns, schema=schema)) if columns else bundle

    @staticmethod
    def _fill(bundle: Bundle, schema: pa.Schema) -> Bundle:
        """Give each dict every field; records of other kinds stay as they are."""
        empty = dict.fromkeys(schema.names)
        names = empty.keys()
        if all(isinstance(row, dict) and row.keys() >= names for row in bundle.rows):
            return bundle
        return bundle.with_data([{**empty, **row} if isinstance(row, dict) else row for row in bundle.rows])
