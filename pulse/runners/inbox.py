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

    An input can be held: what it brings waits apart, within bounds of its own, until all inputs are released.
    So an input that waits for the barriers of the others never takes the room through which they come.

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
        self._waiting: deque[tuple[int, Message]] = deque()
        self._held: set[int] = set()
        self._held_rows = 0
        self._held_bytes = 0
        self._arrived = trio.lowlevel.ParkingLot()
        self._left = trio.lowlevel.ParkingLot()

    @property
    def full(self) -> bool:
        """Whether a bundle would have to wait."""
        return self.rows >= self.rows_bound or self.bytes >= self.bytes_bound

    async def put(self, index: int, message: Message) -> None:
        """Add a message, waiting for room if it carries records."""
        if isinstance(message, Bundle):
            while self._full_for(index):
                await self._left.park()
        if index in self._held:
            self._set_aside(index, message)
            return
        if isinstance(message, Bundle):
            self.rows += len(message)
            self.bytes += message.nbytes
        self._messages.append((index, message))
        self._arrived.unpark()

    def hold(self, index: int) -> None:
        """Hand out nothing more of an input until ``release``."""
        self._held.add(index)
        messages, self._messages = self._messages, deque()
        for each in messages:
            if each[0] != index:
                self._messages.append(each)
                continue
            if isinstance(each[1], Bundle):
                self.rows -= len(each[1])
                self.bytes -= each[1].nbytes
            self._set_aside(*each)
        self._left.unpark_all()

    def release(self) -> None:
        """Hand out again what every input brings, the messages that had to wait first."""
        self._held.clear()
        self._waiting.extend(self._messages)
        self._messages, self._waiting = self._waiting, deque()
        self.rows += self._held_rows
        self.bytes += self._held_bytes
        self._held_rows = self._held_bytes = 0
        self._left.unpark_all()
        self._arrived.unpark()

    def _full_for(self, index: int) -> bool:
        if index not in self._held:
            return self.full
        return self._held_rows >= self.rows_bound or self._held_bytes >= self.bytes_bound

    def _set_aside(self, index: int, message: Message) -> None:
        if isinstance(message, Bundle):
            self._held_rows += len(message)
            self._held_bytes += message.nbytes
        self._waiting.append((index, message))

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
