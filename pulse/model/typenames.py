"""Read type names: plain names, ``name(arguments)`` and ``name<parts>``, nested at will."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

import pyarrow as pa

from pulse.errors import TypeMismatch, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

_TOKEN = re.compile(r"\s*([A-Za-z_][\w/+-]*|\d+|[<>(),:])")
_UNITS = ("s", "ms", "us", "ns")
_MAX_DIGITS = 38
_MAX_DEPTH = 50
_COMPOSED = (
    "decimal(precision, scale)",
    "timestamp(unit, zone)",
    "local_timestamp",
    "list<type>",
    "map<key, value>",
    "struct<name: type, ...>",
)
_TIMES = (
    "write timestamp, timestamp(ms), timestamp(us, Europe/Berlin), or local_timestamp(ms) without a zone; "
    "units: s, ms, us, ns"
)


class TypeReader:
    """Reads one type name.

    Args:
        text: the name.
        names: the plain names with their types.
        aliases: other spellings of plain names.

    Example:
        >>> TypeReader("list<int64>", {"int64": pa.int64()}, {}).read()
        ListType(list<item: int64>)
    """

    def __init__(self, text: str, names: Mapping[str, pa.DataType], aliases: Mapping[str, str]) -> None:
        self._text = text
        self._names = names
        self._aliases = aliases
        self._tokens = self._cut(text)
        self._next = 0
        self._depth = 0

    def read(self) -> pa.DataType:
        """Return the type; raises ``TypeMismatch`` when the text names none."""
        kind = self._type()
        if self._peek():
            raise self._wrong(f"{self._peek()!r} is left over")
        return kind

    def _cut(self, text: str) -> list[str]:
        tokens, at = [], 0
        while at < len(text.rstrip()):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._wrong(f"{text[at:].strip()[0]!r} has no meaning there")
            tokens.append(match[1])
            at = match.end()
        return tokens

    def _type(self) -> pa.DataType:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._wrong(f"it is nested deeper than {_MAX_DEPTH}")
        name = self._take()
        lower = name.lower()
        if lower in _BUILDERS and (self._peek() in _OPENERS[lower] or lower not in self._names):
            kind = _BUILDERS[lower](self)
        else:
            kind = self._plain(name)
        self._depth -= 1
        return kind

    def _plain(self, name: str) -> pa.DataType:
        lower = name.lower()
        kind = self._names.get(self._aliases.get(lower, lower))
        if kind is None:
            known = [*self._names, *self._aliases, "decimal", "list", "map", "struct", "local_timestamp"]
            raise TypeMismatch(
                f"type {name!r} does not exist; types: {', '.join([*self._names, *_COMPOSED])}",
                hint=_TIMES if lower.startswith(("timestamp", "datetime")) else did_you_mean(lower, known),
            )
        return kind

    def _decimal(self) -> pa.DataType:
        self._expect("(")
        precision = self._number()
        scale = 0
        if self._peek() == ",":
            self._take()
            scale = self._number()
        self._expect(")")
        if not (1 <= precision <= _MAX_DIGITS and scale <= precision):
            raise self._wrong(f"a decimal has 1 to {_MAX_DIGITS} digits, of which scale come after the point")
        return pa.decimal128(precision, scale)

    def _timestamp(self) -> pa.DataType:
        self._expect("(")
        unit, zone = self._unit(), "UTC"
        if self._peek() == ",":
            self._take()
            zone = self._take()
            try:
                ZoneInfo(zone)
            except (LookupError, ValueError, OSError):
                raise self._wrong(f"{zone!r} is not a time zone; write one such as Europe/Berlin") from None
        self._expect(")")
        return pa.timestamp(unit, zone)

    def _local_timestamp(self) -> pa.DataType:
        if self._peek() != "(":
            return pa.timestamp("us")
        self._take()
        unit = self._unit()
        self._expect(")")
        return pa.timestamp(unit)

    def _list(self) -> pa.DataType:
        self._expect("<")
        item = self._type()
        self._expect(">")
        return pa.list_(item)

    def _map(self) -> pa.DataType:
        self._expect("<")
        key = self._type()
        self._expect(",")
        item = self._type()
        self._expect(">")
        return pa.map_(key, item)

    def _struct(self) -> pa.DataType:
        self._expect("<")
        fields: list[tuple[str, pa.DataType]] = []
        while self._peek() != ">":
            if fields:
                self._expect(",")
            name = self._take()
            self._expect(":")
            fields.append((name, self._type()))
        self._take()
        return pa.struct(fields)

    def _unit(self) -> Literal["s", "ms", "us", "ns"]:
        unit = self._take()
        if unit not in _UNITS:
            raise self._wrong(f"{unit!r} is not a unit; units: {', '.join(_UNITS)}")
        return cast("Literal['s', 'ms', 'us', 'ns']", unit)

    def _number(self) -> int:
        token = self._take()
        if not token.isdigit():
            raise self._wrong(f"{token!r} stands where a number belongs")
        return int(token)

    def _peek(self) -> str:
        return self._tokens[self._next] if self._next < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        if not token:
            raise self._wrong("it ends too early")
        self._next += 1
        return token

    def _expect(self, token: str) -> None:
        found = self._peek()
        if found != token:
            raise self._wrong(
                f"expected {token!r}, found {found!r}" if found else f"expected {token!r} after it"
            )
        self._next += 1

    def _wrong(self, reason: str) -> TypeMismatch:
        time = self._text.lower().lstrip().startswith(("timestamp", "datetime"))
        return TypeMismatch(
            f"{self._text!r} is not a type name: {reason}",
            hint=_TIMES if time else f"composed types: {'; '.join(_COMPOSED)}",
        )


_BUILDERS = {
    "decimal": TypeReader._decimal,  # noqa: SLF001 - the class's own table
    "timestamp": TypeReader._timestamp,  # noqa: SLF001
    "local_timestamp": TypeReader._local_timestamp,  # noqa: SLF001
    "list": TypeReader._list,  # noqa: SLF001
    "map": TypeReader._map,  # noqa: SLF001
    "struct": TypeReader._struct,  # noqa: SLF001
}
_OPENERS = {"timestamp": ("(",)} | {name: ("(", "<") for name in _BUILDERS if name != "timestamp"}
