"""First and last values by event time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.types as pat

from pulse.engine.aggregation.form import Form, Merged, Parts, Records
from pulse.engine.aggregation.groups import Groups, Reduction, group, scattered
from pulse.engine.aggregation.values import Values, array, chunked, comparable, physical, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation.values import Column
    from pulse.model.bundle import Int64s


class Edge(Form):
    """``first`` and ``last``: the value at the extreme time; of several the extreme value.

    Args:
        function: ``"min"`` for the first, ``"max"`` for the last.
    """

    parts = ("time", "value")
    orders_records = orders_partials = True

    def __init__(self, function: str) -> None:
        self._function = function

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Find the values at the extreme times."""
        del reduced
        times = pa.chunked_array([pa.array(records.times, pa.int64())])
        return self._edges(times, comparable(records.column), groups)

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Find the extreme of the extremes."""
        del reduced
        return self._edges(chunked(parts["time"]), chunked(parts["value"]), groups)

    def extract(self, merged: Merged) -> Values | Column:
        """Return the values."""
        return merged.parts["value"]

    def _edges(self, times: Column, values: Column, groups: Groups) -> Parts:
        ids, found = groups.gather(values)
        when = whole(times).take(groups.order)
        if len(found) < len(when):
            when = when.filter(whole(values).take(groups.order).is_valid())
        moments = when.to_numpy()
        starts = np.flatnonzero(np.diff(ids, prepend=-1))
        reduce = np.minimum if self._function == "min" else np.maximum
        extremes = reduce.reduceat(moments, starts) if len(starts) else moments
        at_edge = moments == np.repeat(extremes, np.diff(starts, append=len(ids)))
        owners, values_there = ids[at_edge], found.filter(array(at_edge))
        if len(owners) > len(starts):
            owners, values_there = self._settle(owners, values_there)
        size = len(groups)
        return {
            "time": scattered(owners, array(extremes), size),
            "value": scattered(owners, values_there, size),
        }

    def _settle(self, ids: Int64s, values: Values) -> tuple[Int64s, Values]:
        """Choose among the values that share the extreme time of their group."""
        column = physical(chunked(values))
        found = group(
            pa.table({"id": array(ids)}), ["id"], (Reduction(column, self._function),), ordered=False
        )
        chosen = found.reduced[0]
        if pat.is_duration(values.type):
            chosen = chosen.cast(values.type)
        return whole(found.keys.column("id")).to_numpy(), whole(chosen)
