"""Plain Python data as JSON, and back: what a person's accumulators, keys and values are saved as.

Nothing is pickled, so reading what someone else wrote runs none of their code. The layout: None, bool, str,
int of 64 bits, finite floats and lists are themselves in JSON; all else is an object, its one name the kind.

==============================================  ===========================================
``{"int": "…"}``, ``{"float": "nan"}``          a larger int; nan, inf, -inf
``{"bytes": "78"}``                             as hexadecimal digits
``{"decimal": "1.50"}``, ``{"uuid": "…"}``      as text
``{"date": "…"}``, ``"datetime"``, ``"time"``   ISO 8601, with the offset from UTC if there is one
``{"timedelta": [0, 5, 0]}``                    days, seconds, microseconds
``{"tuple": […]}``, ``"set"``, ``"frozenset"``  its items
``{"dict": [[key, value], …]}``                 its items in their order
==============================================  ===========================================
"""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from pulse.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXT: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    Decimal: ("decimal", str, Decimal),
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    timedelta: ("timedelta", lambda d: [d.days, d.seconds, d.microseconds], lambda parts: timedelta(*parts)),
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


def to_bytes(value: Any, owner: str) -> bytes:
    r"""Return plain data as bytes: the JSON text of ``to_plain``.

    Raises:
        StateError: when it holds something that is not plain, or text that is not Unicode.

    Example:
        >>> to_bytes((3, {"at": date(2024, 5, 1)}), "state 'last'")
        b'{"tuple":[3,{"dict":[["at",{"date":"2024-05-01"}]]}]}'
        >>> from_bytes(_)
        (3, {'at': datetime.date(2024, 5, 1)})
    """
    plain = to_plain(value, owner)
    try:
        return orjson.dumps(plain)
    except TypeError as error:  # half of a surrogate pair, or lists in lists past its limit
        raise StateError(f"{owner} holds data that cannot be saved in a checkpoint: {error}") from error


def from_bytes(data: bytes) -> Any:
    """Return the value that ``to_bytes`` wrote.

    Raises:
        StateError: when it is not what that writes.
    """
    try:
        return from_plain(orjson.loads(data))
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise StateError(
            f"bytes {data[:40]!r} are not a saved value ({type(error).__name__}: {error})",
            hint="the state was damaged, or written by something else",
        ) from error
