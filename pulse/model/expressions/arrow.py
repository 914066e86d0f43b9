"""Translate filters for Arrow's own readers, which skip the parts of Parquet files that cannot match."""

from __future__ import annotations

import operator
from functools import reduce
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pulse.model.expressions import program
from pulse.model.expressions.tree import Column, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.model.expressions.bind import Bound
    from pulse.model.expressions.expr import Expr


def to_arrow(expression: Expr, schema: pa.Schema) -> pc.Expression | None:
    """Return a filter as an Arrow expression, or None when it cannot be told in its terms.

    Parts of a conjunction that cannot be told are left out, so the result keeps every record that the
    expression keeps, and perhaps more: the filter itself must still run.

    Raises:
        UnknownField: as ``Expr.type``.
        TypeMismatch: as ``Expr.type``.

    Example:
        >>> from pulse.model.expressions import parse
        >>> schema = pa.schema([("score", pa.float64()), ("word", pa.string())])
        >>> to_arrow(parse("score > 1 and word.str.lower() == 'a'"), schema)
        <pyarrow.compute.Expression (score > 1)>
    """
    told = [_translate(program.typed(part.node, schema), monotone=True) for part in expression.conjuncts()]
    parts = [part for part in told if part is not None]
    if not parts:
        return None
    whole: pc.Expression = reduce(operator.and_, parts)
    return whole


def _translate(bound: Bound, *, monotone: bool) -> Any:
    """Return a node in Arrow's terms, or None.

    Statistics of a Parquet file pass over nan, for which every comparison but != is false. So comparisons of
    floats are told only where a false one cannot make a record pass: not below anything but and, or.
    """
    node = bound.node
    if isinstance(node, Column):
        return pc.field(node.name)
    if isinstance(node, Literal):
        scalar: Any = pa.scalar(node.value, node.type)  # the stubs know Python values only
        return pc.scalar(scalar)
    if node.function == "is_in":
        return _membership(bound)
    build = _BUILDERS.get(node.function)
    if build is None or (_compares_floats(bound) and (node.function == "not_equal" or not monotone)):
        return None
    monotone = monotone and node.function in ("and", "or")
    parts = [_translate(operand, monotone=monotone) for operand in bound.operands]
    if any(part is None for part in parts):
        return None
    return build(bound.type, *parts)


def _compares_floats(bound: Bound) -> bool:
    return bound.type == pa.bool_() and any(pa.types.is_floating(operand.type) for operand in bound.operands)


def _membership(bound: Bound) -> Any:
    value = _translate(bound.operands[0], monotone=False)
    if value is None or pa.types.is_floating(bound.operands[0].type):  # hashing tells 0.0 from -0.0
        return None
    constants = [operand.node.value for operand in bound.operands[1:] if isinstance(operand.node, Literal)]
    return pc.if_else(  # keeps null for null, so that a surrounding "not" is right
        pc.is_valid(value),
        value.isin(pa.array(constants, bound.operands[0].type)),
        pa.scalar(None, pa.bool_()),
    )


_BUILDERS: dict[str, Callable[..., Any]] = {
    "equal": lambda _, a, b: a == b,
    "not_equal": lambda _, a, b: a != b,
    "less": lambda _, a, b: a < b,
    "less_equal": lambda _, a, b: a <= b,
    "greater": lambda _, a, b: a > b,
    "greater_equal": lambda _, a, b: a >= b,
    "and": lambda _, a, b: a & b,
    "or": lambda _, a, b: a | b,
    "not": lambda _, a: ~a,
    "is_null": lambda _, a: a.is_null(),
    "is_not_null": lambda _, a: a.is_valid(),
    "widen": lambda kind, a: a.cast(kind, safe=pa.types.is_integer(kind)),
}
