"""Which columnar form each kind of aggregate takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.engine.aggregation.counting import (
    Collect,
    CollectByTime,
    Distinct,
    DistinctSketch,
    RecordCount,
    ValueCount,
)
from pulse.engine.aggregation.custom import Custom
from pulse.engine.aggregation.edges import Edge
from pulse.engine.aggregation.extremes import Extremum, Logic
from pulse.engine.aggregation.moments import Moments
from pulse.engine.aggregation.quantiles import Quantile
from pulse.engine.aggregation.ranking import Ranking
from pulse.engine.aggregation.sums import Mean, Sum

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.engine.aggregation.form import Form
    from pulse.model.aggregates import Aggregate

_FORMS: dict[str, Callable[[Aggregate], Form]] = {
    "count": lambda a: RecordCount() if a.input is None else ValueCount(),
    "sum": lambda a: Sum(str(a)),
    "mean": lambda a: Mean(str(a)),
    "min": lambda _: Extremum("min"),
    "max": lambda _: Extremum("max"),
    "count_distinct": lambda _: Distinct(),
    "first": lambda _: Edge("min"),
    "last": lambda _: Edge("max"),
    "variance": lambda a: Moments(ddof=a.option("ddof", 0), root=False),
    "stddev": lambda a: Moments(ddof=a.option("ddof", 0), root=True),
    "collect": lambda a: Collect(nulls=a.option("nulls", default=False)),
    "top_k": lambda a: Ranking(a.option("k"), "descending", paired=a.by is not None),
    "bottom_k": lambda a: Ranking(a.option("k"), "ascending", paired=a.by is not None),
    "any_of": lambda _: Logic("any"),
    "all_of": lambda _: Logic("all"),
    "approx_count_distinct": lambda _: DistinctSketch(),
    "approx_quantile": lambda a: Quantile(a.option("q")),
}


def form_of(aggregate: Aggregate, *, by_time: bool = False) -> Form:
    """Return the columnar form of an aggregate.

    Args:
        aggregate: the declaration.
        by_time: whether values whose order matters are taken by event time; see ``GroupedAggregation``.
    """
    if aggregate.fn is not None:
        return Custom(aggregate.fn, str(aggregate), aggregate.option("type"), by_time=by_time)
    if by_time and aggregate.kind == "collect":
        return CollectByTime(nulls=aggregate.option("nulls", default=False))
    return _FORMS[aggregate.kind](aggregate)
