"""Triggers as text, for configuration files: the same words as in Python, and nothing else."""

from __future__ import annotations

import ast
import re
from inspect import signature
from typing import TYPE_CHECKING, Any

from pulse.errors import WindowingError, did_you_mean
from pulse.model import triggers
from pulse.model.triggers import Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable

_BARE_DURATION = re.compile(r"(?<![\w.'\"])\d+(us|ms|s|m|h|d|w)\b(?!['\"])")
"""A duration as text outside quotes, which is no Python."""

_KINDS: dict[str, type[Trigger]] = {
    name: getattr(triggers, name)
    for name in (
        "AfterWatermark",
        "AfterCount",
        "AfterProcessingTime",
        "AfterAny",
        "AfterAll",
        "AfterEach",
        "OrFinally",
        "Repeatedly",
        "Never",
    )
}


def parse_trigger(text: str) -> Trigger:
    """Return the trigger that a text describes. Nothing in it is executed.

    Raises:
        WindowingError: when it is no such text; names the trigger kinds.

    Example:
        >>> parse_trigger("AfterWatermark(early=AfterProcessingTime('5s'), late=AfterCount(1))").on_time
        True
        >>> str(parse_trigger("Repeatedly(AfterCount(2)).or_finally(AfterWatermark())"))
        'OrFinally(Repeatedly(AfterCount(2)), AfterWatermark())'
    """
    try:
        found = _value(ast.parse(text.strip(), mode="eval").body, text)
    except (SyntaxError, RecursionError, MemoryError, TypeError):
        found = None
    if not isinstance(found, Trigger):
        bare = _BARE_DURATION.search(text)
        if bare is not None:
            raise WindowingError(
                f"{text!r} is not a trigger: the duration {bare[0]} has no quotes around it",
                hint=f"write '{bare[0]}'",
            )
        raise WindowingError(
            f"{text!r} is not a trigger",
            hint="such as AfterWatermark(early=AfterProcessingTime('5s'), late=AfterCount(1)); "
            f"triggers: {', '.join(_KINDS)}",
        )
    return found


def _value(node: ast.expr, text: str) -> Any:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | str | None):
        return node.value
    if not isinstance(node, ast.Call):
        raise SyntaxError(text)  # noqa: TRY004 - told as any text that is no trigger
    given = [_value(argument, text) for argument in node.args]
    named = {word.arg: _value(word.value, text) for word in node.keywords if word.arg is not None}
    if isinstance(node.func, ast.Attribute) and node.func.attr == "or_finally":
        body = _value(node.func.value, text)
        if isinstance(body, Trigger):
            return body.or_finally(*given)
    if not isinstance(node.func, ast.Name):
        raise SyntaxError(text)  # noqa: TRY004 - as above
    kind = _KINDS.get(node.func.id)
    if kind is None:
        raise WindowingError(
            f"trigger {node.func.id!r} is not known; triggers: {', '.join(_KINDS)}",
            hint=did_you_mean(node.func.id, list(_KINDS)),
        )
    _check_arguments(kind, given, named)
    return kind(*given, **named)


def _check_arguments(kind: type[Trigger], given: list[Any], named: dict[str, Any]) -> None:
    """Raise a ``WindowingError`` for arguments that a trigger does not have."""
    known = signature(kind)
    for name in named:
        if name not in known.parameters:
            raise WindowingError(
                f"trigger {kind.__name__} has no argument {name!r}; arguments: {_listed(known.parameters)}",
                hint=did_you_mean(name, list(known.parameters)),
            )
    try:
        known.bind(*given, **named)
    except TypeError as error:
        raise WindowingError(
            f"trigger {kind.__name__}: {error}; arguments: {_listed(known.parameters)}"
        ) from None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
