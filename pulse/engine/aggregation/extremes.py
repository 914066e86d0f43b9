"""Smallest and largest values, and any and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from pulse.engine.aggregation.form import Form, Merged, Parts, Records
from pulse.engine.aggregation.groups import Reduction
from pulse.engine.aggregation.values import Values, chunked, comparable, decoded, physical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation.groups import Groups
    from pulse.engine.aggregation.values import Column


class Extremum(Form):
    """``min`` and ``max``; the kernels skip nulls, and NaN unless there is nothing else.

    Args:
        function: ``"min"`` or ``"max"``.
    """

    parts = ("value",)

    def __init__(self, function: str) -> None:
        self._function = function

    def reduce(self, records: Records) -> Sequence[Reduction]:
        """Find the extremes of the values."""
        return (Reduction(physical(comparable(records.column)), self._function),)

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep the extremes."""
        del groups
        kind = records.column.type
        return {"value": reduced[0].cast(kind) if pat.is_duration(kind) else reduced[0]}

    def reduce_partials(self, parts: Parts) -> Sequence[Reduction]:
        """Find the extremes of the extremes."""
        return (Reduction(physical(chunked(parts["value"])), self._function),)

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep the extremes."""
        del groups
        return {"value": reduced[0].cast(parts["value"].type)}

    def extract(self, merged: Merged) -> Values | Column:
        """Return the extremes."""
        return merged.parts["value"]


class Logic(Form):
    """``any_of`` and ``all_of``.

    Args:
        function: ``"any"`` or ``"all"``.
    """

    parts = ("value",)
    _options = pc.ScalarAggregateOptions(skip_nulls=True, min_count=1)

    def __init__(self, function: str) -> None:
        self._function = function

    def reduce(self, records: Records) -> Sequence[Reduction]:
        """Join the bools."""
        return (Reduction(decoded(records.column).cast(pa.bool_()), self._function, self._options),)

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep what they came to."""
        del records, groups
        return {"value": reduced[0]}

    def reduce_partials(self, parts: Parts) -> Sequence[Reduction]:
        """Join the bools."""
        return (Reduction(parts["value"], self._function, self._options),)

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep what they came to."""
        del parts, groups
        return {"value": reduced[0]}

    def extract(self, merged: Merged) -> Values | Column:
        """Return the bools."""
        return merged.parts["value"]
