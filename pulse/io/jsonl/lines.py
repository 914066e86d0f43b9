"""The lines of a block, and what can be said of them without parsing.

A JSON parser that reads a stream accepts objects anywhere on lines. When every line that is not blank starts
with ``{`` and ends with ``}``, a line end can only stand between two objects (nowhere else does ``{`` follow
``}``), so as many objects as lines means one object per line.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from pulse.model.bundle import Int64s, Mask

    Codes = npt.NDArray[np.uint8]

DEEPEST = 1000
"""Levels that values may be nested; line parsers have such a limit, column parsers have none."""

_HEAD = 1 << 16
_SPACE = b" \t\r"
_LONG_INTEGER = b"0" * 19
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_NEWLINE, _RETURN, _OPEN, _CLOSE = b"\n\r{}"
_BEFORE_NUMBER = np.isin(np.arange(256), list(b":,[- \t\r\n"))
_AFTER_NUMBER = np.isin(np.arange(256), list(b"i,]} \t\r\n"))


@dataclass(frozen=True)
class Lines:
    """Lines that may hold one object each.

    Args:
        data: the lines, each but perhaps the last with its line end.
        count: how many.
        numbers: which line of the block each is, 1-based, ``int64[count]``.
        longest: an upper bound of their lengths in bytes.
    """

    data: bytes
    count: int
    numbers: Int64s
    longest: int

    @cached_property
    def texts(self) -> list[bytes]:
        """The lines one by one, without line ends."""
        return self.data.rstrip(b"\n").split(b"\n") if self.count else []

    def head(self, count: int) -> list[bytes]:
        """Return the first few lines, without line ends."""
        whole = self.data if len(self.data) <= _HEAD else self.data[: self.data.rfind(b"\n", 0, _HEAD) + 1]
        return whole.rstrip(b"\n").split(b"\n", count)[:count] if whole else []

    def at(self, indices: list[int]) -> Lines:
        """Return the lines at some indices."""
        if len(indices) == self.count:
            return self
        texts = self.texts
        return Lines(
            b"\n".join([texts[i] for i in indices]), len(indices), self.numbers[indices], self.longest
        )


def split(data: bytes) -> tuple[Lines, int, list[tuple[int, bytes]]]:
    r"""Part a block into lines that may hold an object, and the others.

    Returns:
        The lines that start with ``{`` and end with ``}``; how many lines the block has; and the number and
        text of every line that is neither such nor blank.

    Example:
        >>> lines, units, others = split(b'{"a": 1}\r\n\n [2]\n{"a": 3}')
        >>> lines.numbers.tolist(), units, others
        ([1, 4], 4, [(3, b'[2]')])
    """
    codes = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(codes == _NEWLINE)
    if not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    if _well_shaped(codes, ends):
        longest = int(np.diff(ends, prepend=-1).max())
        return Lines(data, len(ends), np.arange(1, len(ends) + 1), longest), len(ends), []
    texts, numbers, others = [], [], []
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n"), start=1):
        text = line.strip(_SPACE)
        if text.startswith(b"{") and text.endswith(b"}"):
            texts.append(text)
            numbers.append(number)
        elif text:
            others.append((number, text))
    longest = max(map(len, texts), default=0)
    return Lines(b"\n".join(texts), len(texts), np.array(numbers, np.int64), longest), len(ends), others


def _well_shaped(codes: Codes, ends: Int64s) -> bool:
    starts = np.empty_like(ends)
    starts[0] = 0
    starts[1:] = ends[:-1] + 1
    if starts[-1] == len(codes) or not (codes[starts] == _OPEN).all():
        return False
    last = codes[ends - 1]
    returns = last == _RETURN
    if returns.any():
        last = np.where(returns, codes[ends - 2], last)
    return bool((last == _CLOSE).all())


def is_utf8(data: bytes) -> bool:
    """Return whether bytes are valid UTF-8."""
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def may_hold_non_numbers(data: bytes) -> bool:
    """Return whether ``NaN`` or ``Infinity`` may stand somewhere outside of a string.

    Example:
        >>> [may_hold_non_numbers(d) for d in (b'{"a": NaN}', b'{"a":-Inf}', b'{"NaN":"Info NaN"}')]
        [True, True, False]
    """
    return _has_token(data, b"NaN") or _has_token(data, b"Inf")


def _has_token(data: bytes, token: bytes) -> bool:
    if token[:1] not in data:
        return False
    codes = np.frombuffer(data, np.uint8)
    at = np.flatnonzero(codes == token[0])
    at = at[(at > 0) & (at < len(codes) - len(token))]
    found: Mask = _BEFORE_NUMBER[codes[at - 1]] & _AFTER_NUMBER[codes[at + len(token)]]
    for offset in range(1, len(token)):
        found &= codes[at + offset] == token[offset]
    return bool(found.any())


def may_hold_long_integers(data: bytes) -> bool:
    """Return whether so many digits stand in a row that they may be an integer beyond 64 bits.

    Example:
        >>> [may_hold_long_integers(d) for d in (b'{"a": 123456789012345678}', b'{"a": 1234567890123456789}')]
        [False, True]
    """
    return _LONG_INTEGER in data.translate(_ZEROS)


def may_be_too_deep(lines: Lines) -> bool:
    """Return whether a line opens so many brackets that it may be nested deeper than ``DEEPEST``."""
    return lines.longest > 2 * DEEPEST and any(
        text.count(b"{") + text.count(b"[") > DEEPEST for text in lines.texts
    )
