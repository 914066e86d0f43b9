"""Processing time of the trio runner: the wall clock, or the one of a script."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from pulse.engine.clock import Clock


class WallTime:
    """Keeps the engine's clock at the wall time, as trio's clock tells it; a script's clock stands still.

    Args:
        clock: the clock that machines read.
        scripted: whether a script alone moves it.
    """

    def __init__(self, clock: Clock, *, scripted: bool) -> None:
        self.clock = clock
        self.scripted = scripted
        self._offset = time.time_ns() // 1000 - round(trio.current_time() * 1e6)
        self.read()

    def read(self) -> None:
        """Move the clock to the time it is."""
        if not self.scripted:
            self.clock.move(round(trio.current_time() * 1e6) + self._offset)

    def deadline(self, due: int | None) -> float:
        """Return trio's time at which the clock reaches a processing time; infinite when it never will."""
        return math.inf if due is None or self.scripted else (due - self._offset) / 1e6
