"""Triggers that are made of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.engine.triggers.machine import Marks, Moment, TriggerMachine
from pulse.engine.triggers.simple import ARMED

if TYPE_CHECKING:
    from collections.abc import Sequence

PASSED = 2


class WatermarkMachine(TriggerMachine):
    """``AfterWatermark``; its mark says whether it waits for the end, and whether it has fired there.

    Args:
        slot: where its mark is.
        early: fires before the end, again and again.
        late: fires after it, again and again.
    """

    def __init__(self, slot: int, early: TriggerMachine | None, late: TriggerMachine | None) -> None:
        super().__init__(slot, [part for part in (early, late) if part is not None])
        self.keeps_hold = True
        self.early = early
        self.late = late

    def _after(self, marks: Marks) -> TriggerMachine | None:
        """Return the late trigger, once the window has fired at its end."""
        return self.late if marks.get(self.slot, 0) & PASSED else None

    def add(self, marks: Marks, at: Moment) -> None:
        late = self._after(marks)
        if late is not None:
            late.add(marks, at)
            return
        marks[self.slot] = marks.get(self.slot, 0) | ARMED
        if self.early is not None:
            self.early.add(marks, at)

    def ready(self, marks: Marks, at: Moment) -> bool:
        late = self._after(marks)
        if late is not None:
            return late.ready(marks, at)
        if at.watermark >= at.end:
            self._disarm(marks)
            return True
        return self.early is not None and self.early.ready(marks, at)

    def fire(self, marks: Marks, at: Moment) -> bool:
        late = self._after(marks)
        if late is not None:
            return again(late, marks, at)
        if at.watermark >= at.end:
            marks[self.slot] = marks.get(self.slot, 0) | PASSED
            return self.late is None
        if self.early is not None:
            again(self.early, marks, at)
        return False

    def reset(self, marks: Marks) -> None:
        """Start anew, but go on waiting for the end."""
        armed = marks.get(self.slot, 0) & ARMED
        super().reset(marks)
        if armed:
            marks[self.slot] = ARMED

    def join(self, marks: Marks, other: Marks) -> None:
        if self.slot in other:
            marks[self.slot] = marks.get(self.slot, 0) | other[self.slot]
        super().join(marks, other)

    def merged(self, marks: Marks) -> None:
        late = self._after(marks)
        if late is not None:
            late.merged(marks)
            return
        self._disarm(marks)
        if self.early is not None:
            self.early.merged(marks)

    def _disarm(self, marks: Marks) -> None:
        if self.slot in marks:
            marks[self.slot] &= ~ARMED


def again(trigger: TriggerMachine, marks: Marks, at: Moment) -> bool:
    """Fire a trigger that starts anew when it has finished."""
    if trigger.fire(marks, at):
        trigger.reset(marks)
    return False


class RepeatMachine(TriggerMachine):
    """``Repeatedly``."""

    def __init__(self, slot: int, trigger: TriggerMachine) -> None:
        super().__init__(slot, [trigger])
        self.trigger = trigger

    def add(self, marks: Marks, at: Moment) -> None:
        self.trigger.add(marks, at)

    def ready(self, marks: Marks, at: Moment) -> bool:
        return self.trigger.ready(marks, at)

    def fire(self, marks: Marks, at: Moment) -> bool:
        return again(self.trigger, marks, at)


class SeveralMachine(TriggerMachine):
    """``AfterAny``, ``AfterAll`` and ``OrFinally``: what is asked of all parts, any or all of them decide.

    Args:
        slot: unused; every trigger has one.
        parts: the parts.
        every: whether all have to agree.
    """

    def __init__(self, slot: int, parts: Sequence[TriggerMachine], *, every: bool) -> None:
        super().__init__(slot, parts)
        self.every = every

    def add(self, marks: Marks, at: Moment) -> None:
        for part in self.parts:
            part.add(marks, at)

    def ready(self, marks: Marks, at: Moment) -> bool:
        decide = all if self.every else any
        return decide(part.ready(marks, at) for part in self.parts)

    def fire(self, marks: Marks, at: Moment) -> bool:
        finished = [part.fire(marks, at) for part in self.parts if part.ready(marks, at)]
        return all(finished) if self.every else any(finished)


class EachMachine(TriggerMachine):
    """``AfterEach``; its mark is the number of parts that have finished."""

    def _current(self, marks: Marks) -> TriggerMachine | None:
        position = marks.get(self.slot, 0)
        return self.parts[position] if position < len(self.parts) else None

    def add(self, marks: Marks, at: Moment) -> None:
        current = self._current(marks)
        if current is not None:
            current.add(marks, at)

    def ready(self, marks: Marks, at: Moment) -> bool:
        current = self._current(marks)
        return current is not None and current.ready(marks, at)

    def fire(self, marks: Marks, at: Moment) -> bool:
        current = self._current(marks)
        if current is not None and current.fire(marks, at):
            marks[self.slot] = marks.get(self.slot, 0) + 1
        return marks.get(self.slot, 0) == len(self.parts)

    def join(self, marks: Marks, other: Marks) -> None:
        if self.slot in other:
            marks[self.slot] = max(marks.get(self.slot, 0), other[self.slot])
        super().join(marks, other)

    def merged(self, marks: Marks) -> None:
        current = self._current(marks)
        if current is not None:
            current.merged(marks)
