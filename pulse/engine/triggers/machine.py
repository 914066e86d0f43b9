"""What every trigger machine does. It holds nothing itself: its marks are part of the window's state."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Marks: TypeAlias = "dict[int, int]"
"""What the triggers of one window remember: a number under the slot of each; none where it is as at first."""


class Moment(NamedTuple):
    """What a trigger is asked about.

    Args:
        watermark: the input watermark, microseconds.
        end: end of the window.
        now: processing time.
    """

    watermark: int
    end: int
    now: int


class TriggerMachine(ABC):
    """One trigger of a tree of them.

    The calls come in this order: ``add`` for a record; then ``ready``; when that is true, ``fire``. The
    latter two also come when the watermark passes the end of the window, if an *armed* trigger waits for it,
    and when processing time reaches what one of them waits for.

    Args:
        slot: where its mark is; every trigger of a tree has its own.
        parts: the triggers that it is made of.
    """

    def __init__(self, slot: int, parts: Sequence[TriggerMachine] = ()) -> None:
        self.slot = slot
        self.parts = tuple(parts)
        self.keeps_hold: bool = any(part.keeps_hold for part in parts)
        """Whether it waits for the end of the window, so that an early firing does not let go of the hold."""

    @abstractmethod
    def add(self, marks: Marks, at: Moment) -> None:
        """Take note of a record."""

    @abstractmethod
    def ready(self, marks: Marks, at: Moment) -> bool:
        """Return whether to fire; what was armed for the end of the window is so no more after that."""

    @abstractmethod
    def fire(self, marks: Marks, at: Moment) -> bool:
        """Take note of a firing; return whether the trigger is finished."""

    def reset(self, marks: Marks) -> None:
        """Start anew."""
        marks.pop(self.slot, None)
        for part in self.parts:
            part.reset(marks)

    def join(self, marks: Marks, other: Marks) -> None:
        """Add what the triggers of a window that is merged into this one remember."""
        for part in self.parts:
            part.join(marks, other)

    def merged(self, marks: Marks) -> None:
        """Windows have been merged: a record comes next, and arms whatever has to be armed."""
        for part in self.parts:
            part.merged(marks)

    def all(self) -> Iterator[TriggerMachine]:
        """Return this trigger and all that it is made of."""
        yield self
        for part in self.parts:
            yield from part.all()
