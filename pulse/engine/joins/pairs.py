"""From matching rows of both sides to joined records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pulse.engine.aggregation.values import kernels, whole
from pulse.engine.joins.side import field_column, key_column, take
from pulse.engine.operators.filter import truth
from pulse.engine.windowing.bounds import bound_column
from pulse.graph.ops.joined_fields import KEY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.graph.ops.joined_fields import JoinedField
    from pulse.model.bundle import Int64s, Mask
    from pulse.model.expressions import Expr


class PairBuilder:
    """Builds joined records.

    Args:
        fields: the fields of the result, apart from those of the window.
        keys: how many of them are keys; they stand first.
        schema: the schema of the result.
        where: a condition that pairs must meet.
    """

    def __init__(
        self, fields: Sequence[JoinedField], keys: int, schema: pa.Schema, where: Expr | None
    ) -> None:
        self.fields = tuple(fields)
        self.keys = [key_column(i) for i in range(keys)]
        self.schema = schema
        self.where = where

    def same_keys(self, left: pa.Table, right: pa.Table) -> Mask:
        """Return which rows of two tables of equal length have equal keys: null is equal to nothing."""
        same = np.ones(left.num_rows, np.bool_)
        for name in self.keys:
            one, other = left.column(name), right.column(name)
            equal: Any = kernels.equal(one, other)
            if pa.types.is_floating(one.type):
                nans = kernels.and_(kernels.is_nan(one), kernels.is_nan(other))
                equal = kernels.or_(equal, nans)
            same &= truth(whole(equal))
        return same

    def build(self, left: pa.Table, right: pa.Table, windows: tuple[Int64s, Int64s]) -> pa.RecordBatch:
        """Return joined records.

        Args:
            left: the left row of each; nulls for a right one without a match.
            right: the right row of each; nulls for a left one without a match.
            windows: start and end of each; used when the result has window fields.
        """
        columns: dict[str, Any] = {
            "window_start": bound_column(windows[0]),
            "window_end": bound_column(windows[1]),
        }
        for place, field in enumerate(self.fields):
            if field.side == KEY:
                name = key_column(place)
                columns[field.name] = whole(pc.coalesce(left.column(name), right.column(name)))
            else:
                side = (left, right)[field.side]
                columns[field.name] = whole(side.column(field_column(field.field)))
        return pa.RecordBatch.from_arrays([columns[name] for name in self.schema.names], schema=self.schema)

    def matching(
        self,
        left: tuple[pa.Table, Int64s],
        right: tuple[pa.Table, Int64s],
        windows: tuple[Int64s, Int64s] | None = None,
        *,
        verify: bool = True,
    ) -> tuple[pa.RecordBatch, Int64s]:
        """Return the joined records of candidates that match, and which candidates those are.

        Args:
            left: a table, and the row in it of each candidate.
            right: the same for the other side.
            windows: start and end of each candidate's window.
            verify: whether keys have still to be compared.
        """
        one, other = take(*left), take(*right)
        count = one.num_rows
        kept = np.arange(count)
        if verify and not (same := self.same_keys(one, other)).all():
            kept = np.flatnonzero(same)
            one, other = take(one, kept), take(other, kept)
        nowhere = np.zeros(count, np.int64)
        starts, ends = windows or (nowhere, nowhere)
        batch = self.build(one, other, (starts[kept], ends[kept]))
        if self.where is not None and batch.num_rows:
            true = truth(self.where.evaluate(batch))
            batch, kept = batch.filter(pa.array(true)), kept[true]
        return batch, kept
