"""Aligning the barriers of a checkpoint: an input that has brought its barrier waits for the others.

Source: P. Carbone et al., "Lightweight Asynchronous Snapshots for Distributed Dataflows", 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.errors import PulseInternalError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Barriers:
    """Tells when every input has brought the barrier of a checkpoint, or is over.

    Example:
        >>> barriers = Barriers()
        >>> barriers.arrive(0, 7)
        >>> barriers.complete([False, False]), barriers.complete([False, True])
        (False, True)
        >>> barriers.release()
        7
        >>> barriers.complete([True, True])
        False
    """

    def __init__(self) -> None:
        self._number: int | None = None
        self._arrived: set[int] = set()

    def arrive(self, index: int, number: int) -> None:
        """Take the barrier of an input, from which nothing is taken until ``release``.

        Raises:
            PulseInternalError: when the barriers of two checkpoints meet.
        """
        if self._number not in (None, number) or index in self._arrived:
            raise PulseInternalError(
                f"the barrier of checkpoint {number} met that of checkpoint {self._number} on input {index}"
            )
        self._number = number
        self._arrived.add(index)

    def complete(self, ended: Sequence[bool]) -> bool:
        """Return whether a checkpoint is under way and all inputs have brought its barrier or are over."""
        if self._number is None:
            return False
        return all(over or index in self._arrived for index, over in enumerate(ended))

    def release(self) -> int:
        """Let all inputs go on, and return the number of the checkpoint."""
        if self._number is None:
            raise PulseInternalError("there is no checkpoint to go on after")
        number, self._number = self._number, None
        self._arrived.clear()
        return number
