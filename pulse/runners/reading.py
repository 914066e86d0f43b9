"""Reading one split of a source: poll in order, decode in parallel, hand on in order."""

from __future__ import annotations

import sys
import threading
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import trio

from pulse.engine.prefix import Prefix, PrefixMachine, Worked
from pulse.errors import PulseInternalError
from pulse.io.base import Block, End, Idle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.io.base import Reader
    from pulse.runners.pool import WorkerPool

TURN = 0.0005
"""Seconds after which a Python function lets threads that decode go on; ten times that by default.

A decoder needs the interpreter between its kernels, some dozens of times for a block. If it waited for 5 ms
each time, no block would be ready when the function has done with the one before.
"""

PATIENCE = 1.0
"""Seconds that an end of reading waits for a poll that is under way."""


@dataclass(frozen=True, slots=True)
class Read:
    """A block that was read and worked on.

    Args:
        block: the block.
        worked: what the head of the stage made of it.
    """

    block: Block
    worked: Worked


class SplitReader:
    """Reads a split with several workers; what comes out is in the order in which it was polled.

    A worker takes the lock, polls, lets go, then decodes and runs the head of the stage: so one block is read
    while others are decoded. Everything blocking happens in threads.

    Args:
        reader: the opened split.
        prefix: the head of the stage.
        workers: how many blocks are worked on at once.
        ahead: how many finished blocks may wait to be taken.
        pool: worker processes, or None to work in this one.
    """

    def __init__(
        self, reader: Reader, prefix: Prefix, *, workers: int, ahead: int, pool: WorkerPool | None = None
    ) -> None:
        self.reader = reader
        self.workers = workers
        self.bytes = 0
        self._machines = [PrefixMachine(prefix) for _ in range(1 if prefix.python else workers)]
        self._pool = pool
        self._lock = threading.Lock()
        self._turn: AbstractContextManager[object] = threading.Lock() if prefix.python else nullcontext()
        self._polled = 0
        self._taken = 0
        self._ended = False
        self._stopped = False
        self._room = trio.Semaphore(ahead + workers)
        self._done: dict[int, Read | Idle | End] = {}
        self._arrived = trio.lowlevel.ParkingLot()

    def stop(self) -> None:
        """Read no further: what comes next is the end."""
        self._stopped = True

    def close(self) -> None:
        """Poll no more, and close the reader.

        A poll that a cancelled worker has left behind may still be under way: it is waited for, unless it
        waits for data itself.
        """
        if not self._lock.acquire(timeout=PATIENCE):
            return
        try:
            self._ended = True
            self.reader.close()
        finally:
            self._lock.release()

    async def run(self, worker: int) -> None:
        """Poll and work until the split ends; one task per worker."""
        while not self._ended:
            await self._room.acquire()
            number, found = await trio.to_thread.run_sync(partial(self._next, worker), abandon_on_cancel=True)
            if number is None:
                return
            self._done[number] = found
            self._arrived.unpark_all()

    def _next(self, worker: int) -> tuple[int | None, Read | Idle | End]:
        """Poll the next block and work on it; runs in a thread."""
        with self._lock:
            if self._ended:
                return None, End()
            found: Block | Idle | End = End() if self._stopped else self.reader.poll()
            number = self._polled
            self._polled += 1
            if isinstance(found, End):
                self._ended = True
            if not isinstance(found, Block):
                return number, found
            self.bytes += found.nbytes
            first = self._first(found)
        pool = self._pool
        if pool is not None and pool.decodes:
            return number, Read(found, pool.work(found, first))
        decoded = self.reader.decode(found)
        if pool is not None:
            return number, Read(found, pool.work(found, first, decoded))
        machine = self._machines[worker % len(self._machines)]
        # A person's functions are never called by two threads at once.
        with self._turn, _short_turns(wanted=machine.prefix.python):
            return number, Read(found, machine.work(found, decoded, first))

    def _first(self, block: Block) -> int:
        """Return how many lines of its origin come before a block."""
        if block.first is not None:
            return block.first
        if self.workers > 1:
            raise PulseInternalError(f"source of {block.origin} does not number its blocks")
        return 0

    async def next(self) -> Read | Idle | End:
        """Return what was read next, in order, waiting for it."""
        while self._taken not in self._done:
            await self._arrived.park()
        found = self._done.pop(self._taken)
        self._taken += 1
        self._room.release()
        return found


@contextmanager
def _short_turns(*, wanted: bool) -> Iterator[None]:
    """Let threads take turns more often, when wanted; what was set before comes back afterwards."""
    before = sys.getswitchinterval()
    if not wanted or before <= TURN:
        yield
        return
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
