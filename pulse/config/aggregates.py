"""Read aggregates from text: ``count()``, ``mean(score)``, ``top_k(word, 3, by=score)``.

Like expressions, they are never evaluated as Python: the text becomes a syntax tree, of which one call of a
known aggregate is allowed.
"""

from __future__ import annotations

import ast
import inspect
from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError, did_you_mean
from pulse.model import aggregates
from pulse.model.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.model.aggregates import Aggregate

AGGREGATES: dict[str, Callable[..., Aggregate]] = {
    name: getattr(aggregates, name)
    for name in (
        "count",
        "sum",
        "mean",
        "avg",
        "min",
        "max",
        "count_distinct",
        "distinct",
        "first",
        "last",
        "variance",
        "stddev",
        "collect",
        "list_of",
        "top_k",
        "bottom_k",
        "any_of",
        "all_of",
        "approx_count_distinct",
        "approx_quantile",
        "approx_median",
    )
}
"""What may be called, by name."""

_OTHERWISE = {
    "median": "approx_median(field)",
    "quantile": "approx_quantile(field, 0.99)",
    "percentile": "approx_quantile(field, 0.99)",
    "nunique": "count_distinct(field)",
    "std": "stddev(field)",
    "var": "variance(field)",
}
"""What people call aggregates elsewhere, and what to write here."""


def parse_aggregate(text: str) -> Aggregate:
    """Return the aggregate that a text describes.

    An argument is a field (``score``, or ``'score'`` as in Python), an expression (``score * 2``), or a
    number or truth value where the aggregate takes one.

    Raises:
        PipelineError: when the text is not one call of a known aggregate with arguments that it takes.

    Example:
        >>> str(parse_aggregate("mean(score * 2)")), str(parse_aggregate("top_k(word, 3, by=score)"))
        ('mean(score * 2)', 'top_k(word, k=3, by=score)')
    """
    try:
        call = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise PipelineError(
            f"{text!r} is not an aggregate",
            hint="write one such as 'count()', 'mean(score)' or 'top_k(word, 3)'",
        )
    name = call.func.id
    build = AGGREGATES.get(name)
    if build is None:
        raise PipelineError(
            f"aggregate {name!r} does not exist; aggregates: {', '.join(AGGREGATES)}",
            hint=f"write {_OTHERWISE[name]}" if name in _OTHERWISE else did_you_mean(name, AGGREGATES),
        )
    positional = [_argument(text, node) for node in call.args]
    named = {keyword.arg or "**": _argument(text, keyword.value) for keyword in call.keywords}
    try:
        inspect.signature(build).bind(*positional, **named)
    except TypeError as error:
        raise PipelineError(f"{name}() does not take these arguments: {error}") from None
    return build(*positional, **named)


def _argument(text: str, node: ast.expr) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bool | int | float):
        return node.value
    return parse(ast.get_source_segment(text.strip(), node) or "")
