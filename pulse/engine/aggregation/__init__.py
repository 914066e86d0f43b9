"""Aggregates over columns: partial aggregates of bundles, merged into state, extracted as results.

Each kind of aggregate has a columnar form (``Form``), the twin of its ``CombineFn`` in
``pulse.model.aggregates``; ``GroupedAggregation`` runs the forms of several aggregates over one grouping of
the rows. Only a person's own ``CombineFn`` runs in Python record by record.
"""

from __future__ import annotations

from pulse.engine.aggregation.concat import concat
from pulse.engine.aggregation.grouped import ROWS, GroupedAggregation

__all__ = ["ROWS", "GroupedAggregation", "concat"]
