"""Comparisons, three-valued logic, tests for null, choices, and functions over values of any one type."""

from __future__ import annotations

import operator
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from pulse.model.expressions import casts, columns, kernels, rowlogic, rows, rules
from pulse.model.expressions.function import Function
from pulse.model.expressions.values import align

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_COMPARED = "two values of one type: numbers, strings, times, booleans or binary"
_RANKED = "values of one type: numbers, strings, times or binary"
_ORDERED = (int, float, Decimal, str, bytes, datetime, date)


def _comparison(symbol: str, test: Callable[[Any, Any], bool], kernel: Callable[..., Any]) -> Function:
    return Function(
        rule=rules.comparison,
        columns=columns.strict(kernel),
        rows=rows.compare(symbol, test, align),
        takes=_COMPARED,
        mixes=True,
    )


def _extreme(symbol: str, better: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    """Return least or greatest; nan loses against every number."""

    def run(*values: Any) -> Any:
        best = values[0]
        for value in values[1:]:
            one, two = align(symbol, best, value)
            take = one != one or better(two, one)  # noqa: PLR0124 - only nan differs from itself
            if _in_one_zone(best, value):  # they were compared in UTC, and keep the zone that they have
                one, two = best, value
            best = two if take else one
        return best

    return run


def _in_one_zone(left: Any, right: Any) -> bool:
    return (
        isinstance(left, datetime) and isinstance(right, datetime) and left.tzinfo is right.tzinfo is not None
    )


def _member(operands: Sequence[rows.Operand], options: Sequence[Any]) -> rows.RowFunction:
    name = str(options[0])
    return rows.strict(lambda value, _: value.get(name), (dict,), f".field({name!r})")(operands, options)


LOGIC: dict[str, Function] = {
    "equal": _comparison("==", operator.eq, pc.equal),
    "not_equal": _comparison("!=", operator.ne, pc.not_equal),
    "less": _comparison("<", operator.lt, pc.less),
    "less_equal": _comparison("<=", operator.le, pc.less_equal),
    "greater": _comparison(">", operator.gt, pc.greater),
    "greater_equal": _comparison(">=", operator.ge, pc.greater_equal),
    "and": Function(
        rule=rules.from_to(rules.BOOL, result=rules.BOOL),
        columns=columns.link_and,
        rows=rowlogic.link_and,
        takes="booleans, such as comparisons",
    ),
    "or": Function(
        rule=rules.from_to(rules.BOOL, result=rules.BOOL),
        columns=columns.link_or,
        rows=rowlogic.link_or,
        takes="booleans, such as comparisons",
    ),
    "not": Function(
        rule=rules.from_to(rules.BOOL, result=rules.BOOL),
        columns=columns.strict(pc.invert),
        rows=rowlogic.link_not,
        takes="a boolean, such as a comparison",
    ),
    "is_null": Function(
        rule=rules.any_to_bool, columns=columns.strict(pc.is_null), rows=rows.is_null, takes="any value"
    ),
    "is_not_null": Function(
        rule=rules.any_to_bool, columns=columns.strict(pc.is_valid), rows=rows.is_not_null, takes="any value"
    ),
    "is_in": Function(
        rule=rules.comparison,
        columns=columns.link_is_in,
        rows=rowlogic.link_is_in,
        takes=_COMPARED,
        mixes=True,
    ),
    "when": Function(
        rule=rules.choice,
        columns=columns.link_when,
        rows=rowlogic.link_when,
        takes="boolean conditions, and values of one type",
        mixes=True,
    ),
    "coalesce": Function(
        rule=rules.shared,
        columns=columns.link_coalesce,
        rows=rowlogic.link_coalesce,
        takes="values of one type",
        mixes=True,
    ),
    "min_of": Function(
        rule=rules.extreme,
        columns=columns.strict(kernels.min_of),
        rows=rows.strict(_extreme("min_of", operator.lt), _ORDERED, "min_of"),
        takes=_RANKED,
        mixes=True,
    ),
    "max_of": Function(
        rule=rules.extreme,
        columns=columns.strict(kernels.max_of),
        rows=rows.strict(_extreme("max_of", operator.gt), _ORDERED, "max_of"),
        takes=_RANKED,
        mixes=True,
    ),
    "field": Function(
        rule=rules.member,
        columns=columns.strict(pc.struct_field),
        rows=_member,
        takes="a struct",
    ),
    "cast": Function(
        rule=casts.rule,
        columns=columns.typed(casts.cast),
        rows=casts.link_cast,
        takes="a value that has a form in that type",
        can_fail=True,
        cost=4,
    ),
    "widen": Function(
        rule=rules.any_to_bool,
        columns=columns.typed(casts.widen),
        rows=casts.link_widen,
        takes="any value",
        can_fail=True,
    ),
}
"""Comparisons, logic and conversions, by name; ``widen`` is what binding inserts, and no one writes it."""
