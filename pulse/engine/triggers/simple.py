"""Triggers that are not made of others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.engine.triggers.machine import Marks, Moment, TriggerMachine

if TYPE_CHECKING:
    from pulse.model.triggers import AfterCount, AfterProcessingTime


class CountMachine(TriggerMachine):
    """``AfterCount``; its mark is the number of records."""

    def __init__(self, slot: int, trigger: AfterCount) -> None:
        super().__init__(slot)
        self.count = trigger.count

    def add(self, marks: Marks, at: Moment) -> None:
        del at
        marks[self.slot] = marks.get(self.slot, 0) + 1

    def ready(self, marks: Marks, at: Moment) -> bool:
        del at
        return marks.get(self.slot, 0) >= self.count

    def fire(self, marks: Marks, at: Moment) -> bool:
        del marks, at
        return True

    def join(self, marks: Marks, other: Marks) -> None:
        if self.slot in other:
            marks[self.slot] = marks.get(self.slot, 0) + other[self.slot]


class ProcessingTimeMachine(TriggerMachine):
    """``AfterProcessingTime``; its mark is when it is due."""

    def __init__(self, slot: int, trigger: AfterProcessingTime) -> None:
        super().__init__(slot)
        self.delay = trigger.delay_us

    def add(self, marks: Marks, at: Moment) -> None:
        marks.setdefault(self.slot, at.now + self.delay)

    def ready(self, marks: Marks, at: Moment) -> bool:
        due = marks.get(self.slot)
        return due is not None and at.now >= due

    def fire(self, marks: Marks, at: Moment) -> bool:
        del marks, at
        return True

    def join(self, marks: Marks, other: Marks) -> None:
        if self.slot in other:
            marks[self.slot] = min(marks.get(self.slot, other[self.slot]), other[self.slot])


class NeverMachine(TriggerMachine):
    """``Never``."""

    def add(self, marks: Marks, at: Moment) -> None:
        """Wait for the end."""

    def ready(self, marks: Marks, at: Moment) -> bool:
        del marks, at
        return False

    def fire(self, marks: Marks, at: Moment) -> bool:
        del marks, at
        return True


ARMED = 1


class EndMachine(TriggerMachine):
    """The default trigger: at the end of the window, and for every record that comes after it."""

    def __init__(self, slot: int) -> None:
        super().__init__(slot)
        self.keeps_hold = True

    def add(self, marks: Marks, at: Moment) -> None:
        del at
        marks[self.slot] = ARMED

    def ready(self, marks: Marks, at: Moment) -> bool:
        if at.watermark < at.end:
            return False
        marks.pop(self.slot, None)
        return True

    def fire(self, marks: Marks, at: Moment) -> bool:
        del marks, at
        return False

    def merged(self, marks: Marks) -> None:
        marks.pop(self.slot, None)
