"""Processing time, as the engine sees it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Clock:
    """A number that the runner moves; machines read it and never ask the system.

    Args:
        now: processing time, microseconds since the epoch.

    Example:
        >>> clock = Clock()
        >>> clock.move(5), clock.move(3), clock.now
        (True, False, 5)
    """

    now: int = 0

    def move(self, now: int) -> bool:
        """Move to a time, never back; return whether it moved."""
        if now <= self.now:
            return False
        self.now = now
        return True
