"""The bounded channel in front of a stage replica: measured in records and bytes, not in messages."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import trio

from pulse.model.bundle import Bundle

if TYPE_CHECKING:
    from pulse.engine.messages import Message


class Inbox:
    """A queue of messages with the input that each came from.

    ``put`` waits while the queue holds its bound: that is the backpressure that reaches the sources. One
    bundle above the bound still fits an empty queue, so nothing can wait for ever. Messages that carry no
    records always fit.

    Args:
        rows: bound in records.
        size: bound in bytes.
    """

    def __init__(self, rows: int, size: int) -> None:
        self.rows_bound = rows
        self.bytes_bound = size
        self.rows = 0
        self.bytes = 0
        self._messages: deque[tuple[int, Message]] = deque()
        self._arrived = trio.lowlevel.ParkingLot()
        self._left = trio.lowlevel.ParkingLot()

    @property
    def full(self) -> bool:
        """Whether a bundle would have to wait."""
        return self.rows >= self.rows_bound or self.bytes >= self.bytes_bound

    async def put(self, index: int, message: Message) -> None:
        """Add a message, waiting for room if it carries records."""
        if isinstance(message, Bundle):
            while self.full:
                await self._left.park()
            self.rows += len(message)
            self.bytes += message.nbytes
        self._messages.append((index, message))
        self._arrived.unpark()

    async def get(self, deadline: float = math.inf) -> tuple[int, Message] | None:
        """Take the next message, waiting for one; None when none has come by a time of trio's clock."""
        if not self._messages and deadline < math.inf:
            with trio.move_on_at(deadline):
                await self._arrived.park()
            if not self._messages:
                return None
        while not self._messages:
            await self._arrived.park()
        index, message = self._messages.popleft()
        if isinstance(message, Bundle):
            self.rows -= len(message)
            self.bytes -= message.nbytes
            self._left.unpark_all()
        return index, message
