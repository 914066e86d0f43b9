"""Variance and standard deviation from count, mean, and squared distance from the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation.form import Form, Merged, Parts, Records
from pulse.engine.aggregation.groups import Reduction
from pulse.engine.aggregation.values import Values, array, chunked, decoded, kernels, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation.groups import Groups
    from pulse.engine.aggregation.values import Column


class Moments(Form):
    """``variance`` and ``stddev``.

    Source: Chan, Golub and LeVeque, "Updating Formulae and a Pairwise Algorithm for Computing Sample
    Variances", 1979, for any number of samples at once: the squared distance of a union is that of its parts
    plus that of their means, weighted by their counts.

    Args:
        ddof: what is taken off the count in the divisor.
        root: whether the result is the square root.
    """

    parts = ("count", "mean", "squares")
    orders_partials = True

    def __init__(self, *, ddof: int, root: bool) -> None:
        self._ddof = ddof
        self._root = root

    def reduce(self, records: Records) -> Sequence[Reduction]:
        """Count, average, and compute the variance."""
        values = decoded(records.column).cast(pa.float64(), safe=False)
        return tuple(Reduction(values, function) for function in ("count", "mean", "variance"))

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Turn variances back into squared distances."""
        del records, groups
        count, mean, variance = reduced
        return {"count": count, "mean": mean, "squares": kernels.multiply(variance, count.cast(pa.float64()))}

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Unite samples."""
        del reduced
        ids, counts = groups.gather(chunked(parts["count"]))
        weights = counts.to_numpy().astype(np.float64)
        means, squares = (
            whole(chunked(parts[name])).take(groups.order).fill_null(0.0).to_numpy()
            for name in ("mean", "squares")
        )
        size = len(groups)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            total = np.bincount(ids, weights, size)
            # Means are averaged by their distance from one of their own group, which keeps all their digits.
            filled = weights > 0
            origin = np.zeros(size)
            origin[ids[filled]] = means[filled]
            mean = (
                origin
                + np.bincount(ids, np.where(filled, weights * (means - origin[ids]), 0.0), size) / total
            )
            distance = np.where(filled, means - mean[ids], 0.0)
            united = np.bincount(ids, squares + weights * distance * distance, size)
        empty = total == 0
        return {
            "count": array(total.astype(np.int64)),
            "mean": array(mean, empty),
            "squares": array(united.astype(np.float64), empty),
        }

    def extract(self, merged: Merged) -> Values | Column:
        """Divide the squared distances by count - ddof; null where that is not positive."""
        divisor = kernels.subtract(merged.parts["count"], self._ddof)
        divisor = kernels.if_else(kernels.greater(divisor, 0), divisor, None).cast(pa.float64())
        variance: Column = kernels.divide(merged.parts["squares"], divisor)
        root: Column = kernels.sqrt(variance)
        return root if self._root else variance
