"""Which function over Python values each built-in kind means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.model.aggregates.counting import CollectFn, CountFn, DistinctFn
from pulse.model.aggregates.distinct_sketch import DistinctSketchFn
from pulse.model.aggregates.logic import LogicFn
from pulse.model.aggregates.numbers import MeanFn, MomentsFn, SumFn
from pulse.model.aggregates.ordering import EdgeFn, ExtremumFn, TopFn
from pulse.model.aggregates.quantiles import QuantileFn

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.model.aggregates.aggregate import Aggregate
    from pulse.model.aggregates.combine_fn import CombineFn

_FUNCTIONS: dict[str, Callable[[Aggregate], CombineFn]] = {
    "count": lambda a: CountFn(records=a.input is None),
    "sum": lambda a: SumFn(str(a)),
    "mean": lambda _: MeanFn(),
    "min": lambda _: ExtremumFn(largest=False),
    "max": lambda _: ExtremumFn(largest=True),
    "count_distinct": lambda _: DistinctFn(),
    "first": lambda _: EdgeFn(largest=False),
    "last": lambda _: EdgeFn(largest=True),
    "variance": lambda a: MomentsFn(ddof=a.option("ddof", 0), root=False),
    "stddev": lambda a: MomentsFn(ddof=a.option("ddof", 0), root=True),
    "collect": lambda a: CollectFn(nulls=a.option("nulls", default=False)),
    "top_k": lambda a: TopFn(a.option("k"), largest=True, paired=a.by is not None),
    "bottom_k": lambda a: TopFn(a.option("k"), largest=False, paired=a.by is not None),
    "any_of": lambda _: LogicFn(decisive=True),
    "all_of": lambda _: LogicFn(decisive=False),
    "approx_count_distinct": lambda _: DistinctSketchFn(),
    "approx_quantile": lambda a: QuantileFn(a.option("q")),
}

KINDS = tuple(_FUNCTIONS)
"""Every built-in kind."""


def reference(aggregate: Aggregate) -> CombineFn:
    """Return the reference function of a built-in aggregate."""
    return _FUNCTIONS[aggregate.kind](aggregate)
