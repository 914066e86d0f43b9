"""From pydantic's list of what is wrong to one error that points at lines of the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pulse.config.document import get
from pulse.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError

    from pulse.config.document import Document
    from pulse.config.locate import KeyPath

_MAX_SHOWN = 10

_WANTED = {
    "string_type": "a text in quotes",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list in brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}
"""What a value should have been, by pydantic's name of the problem."""


def problems(error: ValidationError, document: Document) -> ConfigError:
    """Return one error for all that is wrong with a config: the first in full, the others below it."""
    found: dict[KeyPath, tuple[str, str | None]] = {}
    for detail in error.errors(include_url=False):
        path, message, hint = _problem(detail, document)
        if path not in found:
            found[path] = (message, hint)
        elif detail["type"] in _WANTED and _wanted(detail) not in found[path][0]:  # the key may be either
            found[path] = (f"{found[path][0]} or {_wanted(detail)}", hint)
    first, *others = [document.error(path, *problem) for path, problem in found.items()]
    if others:
        lines = [f"{other.where}: {other.message}" for other in others[:_MAX_SHOWN]]
        more = len(others) - len(lines)
        first = ConfigError(
            "\n".join([first.message, *lines, *([f"and {more} more"] if more else [])]),
            hint=first.hint,
            where=first.where,
        )
    return first


def _problem(detail: Any, document: Document) -> tuple[KeyPath, str, str | None]:
    path = key_path(detail["loc"], document.data)
    if detail["type"] == "missing":
        path = (*path, detail["loc"][-1])
    context = detail.get("ctx", {})
    kind = detail["type"]
    if kind == "pulse":
        if context["key"] is not None:
            path = (*path, context["key"])
        return path, _hide(context["message"], path, document), context["hint"]
    shown = _shown(document.shown(path))
    hint = None
    if kind == "missing":
        message = "is missing"
    elif kind == "literal_error":
        allowed = re.findall(r"'([^']*)'", context["expected"])
        message = f"{shown} is not one of {', '.join(allowed)}"
        hint = did_you_mean(str(detail["input"]), allowed)
    elif kind in _WANTED:
        message = f"{shown} is not {_wanted(detail)}"
    elif kind == "greater_than_equal":
        message = f"{shown} is below {context['ge']}"
    elif kind in {"too_short", "string_too_short"}:
        message = "is empty"
    else:
        message = f"{shown}: {detail['msg'][0].lower()}{detail['msg'][1:]}"
    return path, message, hint


def _wanted(detail: Any) -> str:
    return _WANTED[detail["type"]]


def key_path(location: Iterable[str | int], data: Any) -> KeyPath:
    """Return the key path of a pydantic location, leaving out the kinds and types that it also names.

    Example:
        >>> key_path(("source", 0, "<jsonl>", "path", "list[str]"), {"source": {"path": 3}})
        ('source', 'path')
    """
    path: list[str | int] = []
    for part in location:
        if isinstance(data, dict):
            if part not in data:
                continue
        elif isinstance(data, list):
            if not isinstance(part, int):
                continue
        else:
            break
        path.append(part)
        data = get(data, part)
    return tuple(path)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value)


def _hide(message: str, path: KeyPath, document: Document) -> str:
    """Show the text as written in place of what a variable put there: it may be a secret."""
    value: Any = document.data
    for part in path:
        value = get(value, part)
    raw = document.shown(path)
    return message.replace(repr(value), repr(raw)) if isinstance(value, str) and value != raw else message
