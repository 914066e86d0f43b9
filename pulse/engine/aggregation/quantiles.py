"""Quantiles from the different values of a group and how often each occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation.form import Form, Merged, Parts, Records
from pulse.engine.aggregation.groups import Groups, Reduction, lists, tallied
from pulse.engine.aggregation.values import Values, array, chunked, comparable, decoded, kernels, whole
from pulse.model.aggregates.quantiles import EXACT, rounded

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pulse.engine.aggregation.values import Column
    from pulse.model.bundle import Int64s


class Quantile(Form):
    """``approx_quantile``; see ``pulse.model.aggregates.quantiles`` for what it promises.

    Args:
        q: from 0 to 1.
    """

    parts = ("values", "counts", "coarse")
    orders_records = orders_partials = True

    def __init__(self, q: float) -> None:
        self._q = q

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Count how often each value occurs."""
        del reduced
        values = comparable(decoded(records.column).cast(pa.float64(), safe=False))
        ids, found = groups.gather(values)
        number = ~np.isnan(found.to_numpy(zero_copy_only=False))
        ids, found = ids[number], found.filter(array(number))
        size = len(groups)
        return _samples(ids, found, array(np.ones(len(ids), np.int64)), np.zeros(size, np.bool_))

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Add up how often each value occurs."""
        del reduced
        ids, (values, counts) = groups.gather_lists(chunked(parts["values"]), chunked(parts["counts"]))
        owners, flags = groups.gather(chunked(parts["coarse"]))
        coarse = np.zeros(len(groups), np.bool_)
        coarse[owners[flags.to_numpy(zero_copy_only=False)]] = True
        return _samples(ids, values, counts, coarse)

    def extract(self, merged: Merged) -> Values:
        """Return for each group the least value that at least q of the samples do not exceed."""
        samples = whole(chunked(merged.parts["values"]))
        size = len(samples)
        ids = kernels.list_parent_indices(samples).to_numpy()
        values = kernels.list_flatten(samples).to_numpy()
        counts = kernels.list_flatten(whole(chunked(merged.parts["counts"]))).to_numpy()
        order = np.lexsort((values, ids))
        ids, values, counts = ids[order], values[order], counts[order]
        totals = np.bincount(ids, counts, size).astype(np.int64)
        needed = np.maximum(1, np.ceil(self._q * totals)).astype(np.int64)
        before = np.cumsum(totals) - totals
        reached = np.cumsum(counts)
        at = np.searchsorted(reached, before + needed)
        empty = totals == 0
        at[empty] = 0
        return array(values[at] if len(values) else np.zeros(size), empty)


def _samples(ids: Int64s, values: Values, counts: Values, coarse: npt.NDArray[np.bool_]) -> Parts:
    """Return the samples of each group, rounded in the groups that are coarse or have too many."""
    size = len(coarse)
    ids, values, counts = _rounded_where(ids, values, counts, coarse)
    crowded = (np.bincount(ids, minlength=size) > EXACT) & ~coarse
    if crowded.any():
        coarse = coarse | crowded
        ids, values, counts = _rounded_where(ids, values, counts, crowded)
    return {
        "values": lists(ids, values, size),
        "counts": lists(ids, counts, size),
        "coarse": array(coarse),
    }


def _rounded_where(
    ids: Int64s, values: Values, counts: Values, coarse: npt.NDArray[np.bool_]
) -> tuple[Int64s, Values, Values]:
    if coarse.any():
        numbers = values.to_numpy()
        values = array(np.where(coarse[ids], rounded(numbers), numbers))
    owners, unique, (totals,) = tallied(ids, values, Reduction(counts, "sum"))
    return owners, unique, whole(totals)
