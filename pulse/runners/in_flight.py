"""How much is under way in a run, and waiting until that is nothing."""

from __future__ import annotations

import trio


class InFlight:
    """Counts what is under way: messages from being sent to being done, and sources while they read.

    Example:
        >>> flight = InFlight()
        >>> flight.enter()
        >>> flight.count
        1
    """

    def __init__(self) -> None:
        self.count = 0
        self._landed = trio.lowlevel.ParkingLot()

    def enter(self) -> None:
        """Something is under way."""
        self.count += 1

    def leave(self) -> None:
        """Something is done."""
        self.count -= 1
        if not self.count:
            self._landed.unpark_all()

    async def wait(self) -> None:
        """Wait until nothing is under way."""
        while self.count:
            await self._landed.park()
