"""Plain Python data as JSON, and back: what a person's accumulators are saved as."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pulse.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXT: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    Decimal: ("decimal", str, Decimal),
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    timedelta: ("timedelta", lambda d: d // timedelta(microseconds=1), lambda n: timedelta(microseconds=n)),
    UUID: ("uuid", str, UUID),
}
_MANY: dict[type, str] = {tuple: "tuple", set: "set", frozenset: "frozenset"}
_FROM_TEXT = {tag: read for tag, _, read in _TEXT.values()} | {"int": int, "float": float}
_FROM_MANY: dict[str, type] = {tag: kind for kind, tag in _MANY.items()}


def to_plain(value: Any, owner: str) -> Any:  # noqa: PLR0911 - one line per kind of value
    """Return a value as JSON data that keeps its type.

    Args:
        value: None, bool, int, float, str, bytes, Decimal, date, time, datetime, timedelta, UUID, or a
            tuple, list, set, frozenset or dict of these.
        owner: what the value belongs to, for the error.

    Raises:
        StateError: when it holds anything else; the message names the type.

    Example:
        >>> to_plain({"seen": {2}, 1: (b"x", float("inf"))}, "combine(F)")
        {'dict': [['seen', {'set': [2]}], [1, {'tuple': [{'bytes': '78'}, {'float': 'inf'}]}]]}
        >>> from_plain(_)
        {'seen': {2}, 1: (b'x', inf)}
    """
    kind = type(value)
    if value is None or kind in (bool, str):
        return value
    if kind is int:
        return value if abs(value) < 2**63 else {"int": str(value)}
    if kind is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if kind in _TEXT:
        tag, write, _ = _TEXT[kind]
        return {tag: write(value)}
    if kind is list:
        return [to_plain(item, owner) for item in value]
    if kind in _MANY:
        return {_MANY[kind]: [to_plain(item, owner) for item in value]}
    if kind is dict:
        return {"dict": [[to_plain(k, owner), to_plain(v, owner)] for k, v in value.items()]}
    raise StateError(
        f"{owner} holds a {kind.__module__}.{kind.__qualname__}, which cannot be saved in a checkpoint",
        hint="let its save return plain data (numbers, text, bytes, times, lists, tuples, sets, dicts) "
        "and its load turn them back",
    )


def from_plain(data: Any) -> Any:
    """Return the value that ``to_plain`` wrote."""
    if isinstance(data, list):
        return [from_plain(item) for item in data]
    if not isinstance(data, dict):
        return data
    ((tag, inner),) = data.items()
    if tag == "dict":
        return {from_plain(k): from_plain(v) for k, v in inner}
    if tag in _FROM_MANY:
        return _FROM_MANY[tag](from_plain(item) for item in inner)
    return _FROM_TEXT[tag](inner)
