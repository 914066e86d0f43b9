"""The k largest or smallest values of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation.counting import short_lists
from pulse.engine.aggregation.form import Form, Merged, Parts, Records
from pulse.engine.aggregation.groups import lists
from pulse.engine.aggregation.values import Values, array, chunked, comparable, kernels, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation.groups import Groups
    from pulse.engine.aggregation.values import Column
    from pulse.model.bundle import Int64s


class Ranking(Form):
    """``top_k`` and ``bottom_k``: the best values in order, and what they are ordered by.

    Args:
        k: how many.
        order: ``"descending"`` for the largest, ``"ascending"`` for the smallest.
        paired: whether the values are ordered by something else than themselves.
    """

    orders_records = orders_partials = True

    def __init__(self, k: int, order: Literal["ascending", "descending"], *, paired: bool) -> None:
        self._k = k
        self._order: Literal["ascending", "descending"] = order
        self.parts = ("values", "by") if paired else ("values",)

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Rank the values."""
        del reduced
        columns = [comparable(c) for c in (records.values, records.by) if c is not None]
        taken = [whole(column).take(groups.order) for column in columns]
        ids = groups.ids
        for column in list(taken):
            if column.null_count:
                valid = (
                    kernels.is_valid(taken[0])
                    if len(taken) == 1
                    else kernels.and_(*map(kernels.is_valid, taken))
                )
                ids, taken = ids[valid.to_numpy(zero_copy_only=False)], [c.filter(valid) for c in taken]
        return self._best(ids, taken, len(groups))

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Rank the best of all parts."""
        del reduced
        ids, columns = groups.gather_lists(*(chunked(parts[name]) for name in self.parts))
        return self._best(ids, columns, len(groups))

    def extract(self, merged: Merged) -> Values:
        """Return the values."""
        return short_lists(merged.parts["values"])

    def _best(self, ids: Int64s, columns: list[Values], size: int) -> Parts:
        names = [*reversed(self.parts)]
        table = pa.table({"id": array(ids), **dict(zip(self.parts, columns, strict=True))})
        order = kernels.sort_indices(
            table, sort_keys=[("id", "ascending"), *((name, self._order) for name in names)]
        ).to_numpy()
        # Sorting leaves the groups where they are, so the rank of a row is its distance from their start.
        starts = np.flatnonzero(np.diff(ids, prepend=-1))
        rank = np.arange(len(ids)) - np.repeat(starts, np.diff(starts, append=len(ids)))
        kept = rank < self._k
        chosen = array(order[kept])
        return {
            name: lists(ids[kept], column.take(chosen), size)
            for name, column in zip(self.parts, columns, strict=True)
        }
