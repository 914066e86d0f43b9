"""Machines of triggers: what they remember of a window is passed in, and saved with the window."""

from pulse.engine.triggers.build import build_trigger
from pulse.engine.triggers.machine import Marks, TriggerMachine

__all__ = ["Marks", "TriggerMachine", "build_trigger"]
