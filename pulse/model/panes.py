"""Panes: the results that a window gives each time it fires, told apart by when that was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Timing: TypeAlias = Literal["early", "on_time", "late"]
"""When a window fired: before the watermark passed its end, because it did, or after that."""

TIMINGS: tuple[Timing, ...] = get_args(Timing)
EARLY, ON_TIME, LATE = range(3)
"""Codes of the timings, as they stand in ``Panes.timings``."""

Int64s: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pane:
    """One firing of a window.

    Args:
        timing: against the input watermark.
        index: how many times the window of this key had fired before.
        nonspeculative_index: the same without early firings; -1 for those.
        is_first: whether it is the window's first firing.
        is_last: whether the window will never fire again.

    Example:
        >>> Pane()
        Pane(timing='on_time', index=0, nonspeculative_index=0, is_first=True, is_last=True)

    Source: Apache Beam, ``PaneInfo``.
    """

    timing: Timing = "on_time"
    index: int = 0
    nonspeculative_index: int = 0
    is_first: bool = True
    is_last: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Panes:
    """The pane of each record of a bundle, as columns.

    Args:
        timings: codes of the timings, ``int8[n]``.
        indexes: index of each, ``int64[n]``.
        nonspeculative: index without early firings, ``int64[n]``.
        last: whether the window never fires again, ``bool[n]``.

    Example:
        >>> Panes.of([Pane(), Pane("late", 1, 1, False, True)])[1].timing
        'late'
    """

    timings: npt.NDArray[np.int8]
    indexes: Int64s
    nonspeculative: Int64s
    last: Mask

    @classmethod
    def only(cls, count: int) -> Panes:
        """Return the panes of windows that fire once, on time.

        Example:
            >>> Panes.only(2)[0] == Pane()
            True
        """
        zeros = np.zeros(count, np.int64)
        return cls(np.full(count, ON_TIME, np.int8), zeros, zeros, np.ones(count, np.bool_))

    @classmethod
    def of(cls, panes: Iterable[Pane]) -> Panes:
        """Return panes as columns."""
        found = list(panes)
        return cls(
            np.array([TIMINGS.index(pane.timing) for pane in found], np.int8),
            np.array([pane.index for pane in found], np.int64),
            np.array([pane.nonspeculative_index for pane in found], np.int64),
            np.array([pane.is_last for pane in found], np.bool_),
        )

    def __len__(self) -> int:
        return len(self.timings)

    def __getitem__(self, row: int) -> Pane:
        index = int(self.indexes[row])
        return Pane(
            TIMINGS[self.timings[row]], index, int(self.nonspeculative[row]), index == 0, bool(self.last[row])
        )

    def __iter__(self) -> Iterator[Pane]:
        return map(self.__getitem__, range(len(self)))

    def take(self, keep: Int64s | Mask | slice) -> Panes:
        """Return the panes of some records: by a mask, by indices, or a slice."""
        return Panes(self.timings[keep], self.indexes[keep], self.nonspeculative[keep], self.last[keep])
