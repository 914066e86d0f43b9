"""Random text in columns: words, exact runs of letters, and their way into Arrow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.io.nexmark.java_random import JavaRandom
    from pulse.model.bundle import Int64s, Mask

Codes: TypeAlias = npt.NDArray[np.uint8]

_SHORTEST = 3
_BLANK_ODDS = 13
_LETTERS = 26
_PER_DRAW = 6  # letters taken from one nextInt()


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A column of ASCII strings that are still easy to cut and join.

    Args:
        codes: characters, ``uint8[n, width]``.
        keep: which of them belong to the string, ``bool[n, width]``.
    """

    codes: Codes
    keep: Mask

    @property
    def lengths(self) -> Int64s:
        """The length of each string, ``int64[n]``."""
        lengths: Int64s = np.count_nonzero(self.keep, axis=1).astype(np.int64)
        return lengths

    @classmethod
    def of(cls, strings: Sequence[str]) -> Text:
        """Return strings that hold no NUL as text."""
        packed = np.array(strings, np.bytes_)
        codes = packed.view(np.uint8).reshape(len(packed), -1)
        return cls(codes, codes != 0)

    @classmethod
    def constant(cls, text: str, count: int) -> Text:
        """Return the same string ``count`` times."""
        codes = np.frombuffer(text.encode("ascii"), np.uint8)
        return cls(np.broadcast_to(codes, (count, len(codes))), np.ones((count, len(codes)), np.bool_))

    def __add__(self, other: Text | str) -> Text:
        right = Text.constant(other, len(self.codes)) if isinstance(other, str) else other
        return Text(np.hstack([self.codes, right.codes]), np.hstack([self.keep, right.keep]))

    def take(self, rows: Int64s) -> Text:
        """Return the strings at these places, in this order."""
        return Text(self.codes[rows], self.keep[rows])

    def to_arrow(self) -> pa.StringArray:
        """Return the strings as an Arrow array.

        Example:
            >>> (Text.of(["a", "bc"]).take(np.array([1, 0])) + "!").to_arrow().to_pylist()
            ['bc!', 'a!']
        """
        offsets = np.zeros(len(self.codes) + 1, np.int32)
        np.cumsum(self.lengths, out=offsets[1:])
        return pa.StringArray.from_buffers(
            len(self.codes), pa.py_buffer(offsets.data), pa.py_buffer(self.codes[self.keep].data)
        )


def word(random: JavaRandom, longest: int, *, blank: str = " ") -> Text:
    """Draw words of letters and blanks, of 3 to ``longest - 1`` characters.

    How many draws a word takes depends on its length and on where its blanks fall, so that generators run
    apart: each step of the loop draws one character of every word that has it.
    """
    lengths = _SHORTEST + random.below(longest - _SHORTEST)
    codes = np.empty((longest - 1, len(lengths)), np.uint8)
    for place in range(longest - 1):
        going = None if place < _SHORTEST else place < lengths
        letter = random.below(_BLANK_ODDS, going) != 0
        drawn = random.below(_LETTERS, letter if going is None else letter & going)
        codes[place] = np.where(letter, drawn + np.uint32(ord("a")), np.uint32(ord(blank)))
    return Text(np.ascontiguousarray(codes.T), np.arange(longest - 1) < lengths[:, None])


def stripped(text: Text) -> Text:
    """Return the text without the blanks at either end of each string."""
    solid = text.keep & (text.codes != ord(" "))
    first = solid.argmax(axis=1)
    last = solid.shape[1] - 1 - solid[:, ::-1].argmax(axis=1)
    places = np.arange(solid.shape[1])
    within = (places >= first[:, None]) & (places <= last[:, None])
    return Text(text.codes, text.keep & within & solid.any(axis=1)[:, None])


def digits(values: Int64s, width: int) -> Text:
    """Return numbers as text with leading zeros.

    Example:
        >>> digits(np.array([42, 1234]), 4).to_arrow().to_pylist()
        ['0042', '1234']
    """
    powers = 10 ** np.arange(width - 1, -1, -1)
    codes = (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)
    return Text(codes, np.ones(codes.shape, np.bool_))


def extra_lengths(random: JavaRandom, current: int | Int64s, wanted: int) -> Int64s:
    """Draw how much filler brings events of ``current`` bytes to ``wanted`` on average, within a fifth.

    No event comes near its wanted size without filler, so nothing is left over for the case that one does.
    """
    missing = wanted - current
    spread = (2 * missing + 5) // 10  # a fifth, rounded: never a tie
    return missing - spread + random.below(2 * spread).astype(np.int64)


def extra_draws(lengths: Int64s) -> Int64s:
    """Return how many draws filler of these lengths takes."""
    return -(-lengths // _PER_DRAW)


def filler(random: JavaRandom, lengths: Int64s) -> Text:
    """Return filler of exactly these lengths without moving the generators on.

    A draw is a signed number whose digits to the base 26 give six characters, the lowest first. Division
    truncates as in Java, so the digits of a negative number are negative and count down from ``a``.
    """
    draws = random.peek_ints(int(extra_draws(lengths).max(initial=0)))
    sign = np.sign(draws)
    rest = np.abs(draws).view(np.uint32)  # the size of -2**31 wraps, and is right again without a sign
    codes = np.empty((*draws.shape, _PER_DRAW), np.uint8)
    for place in range(_PER_DRAW):
        above = rest // np.uint32(_LETTERS)
        codes[:, :, place] = ord("a") + sign * (rest - above * np.uint32(_LETTERS)).view(np.int32)
        rest = above
    width = draws.shape[1] * _PER_DRAW
    return Text(codes.reshape(len(lengths), width), np.arange(width) < lengths[:, None])
