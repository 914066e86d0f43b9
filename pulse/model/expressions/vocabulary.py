"""What the text form may use: operators, functions and methods, and what each one builds."""

from __future__ import annotations

import ast
import operator
from datetime import date
from decimal import Decimal, InvalidOperation
from inspect import signature
from typing import TYPE_CHECKING, Any

from pulse.errors import TypeMismatch
from pulse.model.expressions.builders import coalesce, col, concat, lit, max_of, min_of
from pulse.model.expressions.expr import Expr
from pulse.model.expressions.literals import read_time
from pulse.model.expressions.textmethods import TextMethods
from pulse.model.expressions.timemethods import TimeMethods

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OPERATORS: Mapping[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.And: operator.and_,
    ast.Or: operator.or_,
    ast.Not: operator.invert,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.Invert: operator.invert,
}
"""Python's operators, by their node in the syntax tree."""

NAMESPACES: Mapping[str, type] = {"str": TextMethods, "dt": TimeMethods}
"""The attributes under which methods stand."""

_PLAIN = (
    "abs",
    "alias",
    "between",
    "cast",
    "ceil",
    "coalesce",
    "exp",
    "field",
    "fill_null",
    "floor",
    "is_in",
    "is_not_null",
    "is_null",
    "ln",
    "log10",
    "round",
    "sqrt",
)


def _under(namespace: str, method: Callable[..., Expr]) -> Callable[..., Expr]:
    """Return a method of a namespace as a function of the expression itself."""

    def build(value: Expr, *arguments: Any, **named: Any) -> Expr:
        return method(getattr(value, namespace), *arguments, **named)

    build.__signature__ = signature(method)  # type: ignore[attr-defined]
    return build


def _methods() -> dict[str, Callable[..., Expr]]:
    found: dict[str, Callable[..., Expr]] = {name: getattr(Expr, name) for name in _PLAIN}
    for namespace, owner in NAMESPACES.items():
        for name, method in vars(owner).items():
            if not name.startswith("_"):
                found[f"{namespace}.{name}"] = _under(namespace, method)
    return found


def _timestamp(text: str) -> Expr:
    moment = read_time(text) if isinstance(text, str) else None
    if moment is None:
        raise TypeMismatch(f"timestamp({text!r}) is no ISO 8601 time", hint="write '2024-05-01T10:00:00Z'")
    return lit(moment)


def _date(text: str) -> Expr:
    try:
        return lit(date.fromisoformat(text))
    except (TypeError, ValueError):
        raise TypeMismatch(f"date({text!r}) is no ISO 8601 date", hint="write '2024-05-01'") from None


def _decimal(text: str) -> Expr:
    try:
        return lit(Decimal(text))
    except (TypeError, ValueError, InvalidOperation):
        raise TypeMismatch(f"decimal({text!r}) is no decimal number", hint="write '1.20'") from None


def _float(text: str) -> Expr:
    try:
        return lit(float(text))
    except (TypeError, ValueError):
        raise TypeMismatch(
            f"float({text!r}) is no number", hint="write 1.5, float('inf') or float('nan')"
        ) from None


METHODS: Mapping[str, Callable[..., Expr]] = _methods()
"""The methods of an expression, with their namespace, by name."""

FUNCTIONS: Mapping[str, Callable[..., Expr]] = {
    "col": col,
    "lit": lit,
    "coalesce": coalesce,
    "concat": concat,
    "min_of": min_of,
    "max_of": max_of,
    "timestamp": _timestamp,
    "date": _date,
    "decimal": _decimal,
    "float": _float,
}
"""The functions that are called by their name alone."""
