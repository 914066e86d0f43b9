"""Timers of a ``Process``, as they are declared in its class."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TimerSpec:
    """What all timers have: one per key, window, name and tag; setting it again overwrites."""


@dataclass(frozen=True)
class EventTimer(TimerSpec):
    """Fires when the watermark reaches its time; timers of all keys fire in the order of their times.

    A running process has it under its name: ``set(at)``, ``set_after(delay)``, ``clear()``.

    Example:
        >>> EventTimer()
        EventTimer()
    """


@dataclass(frozen=True)
class ProcessingTimer(TimerSpec):
    """Fires when the clock on the wall reaches its time, or when the input ends.

    A running process has it under its name: ``set(at)``, ``set_after(delay)``, ``clear()``.
    """
