"""Counts, exact and estimated numbers of different values, and lists of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.types as pat

from pulse.engine.aggregation.form import Form, Merged, Parts, Records
from pulse.engine.aggregation.groups import Groups, Reduction, lists, tallied
from pulse.engine.aggregation.values import (
    Values,
    array,
    chunked,
    comparable,
    decoded,
    kernels,
    python,
    whole,
)
from pulse.model.aggregates.distinct_sketch import estimate, sketch_of, united

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation.values import Column
    from pulse.model.bundle import Int64s


class RecordCount(Form):
    """``count()``: the number of records is kept for every group anyway."""

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Return no parts."""
        del records, groups, reduced
        return {}

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Return no parts."""
        del parts, groups, reduced
        return {}

    def extract(self, merged: Merged) -> Column:
        """Return the number of records."""
        return merged.rows


class ValueCount(Form):
    """``count("f")``: the number of values that are not null."""

    parts = ("count",)

    def reduce(self, records: Records) -> Sequence[Reduction]:
        """Count valid values."""
        return (Reduction(decoded(records.column), "count"),)

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep the counts."""
        del records, groups
        return {"count": reduced[0]}

    def reduce_partials(self, parts: Parts) -> Sequence[Reduction]:
        """Add the counts."""
        return (Reduction(parts["count"], "sum"),)

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep the sums."""
        del parts, groups
        return {"count": reduced[0]}

    def extract(self, merged: Merged) -> Values | Column:
        """Return the counts."""
        return merged.parts["count"]


class Distinct(Form):
    """``count_distinct``: a list of the different values, each once."""

    parts = ("values",)
    orders_records = orders_partials = True

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """List the different values."""
        del reduced
        ids, values, _ = tallied(*groups.gather(comparable(records.column)))
        return {"values": lists(ids, values, len(groups))}

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Unite the lists."""
        del reduced
        owners, (elements,) = groups.gather_lists(chunked(parts["values"]))
        ids, values, _ = tallied(owners, elements)
        return {"values": lists(ids, values, len(groups))}

    def extract(self, merged: Merged) -> Values | Column:
        """Return the lengths."""
        lengths: Column = kernels.list_value_length(merged.parts["values"])
        return lengths


class DistinctSketch(Form):
    """``approx_count_distinct``: a serialised sketch per group."""

    parts = ("sketch",)
    orders_records = orders_partials = True

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Sketch the different values of each group."""
        del reduced
        values = comparable(records.column)
        if getattr(values.type, "unit", None) == "ns":
            values = values.cast(pa.int64())
        ids, unique, _ = tallied(*groups.gather(values))
        sketches = [sketch_of(values) for values in python(lists(ids, unique, len(groups)))]
        return {"sketch": pa.array(sketches, pa.large_binary())}

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Unite the sketches of each group; one alone stays as it is."""
        del reduced
        ids, sketches = groups.gather(chunked(parts["sketch"]))
        grouped = python(lists(ids, sketches, len(groups)))
        whole_ones = [found[0] if len(found) == 1 else united(found) for found in grouped]
        return {"sketch": pa.array(whole_ones, pa.large_binary())}

    def extract(self, merged: Merged) -> Values:
        """Return the estimates."""
        return pa.array([estimate(s) for s in python(merged.parts["sketch"])], pa.int64())


class Collect(Form):
    """``collect``: the values in the order of arrival."""

    parts: tuple[str, ...] = ("values",)
    orders_records = orders_partials = True

    def __init__(self, *, nulls: bool) -> None:
        self._nulls = nulls

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """List the values."""
        del reduced
        ids, values = groups.gather(decoded(records.column), nulls=self._nulls)
        return {"values": lists(ids, values, len(groups))}

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Append later lists to earlier ones."""
        del reduced
        ids, (values,) = groups.gather_lists(chunked(parts["values"]))
        return {"values": lists(ids, values, len(groups))}

    def extract(self, merged: Merged) -> Values:
        """Return the lists."""
        return short_lists(merged.parts["values"])


class CollectByTime(Collect):
    """``collect`` where parts interleave in time: the values by event time, then in the order of arrival."""

    parts = ("values", "times", "places")

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """List the values and their times."""
        del reduced
        column = decoded(records.column)
        ids, values = groups.gather(column, nulls=self._nulls)
        order = groups.order
        if len(order) > len(values):
            order = order.filter(whole(column).take(order).is_valid())
        times, places = array(records.times).take(order), kernels.add(order, records.first)
        return self._sorted(ids, (values, times, places), len(groups))

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Interleave the lists."""
        del reduced
        ids, columns = groups.gather_lists(*(chunked(parts[name]) for name in self.parts))
        return self._sorted(ids, columns, len(groups))

    def _sorted(self, ids: Int64s, columns: Sequence[Values], size: int) -> Parts:
        _, times, places = columns
        order = array(np.lexsort((places.to_numpy(), times.to_numpy(), ids)))
        return {
            name: lists(ids, column.take(order), size)
            for name, column in zip(self.parts, columns, strict=True)
        }


def short_lists(column: Values | Column) -> Values:
    """Return large lists as the lists of a result."""
    values = whole(column)
    return values.cast(pa.list_(values.type.value_type)) if pat.is_large_list(values.type) else values
