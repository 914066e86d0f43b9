"""What Pulse knows of one function: its types, its two evaluators, what it takes, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulse.model.expressions.columns import ColumnLink
    from pulse.model.expressions.rows import RowLink
    from pulse.model.expressions.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One line of the table of functions.

    Args:
        rule: from argument types to the types they are converted to and the type of the result.
        columns: links the evaluation over columns.
        rows: links the evaluation over one row; gives the same values and fails on the same rows.
        takes: what it is defined for, in words, for messages.
        can_fail: whether a value of the right type may still be an error.
        mixes: whether its arguments share one type, so that a constant takes the type of the others.
        cost: roughly the work per record, in additions of two numbers.
    """

    rule: Rule
    columns: ColumnLink
    rows: RowLink
    takes: str
    can_fail: bool = False
    mixes: bool = False
    cost: int = 1
