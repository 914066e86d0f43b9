"""Aggregates: ``count``, ``sum``, ``mean``, ... and a person's own, declared as frozen values.

A declaration knows the columns that it reads, the type of its result, and its meaning as a ``CombineFn``
over Python values. ``pulse.engine.aggregation`` computes the same over columns.
"""

from __future__ import annotations

from pulse.model.aggregates.aggregate import Aggregate
from pulse.model.aggregates.builders import (
    all_of,
    any_of,
    approx_count_distinct,
    approx_median,
    approx_quantile,
    avg,
    bottom_k,
    collect,
    combine,
    count,
    count_distinct,
    distinct,
    first,
    last,
    list_of,
    max,  # noqa: A004 - the name that a person guesses
    mean,
    min,  # noqa: A004
    stddev,
    sum,  # noqa: A004
    top_k,
    variance,
)
from pulse.model.aggregates.combine_fn import CombineFn

__all__ = [
    "Aggregate",
    "CombineFn",
    "all_of",
    "any_of",
    "approx_count_distinct",
    "approx_median",
    "approx_quantile",
    "avg",
    "bottom_k",
    "collect",
    "combine",
    "count",
    "count_distinct",
    "distinct",
    "first",
    "last",
    "list_of",
    "max",
    "mean",
    "min",
    "stddev",
    "sum",
    "top_k",
    "variance",
]
