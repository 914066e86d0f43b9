"""From the declaration of a trigger to its machine."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from pulse.engine.triggers.composed import EachMachine, RepeatMachine, SeveralMachine, WatermarkMachine
from pulse.engine.triggers.simple import CountMachine, EndMachine, NeverMachine, ProcessingTimeMachine
from pulse.errors import PulseInternalError
from pulse.model.triggers import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Never,
    OrFinally,
    Repeatedly,
    Trigger,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.engine.triggers.machine import TriggerMachine


def build_trigger(trigger: Trigger | None) -> TriggerMachine:
    """Return the machine of a trigger; None stands for the default one.

    Example:
        >>> from pulse.engine.triggers.machine import Moment
        >>> machine, marks, at = build_trigger(Repeatedly(AfterCount(2))), {}, Moment(0, 10, 0)
        >>> machine.add(marks, at)
        >>> machine.ready(marks, at)
        False
        >>> machine.add(marks, at)
        >>> machine.ready(marks, at), machine.fire(marks, at), marks
        (True, False, {})
    """
    return _build(trigger, count())


def _build(  # noqa: PLR0911 - a table of the closed set of triggers
    trigger: Trigger | None, slots: Iterator[int]
) -> TriggerMachine:
    slot = next(slots)
    match trigger:
        case None:
            return EndMachine(slot)
        case AfterWatermark(early, late):
            return WatermarkMachine(
                slot,
                _build(early, slots) if early is not None else None,
                _build(late, slots) if late is not None else None,
            )
        case AfterCount():
            return CountMachine(slot, trigger)
        case AfterProcessingTime():
            return ProcessingTimeMachine(slot, trigger)
        case Never():
            return NeverMachine(slot)
        case Repeatedly(inner):
            return RepeatMachine(slot, _build(inner, slots))
        case AfterEach():
            return EachMachine(slot, [_build(part, slots) for part in trigger.parts])
        case AfterAny() | AfterAll() | OrFinally():
            parts = [_build(part, slots) for part in trigger.parts]
            return SeveralMachine(slot, parts, every=isinstance(trigger, AfterAll))
        case _:
            raise PulseInternalError(f"trigger {trigger} has no machine")
