"""Evaluating expressions over bundles of either layout, and finding the records they fail on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.errors import PulseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.operator import StepContext
    from pulse.model.bundle import Bundle
    from pulse.model.expressions import Expr
    from pulse.model.expressions.rows import RowFunction

FAILURES = (pa.ArrowException, PulseError, ValueError, TypeError, KeyError, ArithmeticError, AttributeError)
"""What evaluating an expression on a record can raise."""


def evaluate_columns(
    bundle: Bundle, expressions: Sequence[Expr], context: StepContext
) -> tuple[Bundle, list[pa.Array[Any]]]:
    """Evaluate expressions over columns.

    Kernels fail for a whole batch. Then the batch is taken record by record, those that fail are rejected,
    and the rest is evaluated again.

    Returns:
        The bundle without the rejected records, and one array per expression, of its length.
    """
    try:
        return bundle, [expr.evaluate(bundle.batch) for expr in expressions]
    except FAILURES as error:
        good = np.ones(len(bundle), np.bool_)
        for row in range(len(bundle)):
            one = bundle.batch.slice(row, 1)
            try:
                for expr in expressions:
                    expr.evaluate(one)
            except FAILURES as reason:
                good[row] = False
                context.reject(bundle, row, reason)
        if good.all():
            raise PulseError(f"step {context.name!r}: {error}") from error
    kept = bundle.take(good)
    return kept, [expr.evaluate(kept.batch) for expr in expressions]


def evaluate_rows(
    bundle: Bundle, functions: Sequence[RowFunction], context: StepContext
) -> tuple[Bundle, list[list[Any]]]:
    """Evaluate compiled expressions over rows; see ``evaluate_columns``."""
    rows = bundle.rows
    try:
        return bundle, [[function(row) for row in rows] for function in functions]
    except FAILURES:
        good = np.ones(len(bundle), np.bool_)
        values: list[list[Any]] = [[] for _ in functions]
        for i, row in enumerate(rows):
            try:
                found = [function(row) for function in functions]
            except FAILURES as reason:
                good[i] = False
                context.reject(bundle, i, reason)
                continue
            for column, value in zip(values, found, strict=True):
                column.append(value)
        return bundle.take(good), values
