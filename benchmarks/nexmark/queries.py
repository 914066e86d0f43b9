"""The table of queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.nexmark.bids import q0, q1, q2, q14, q21, q22
from benchmarks.nexmark.clock import q12
from benchmarks.nexmark.days import q15, q16, q17
from benchmarks.nexmark.joins import q3, q13, q20, q23
from benchmarks.nexmark.ranked import q18, q19
from benchmarks.nexmark.windows import q5, q7, q8, q11
from benchmarks.nexmark.winning import q4, q6, q9

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.nexmark.site import Site
    from pulse import PCollection

    Query = Callable[[Site], PCollection]

QUERIES: dict[int, Query] = {
    **dict(enumerate((q0, q1, q2, q3, q4, q5, q6, q7, q8, q9))),
    **dict(enumerate((q11, q12, q13, q14, q15, q16, q17, q18, q19, q20, q21, q22, q23), 11)),
}
"""Every query by its number. Number 10, which writes the bids to files, is what any sink does."""
