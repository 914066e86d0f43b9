"""From a bundle of records to the columns that an aggregation works on."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation import GroupedAggregation
from pulse.engine.aggregation.values import comparable
from pulse.engine.convert import ColumnBuilder, build_columns, lacks, restore_types, snapshot_types
from pulse.engine.evaluation import FAILURES, evaluate_columns
from pulse.engine.operators.key_by import check_key, check_keys
from pulse.engine.windowing.names import RECORD, TIME, key_column
from pulse.graph.collection import passed_field
from pulse.model.aggregates import max as latest
from pulse.model.aggregates import min as earliest
from pulse.model.expressions import Expr, col

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.operator import StepContext
    from pulse.model.aggregates import Aggregate
    from pulse.model.bundle import Bundle
    from pulse.model.windows import TimestampCombiner


@dataclass(frozen=True)
class Prepared:
    """The columns of a bundle: keys and aggregate inputs, with the records they belong to.

    Args:
        bundle: the records, without those that were rejected.
        columns: key columns as ``key_column`` names them, aggregate inputs as the aggregation does; at least
            one column, so that it is known how many records there are.
        records: whole records, for an aggregate that takes them.
    """

    bundle: Bundle
    columns: pa.Table
    records: list[Any] | None

    def take(self, keep: np.ndarray[Any, np.dtype[Any]]) -> Prepared:
        """Return the records that a mask selects."""
        if keep.all():
            return self
        indices = np.flatnonzero(keep)
        records = None if self.records is None else [self.records[i] for i in indices.tolist()]
        return Prepared(self.bundle.take(indices), self.columns.take(pa.array(indices, pa.int64())), records)

    def slice(self, start: int, stop: int) -> Prepared:
        """Return the records ``start`` to ``stop``."""
        records = None if self.records is None else self.records[start:stop]
        return Prepared(self.bundle.slice(start, stop), self.columns.slice(start, stop - start), records)


class AggregateInputs:
    """Evaluates keys and aggregate inputs over bundles of either layout.

    Args:
        keys: the key fields.
        aggregates: output name and aggregate of each.
        timestamp: the timestamp combiner; ``earliest`` and ``latest`` add a hidden aggregate over event time.
        schema: schema of the records, when known.
        context: the step's context.
        merging: whether windows merge, so that values whose order matters are taken by event time.
    """

    def __init__(
        self,
        keys: Sequence[str],
        aggregates: Sequence[tuple[str, Aggregate]],
        *,
        timestamp: TimestampCombiner,
        schema: pa.Schema | None,
        context: StepContext,
        merging: bool = False,
    ) -> None:
        self.keys = tuple(keys)
        self.by = tuple(key_column(key) for key in keys)
        self.context = context
        self.hidden = timestamp != "end_of_window"
        declared = list(aggregates)
        if self.hidden:
            declared.append((TIME, earliest(TIME) if timestamp == "earliest" else latest(TIME)))
        self.aggregation = GroupedAggregation(tuple(declared), by_time=merging)
        self.merging = merging
        self.names: list[str] = list(self.by)
        self.expressions: list[Expr] = [col(key) for key in self.keys]
        for name, expr in self.aggregation.inputs:
            if TIME not in expr.fields():
                self.names.append(name)
                self.expressions.append(expr)
        self.time_columns = [n for n, e in self.aggregation.inputs if TIME in e.fields()]
        self.getters = [_getter(expr, schema) for expr in self.expressions]
        self.builders = [
            ColumnBuilder(passed_field(expr) or str(expr), expr.type(schema) if schema is not None else None)
            for expr in self.expressions
        ]

    def prepare(self, bundle: Bundle) -> Prepared:
        """Return the columns of a bundle; records whose inputs cannot be computed are rejected."""
        records = None
        if bundle.is_rows:
            bundle, arrays = self._from_rows(bundle)
            records = bundle.rows if self.aggregation.needs_rows else None
        else:
            bundle, arrays = evaluate_columns(bundle, self.expressions, self.context)
        columns: dict[str, Any] = dict(zip(self.names, arrays, strict=True))
        for name in self.by:
            columns[name] = comparable(pa.chunked_array([columns[name]]))
        if self.time_columns:
            # A record that is behind its watermark cannot hold that back: no result takes its time from it.
            times = pa.array(bundle.times, mask=bundle.times < bundle.watermarks)
            columns |= dict.fromkeys(self.time_columns, times)
        if not columns:
            columns[RECORD] = pa.nulls(len(bundle))
        return Prepared(bundle, pa.table(columns), records)

    def snapshot(self) -> Any:
        """Return the types of the columns built so far, for they decide which values fit."""
        return snapshot_types(self.builders)

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave."""
        restore_types(self.builders, state)

    def _from_rows(self, bundle: Bundle) -> tuple[Bundle, list[pa.Array[Any]]]:
        rows = bundle.rows
        getters = self.getters
        try:
            values: list[list[Any]] = [list(map(get, rows)) for get in getters]
            values[: len(self.by)] = map(check_keys, values[: len(self.by)])
        except FAILURES:
            good = np.ones(len(bundle), np.bool_)
            values = [[] for _ in getters]
            for i, row in enumerate(rows):
                try:
                    found = [get(row) for get in getters]
                    found[: len(self.by)] = map(check_key, found[: len(self.by)])
                except FAILURES as error:
                    good[i] = False
                    self.context.reject(bundle, i, _reason(error, row))
                    continue
                for column, value in zip(values, found, strict=True):
                    column.append(value)
            bundle = bundle.take(good)
        return build_columns(bundle, values, self.builders, self.context)


def _getter(expr: Expr, schema: pa.Schema | None) -> Any:
    """Return a function from a row to a value; a plain field that is missing is a ``KeyError``."""
    field = passed_field(expr)
    return expr.row_function(schema) if field is None else itemgetter(field)


def _reason(error: BaseException, row: Any) -> BaseException | str:
    if row is None:
        return "record is None, not a dict: does a function before this step return its record?"
    return lacks(row, error.args[0]) if isinstance(error, KeyError) and isinstance(row, dict) else error
