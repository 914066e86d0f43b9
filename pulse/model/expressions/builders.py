"""The words that start an expression: ``col``, ``lit``, ``when``, and functions of several values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pulse.errors import TypeMismatch
from pulse.model.arguments import placed
from pulse.model.expressions.expr import Expr
from pulse.model.expressions.literals import literal
from pulse.model.expressions.tree import Call, Column, Node


@placed
def col(name: str) -> Expr:
    """Return the field of that name.

    Example:
        >>> str(col("score") > 1)
        'score > 1'
    """
    if not isinstance(name, str) or not name:
        raise TypeMismatch(f"col({name!r}) is not a field: the name of a field is a string that is not empty")
    return Expr(Column(name))


@placed
def lit(value: Any) -> Expr:
    """Return a constant: None, bool, int, float, str, bytes, datetime, date or Decimal.

    Example:
        >>> str(lit("a")), lit(1).row_function()({})
        ("'a'", 1)
    """
    return value if isinstance(value, Expr) else Expr(literal(value))


@placed
def coalesce(*values: Any) -> Expr:
    """Return the first value that is not null.

    Example:
        >>> coalesce(col("a"), col("b"), 0).row_function()({"a": None, "b": 2})
        2
    """
    return _of("coalesce", values)


@placed
def concat(*values: Any) -> Expr:
    """Join strings; null when one is null.

    Example:
        >>> concat(col("a"), "-", col("b")).row_function()({"a": "x", "b": "y"})
        'x-y'
    """
    return _of("concat", values)


@placed
def min_of(*values: Any) -> Expr:
    """Return the least of several values of one record; null when one is null, nan only when all are.

    Example:
        >>> min_of(col("a"), col("b")).row_function()({"a": 3, "b": 2})
        2
    """
    return _of("min_of", values)


@placed
def max_of(*values: Any) -> Expr:
    """Return the greatest of several values of one record; null when one is null, nan only when all are.

    Example:
        >>> max_of(col("a"), 2.5).row_function()({"a": 3})
        3.0
    """
    return _of("max_of", values)


@dataclass(frozen=True, slots=True)
class When:
    """A choice whose last condition still lacks its value."""

    branches: tuple[Node, ...]

    def then(self, value: Any) -> Then:
        """Give the value for the condition."""
        return Then((*self.branches, lit(value).node))


@dataclass(frozen=True, slots=True)
class Then:
    """A choice that can take another condition, or end with ``otherwise``."""

    branches: tuple[Node, ...]

    def when(self, condition: Any) -> When:
        """Add a condition, tried when those before it do not hold."""
        return When((*self.branches, lit(condition).node))

    def otherwise(self, value: Any = None) -> Expr:
        """End with the value for records that meet no condition: null unless one is given."""
        last = lit(value).node
        if isinstance(last, Call) and last.function == "when":
            return Expr(Call("when", (*self.branches, *last.arguments)))
        return Expr(Call("when", (*self.branches, last)))


@placed
def when(condition: Any) -> When:
    """Start a choice: ``when(c).then(x).when(d).then(y).otherwise(z)``; a null condition counts as false.

    Example:
        >>> size = when(col("n") > 9).then("big").otherwise("small")
        >>> str(size), size.row_function()({"n": 10})
        ("'big' if n > 9 else 'small'", 'big')
    """
    return When((lit(condition).node,))


def _of(function: str, values: tuple[Any, ...]) -> Expr:
    if not values:
        raise TypeMismatch(f"{function}() needs at least one value")
    return lit(values[0]).apply(function, *values[1:])
