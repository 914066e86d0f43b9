"""Find the line of every key of a TOML text, which the standard library's parser does not tell."""

from __future__ import annotations

import re
import tomllib
from typing import TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Where a value stands: table names, keys, and 0-based indices of arrays."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_INLINE = re.compile(r"[ \t]*")
_KEY = re.compile(r"[A-Za-z0-9_-]+|\"(?:[^\"\\]|\\.)*\"|'[^']*'")
_SCALAR = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^\s,\]}#]+(?: \d[^\s,\]}#]*)?",
    re.DOTALL,
)


def locate(text: str) -> dict[KeyPath, int]:
    r"""Return the 1-based line of every table, key and array element.

    Args:
        text: TOML that ``tomllib`` has read without an error.

    Example:
        >>> locate('[source]\nkind = "file"\n[[step]]\ntype = "map"\n')
        {('source',): 1, ('source', 'kind'): 2, ('step', 0): 3, ('step', 0, 'type'): 4}
    """
    return _Scanner(text).scan()


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._lines: dict[KeyPath, int] = {}
        self._tables: dict[KeyPath, int] = {}
        """Number of tables so far of each array of tables."""

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> KeyPath:
        line = self._line
        is_array = self._text.startswith("[[", self._at)
        self._move(2 if is_array else 1)
        *before, last = self._keys()
        self._move(2 if is_array else 1)
        path: KeyPath = (*self._through(before), last)
        if is_array:
            index = self._tables.get(path, 0)
            self._tables[path] = index + 1
            path = (*path, index)
        self._lines.setdefault(path, line)
        return path

    def _through(self, keys: list[str]) -> KeyPath:
        """Return the path of the table that keys lead to: of an array of tables, its last one."""
        path: KeyPath = ()
        for key in keys:
            path = self._inside((*path, key))
        return path

    def _inside(self, path: KeyPath) -> KeyPath:
        return (*path, self._tables[path] - 1) if path in self._tables else path

    def _pair(self, table: KeyPath) -> None:
        line = self._line
        path = (*table, *self._keys())
        for length in range(len(table) + 1, len(path) + 1):
            self._lines.setdefault(path[:length], line)
        self._move(1)  # the equals sign
        self._skip(_INLINE)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        if self._peek() == "[":
            self._array(path)
        elif self._peek() == "{":
            self._move(1)
            while self._next() != "}":
                self._pair(path)
            self._move(1)
        else:
            self._skip(_SCALAR)

    def _array(self, path: KeyPath) -> None:
        self._move(1)
        index = 0
        while self._next() != "]":
            self._lines[*path, index] = self._line
            self._value((*path, index))
            index += 1
        self._move(1)

    def _next(self) -> str:
        """Pass over blanks and commas, and return the character that follows."""
        self._skip(_BLANK)
        while self._peek() == ",":
            self._move(1)
            self._skip(_BLANK)
        return self._peek()

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip(_INLINE)
            keys.append(self._key(self._skip(_KEY)))
            self._skip(_INLINE)
            if self._peek() != ".":
                return keys
            self._move(1)

    @staticmethod
    def _key(text: str) -> str:
        return text if text[:1] not in {'"', "'"} else next(iter(tomllib.loads(f"{text} = 0")))

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        text = match.group() if match else ""
        self._move(len(text))
        return text

    def _move(self, count: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + count)
        self._at += count
