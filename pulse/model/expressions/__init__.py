"""Expressions: what a filter or a computed field says, as data that the compiler can look into.

``col("score") * 2 > 1`` builds a small immutable tree. The tree tells which fields it reads and of what type
its values are; it runs over columns as Arrow kernels and over rows as compiled closures, with the same values
and the same errors; its text form is what ``parse`` reads.
"""

from __future__ import annotations

from pulse.model.expressions.arrow import to_arrow
from pulse.model.expressions.builders import When, coalesce, col, concat, lit, max_of, min_of, when
from pulse.model.expressions.expr import Expr
from pulse.model.expressions.parser import parse

__all__ = [
    "Expr",
    "When",
    "coalesce",
    "col",
    "concat",
    "lit",
    "max_of",
    "min_of",
    "parse",
    "to_arrow",
    "when",
]
