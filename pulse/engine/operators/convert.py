"""Turn one layout into the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.convert import VALUE, ColumnBuilder, build_columns, lacks, restore_types, snapshot_types
from pulse.engine.operator import Elementwise, Operator, Out
from pulse.graph.ops import MAIN
from pulse.model.bundle import no_columns
from pulse.model.rows import to_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.engine.operator import StepContext
    from pulse.graph.ops import ToColumnsOp
    from pulse.model.bundle import Bundle


PIECE = 4096
"""So many dicts at a time fit the processor's cache: what handles them next is two times as fast for it."""


class ToRowsOperator(Operator):
    """Executes ``ToRowsOp``, a piece at a time."""

    def process(self, bundle: Bundle) -> Iterator[Out]:
        ledger = self.context.ledger
        for start in range(0, len(bundle), PIECE):
            piece = bundle.slice(start, min(start + PIECE, len(bundle)))
            ledger.received += len(piece)
            ledger.passed += len(piece)
            ledger.emitted += len(piece)
            yield Out(MAIN, piece if piece.is_rows else piece.with_data(to_rows(piece.batch)))


class ToColumnsOperator(Elementwise):
    """Executes ``ToColumnsOp``.

    Args:
        op: which fields to build; None for all those that the records have.
        schema: their types, when known.
        context: the step's context.
    """

    def __init__(self, op: ToColumnsOp, schema: pa.Schema | None, context: StepContext) -> None:
        super().__init__(context)
        self.fields = op.fields
        self.schema = schema
        self.builders: dict[str, ColumnBuilder] = {}

    def apply(self, bundle: Bundle) -> Bundle:
        if not bundle.is_rows:
            return bundle
        names = self.fields
        if names is None:
            names = tuple(self.schema.names) if self.schema is not None else self._names(bundle.rows)
        bundle, values = self._values(bundle, names)
        builders = [self._builder(name) for name in names]
        bundle, columns = build_columns(bundle, values, builders, self.context)
        if not names:
            return bundle.with_data(no_columns(len(bundle)))
        return bundle.with_data(pa.RecordBatch.from_arrays(columns, names=list(names)))

    def _builder(self, name: str) -> ColumnBuilder:
        if name not in self.builders:
            known = self.schema is not None and name in self.schema.names
            declared = self.schema.field(name).type if known and self.schema is not None else None
            self.builders[name] = ColumnBuilder(name, declared)
        return self.builders[name]

    def snapshot(self) -> Any:
        return {"names": list(self.builders), "types": snapshot_types(list(self.builders.values()))}

    def restore(self, state: Any) -> None:
        restore_types([self._builder(name) for name in state["names"]], state["types"])

    @staticmethod
    def _names(rows: list[Any]) -> tuple[str, ...]:
        found: dict[str, None] = {}
        for row in rows:
            found.update(dict.fromkeys(row) if isinstance(row, dict) else {VALUE: None})
        return tuple(found)

    def _values(self, bundle: Bundle, names: tuple[str, ...]) -> tuple[Bundle, list[list[Any]]]:
        """Return the values of each field; a record that lacks a field that is needed is rejected."""
        try:
            return bundle, [[row[name] for row in bundle.rows] for name in names]
        except (KeyError, TypeError, IndexError):
            pass
        good = np.ones(len(bundle), np.bool_)
        records: list[Any] = []
        for i, row in enumerate(bundle.rows):
            record = row if isinstance(row, dict) else {VALUE: row}
            lacking = [] if self.fields is None else [name for name in names if name not in record]
            if lacking:
                good[i] = False
                self.context.reject(bundle, i, lacks(record, lacking[0]))
            else:
                records.append(record)
        return bundle.take(good), [[record.get(name) for record in records] for name in names]
