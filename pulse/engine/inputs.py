"""Several inputs, one watermark: the minimum over the active ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.bundle import Bundle


class InputWatermarks:
    """Tracks the watermark of each input and their minimum, which never goes back.

    An idle input leaves the minimum; when it returns it counts again once it has caught up. When all are
    idle, the watermark advances to the highest of them. An input that is over does not count: as long as
    another one may still speak, the end of time has not come.

    Args:
        count: number of inputs.
        groups: the group of each input. Those of one group are replicas of one another and idle together:
            as long as one of them speaks, the results of the others are still on their way.

    Example:
        >>> inputs = InputWatermarks(2)
        >>> inputs.update(0, 10), inputs.update(1, 5)
        (False, True)
        >>> inputs.current
        5
    """

    def __init__(self, count: int, groups: Sequence[int] | None = None) -> None:
        self.groups = tuple(range(count)) if groups is None else tuple(groups)
        self.marks = [MIN_TIME] * count
        self.idle = [False] * count
        self.ended = [False] * count
        self.current = MIN_TIME

    def update(self, index: int, mark: int) -> bool:
        """Take a watermark of an input; return whether the minimum moved.

        An input that was idle and lags behind stays out of the minimum until it has caught up.
        """
        self.marks[index] = max(self.marks[index], mark)
        self.idle[index] = self.idle[index] and self.marks[index] < self.current
        return self._refresh()

    def go_idle(self, index: int) -> bool:
        """Leave an input out until it speaks again; return whether the minimum moved."""
        self.idle[index] = True
        return self._refresh()

    def end(self, index: int) -> bool:
        """An input is over; return whether the minimum moved."""
        self.ended[index] = True
        return self.update(index, MAX_TIME)

    def of(self, indexes: Sequence[int]) -> int:
        """Return the watermark of some of the inputs together."""
        quiet = self._quiet()
        return min(max(self.marks[i], self.current) if quiet[i] else self.marks[i] for i in indexes)

    def _quiet(self) -> list[bool]:
        """Return, for each input, whether it is left out: it is idle, and so are its replicas."""
        speaking = {
            group
            for group, idle, ended in zip(self.groups, self.idle, self.ended, strict=True)
            if not (idle or ended)
        }
        return [idle and group not in speaking for group, idle in zip(self.groups, self.idle, strict=True)]

    @property
    def all_ended(self) -> bool:
        """Whether nothing more can come."""
        return all(self.ended)

    @property
    def all_idle(self) -> bool:
        """Whether every input that has not ended is idle."""
        return not self.all_ended and all(i or e for i, e in zip(self.idle, self.ended, strict=True))

    def _refresh(self) -> bool:
        going = [(m, quiet) for m, quiet in zip(self.marks, self._quiet(), strict=True) if m < MAX_TIME]
        active = [mark for mark, quiet in going if not quiet]
        mark = min(active) if active else max((mark for mark, _ in going), default=MAX_TIME)
        if mark <= self.current:
            return False
        self.current = mark
        return True

    def clamp(self, index: int, bundle: Bundle, together: Sequence[int] | None = None) -> Bundle:
        """Return a bundle of one input with the watermarks that are in force over all of them.

        The watermark before a record is the minimum of its own and the current ones of the other inputs; it
        never falls below what was in force already.

        Args:
            index: the input that the bundle came from.
            bundle: the bundle.
            together: the inputs that count; None for all.
        """
        current = self.current if together is None else self.of(together)
        counted = range(len(self.marks)) if together is None else together
        quiet = self._quiet()
        others = [self.marks[i] for i in counted if i != index and not quiet[i]]
        if not others and isinstance(bundle.watermarks, int):
            return replace(bundle, watermarks=max(bundle.watermarks, current))
        limit = min(others, default=MAX_TIME)
        if isinstance(bundle.watermarks, int):
            marks: Any = max(min(bundle.watermarks, limit), current)
        else:
            marks = np.maximum(np.minimum(bundle.watermarks, limit), current)
            if marks[0] == marks[-1]:
                marks = int(marks[0])
        return replace(bundle, watermarks=marks)

    def snapshot(self) -> Any:
        """Return the state as plain data."""
        return {
            "marks": list(self.marks),
            "idle": list(self.idle),
            "ended": list(self.ended),
            "current": self.current,
        }

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave."""
        self.marks, self.idle = list(state["marks"]), list(state["idle"])
        self.ended, self.current = list(state["ended"]), state["current"]
