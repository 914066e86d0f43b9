"""``java.util.Random`` for many seeds at once, in numpy.

The generator is the 48-bit linear congruential one of the class's Javadoc: ``s = s * A + C mod 2**48``, of
which a draw takes the upper bits. The low 48 bits of a product do not depend on the bits above, so states are
kept as ``uint64`` that wrap, and are never masked.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pulse.model.bundle import Int64s, Mask

UInt32s: TypeAlias = npt.NDArray[np.uint32]
UInt64s: TypeAlias = npt.NDArray[np.uint64]
Float64s: TypeAlias = npt.NDArray[np.float64]

_A = np.uint64(0x5DEECE66D)
_C = np.uint64(0xB)
_WORD = 2**31


class JavaRandom:
    """A column of ``java.util.Random``, one per seed, each with a state of its own.

    Args:
        seeds: ``int64[n]``, the arguments of ``new Random(seed)``.

    Example:
        >>> random = JavaRandom(np.array([0, 42]))
        >>> random.below(10).tolist(), random.doubles().tolist()
        ([0, 0], [0.8314409887870612, 0.05466526274716077])
    """

    __slots__ = ("_states",)

    def __init__(self, seeds: Int64s) -> None:
        self._states: UInt64s = seeds.astype(np.uint64) ^ _A

    def below(self, bound: int | Int64s, where: Mask | None = None) -> UInt32s:
        """Draw ``nextInt(bound)``: uniform in ``[0, bound)``, ``uint32[n]``.

        Args:
            bound: one bound for all or ``int64[n]``; from 1 to 2**31 - 1.
            where: the generators that draw; the others keep their state and their numbers mean nothing.
        """
        bits = self._next31(where)
        if isinstance(bound, int):
            return self._scaled(bits, bound, where)
        if not bound.size:
            return bits
        if (low := int(bound.min())) == int(bound.max()):
            return self._scaled(bits, low, where)
        return self._scaled_each(bits, bound.astype(np.uint64), where)

    def doubles(self) -> Float64s:
        """Draw ``nextDouble()``: uniform in ``[0, 1)``, ``float64[n]``."""
        self._advance()
        high = (self._states >> np.uint64(22)) & np.uint64(2**26 - 1)
        self._advance()
        low = (self._states >> np.uint64(21)) & np.uint64(2**27 - 1)
        return ((high << np.uint64(27)) + low).astype(np.float64) * 2.0**-53

    def peek_ints(self, count: int) -> npt.NDArray[np.int32]:
        """Return the next ``count`` results of ``nextInt()``, ``int32[n, count]``, without drawing them."""
        factors, terms = _jumps(count)
        states = self._states[:, None] * factors[None, 1:] + terms[None, 1:]
        return (states >> np.uint64(16)).astype(np.uint32).view(np.int32)

    def skip(self, counts: Int64s) -> None:
        """Move each generator on by its own number of steps, ``int64[n]``."""
        if counts.size:
            factors, terms = _jumps(int(counts.max()))
            self._states = self._states * factors[counts] + terms[counts]

    def _advance(self) -> None:
        self._states *= _A
        self._states += _C

    def _next31(self, where: Mask | None) -> UInt32s:
        if where is None:
            self._advance()
        else:
            self._states = np.where(where, self._states * _A + _C, self._states)
        return _upper31(self._states)

    def _scaled(self, bits: UInt32s, bound: int, where: Mask | None) -> UInt32s:
        if bound & (bound - 1) == 0:
            return bits >> np.uint32(32 - bound.bit_length())
        limit = np.uint32(_WORD - _WORD % bound)
        if bits.size and bits.max() >= limit:
            self._redraw(bits, np.full(bits.shape, limit), where)
        # Division by one number is vectorised in numpy, the remainder is not.
        return bits - bits // np.uint32(bound) * np.uint32(bound)

    def _scaled_each(self, bits: UInt32s, bound: UInt64s, where: Mask | None) -> UInt32s:
        power = (bound & (bound - np.uint64(1))) == 0
        self._redraw(bits, (_WORD - _WORD % bound).astype(np.uint32), where)
        scaled = (bits.astype(np.uint64) * bound) >> np.uint64(31)
        return np.where(power, scaled, bits % bound).astype(np.uint32)

    def _redraw(self, bits: UInt32s, limit: UInt32s, where: Mask | None) -> None:
        """Replace draws from the last, incomplete run of bounds, as Java does to stay uniform."""
        rejected = np.flatnonzero(bits >= limit if where is None else (bits >= limit) & where)
        while rejected.size:
            self._states[rejected] = self._states[rejected] * _A + _C
            bits[rejected] = _upper31(self._states[rejected])
            rejected = rejected[bits[rejected] >= limit[rejected]]


def _upper31(states: UInt64s) -> UInt32s:
    return (states >> np.uint64(17)).astype(np.uint32) & np.uint32(_WORD - 1)


@cache
def _jumps(most: int) -> tuple[UInt64s, UInt64s]:
    """Return ``a`` and ``c`` with ``state after k steps = state * a[k] + c[k]``, for k = 0 to ``most``."""
    factors, terms = [1], [0]
    for _ in range(most):
        factors.append(factors[-1] * int(_A) % 2**64)
        terms.append((terms[-1] * int(_A) + int(_C)) % 2**64)
    return np.array(factors, np.uint64), np.array(terms, np.uint64)
