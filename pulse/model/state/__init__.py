"""Declarations of keyed state and timers: what a ``Process`` remembers and when it wakes up."""

from pulse.model.state.cells import (
    CellSpec,
    CombiningState,
    ListState,
    MapState,
    SetState,
    ValueState,
)
from pulse.model.state.declared import Declared, declared
from pulse.model.state.timers import EventTimer, ProcessingTimer, TimerSpec

__all__ = [
    "CellSpec",
    "CombiningState",
    "Declared",
    "EventTimer",
    "ListState",
    "MapState",
    "ProcessingTimer",
    "SetState",
    "TimerSpec",
    "ValueState",
    "declared",
]
