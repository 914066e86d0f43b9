"""Feeding a run from its sources: a task per split, and one that plays the scripts."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import trio

from pulse.engine.prefix import NO_PREFIX, Prefix, prefix_of
from pulse.io.base import End, Idle
from pulse.runners.pool import WorkerPool
from pulse.runners.reading import SplitReader

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from pulse.engine.source import SourceMachine
    from pulse.io.base import Reader
    from pulse.runners.flow import Flow
    from pulse.runners.reading import Read

T = TypeVar("T")

HEAVY_ROWS = 2048
"""A bundle of at least this many records is worked on in a thread; hopping there costs about 0.1 ms."""


class SplitFeed:
    """Reads one split of a source and runs the source's stage on what it gives.

    It is counted as under way while it reads, from before it runs until it is quiet or over.

    Args:
        flow: the run.
        name: the source.
        split: which of its splits.
    """

    def __init__(self, flow: Flow, name: str, split: int) -> None:
        self.flow = flow
        self.name = name
        self.split = split
        self.machine: SourceMachine = flow.machines.sources[name]
        self.quiet_since: float | None = None

    async def run(self) -> None:
        """Read the split to its end."""
        flow, machine = self.flow, self.machine
        reader = await trio.to_thread.run_sync(flow.machines.open_reader, self.name, self.split)
        # What may be dropped must not have been worked on before the bound is known.
        prefix = NO_PREFIX if flow.drops else prefix_of(flow.plan, flow.plan.by_name[self.name])
        pool = self._pool(reader, prefix)
        workers = self._workers(prefix)
        reading = SplitReader(reader, prefix, workers=workers, ahead=workers, pool=pool)
        flow.splits.append(reading)
        if flow.stopped:
            reading.stop()
        try:
            async with trio.open_nursery() as nursery:
                for worker in range(workers):
                    nursery.start_soon(reading.run, worker)
                await self._accept(reading, prefix)
                nursery.cancel_scope.cancel()
        finally:
            if pool is not None:
                pool.close()
            reading.close()
        async with self._turn():
            await flow.give(self.name, await flow.heavy(partial(machine.end, self.split)))
        self._speaks()
        flow.moved.unpark_all()
        flow.in_flight.leave()

    def _pool(self, reader: Reader, prefix: Prefix) -> WorkerPool | None:
        if not self.flow.processes or not prefix.python:
            return None
        return WorkerPool(self.flow.processes, reader.decoder(), prefix)

    def _workers(self, prefix: Prefix) -> int:
        """Return how many blocks are worked on at once.

        Columns are decoded by kernels that let go of the interpreter lock, so every core helps, even when a
        Python function takes its turn after that. Objects of any shape are decoded under the lock.
        """
        if self.flow.processes and prefix.python:
            return self.flow.processes + 1
        if self.machine.op.schema is None or not self.machine.op.source.numbered:
            return 1
        return os.cpu_count() or 1

    async def _accept(self, reading: SplitReader, prefix: Prefix) -> None:
        """Take blocks in order and run the rest of the stage on them."""
        while True:
            while self.flow.alignment.holds(self.name, self.split, self.flow.quiet):
                await self._wait(self.flow.moved.park)
            found = await self._wait(reading.next)
            if isinstance(found, End):
                return
            if isinstance(found, Idle):
                await self._rest(found)
            else:
                self._speaks()
                await self._block(found, prefix)
            self.flow.moved.unpark_all()

    async def _block(self, found: Read, prefix: Prefix) -> None:
        flow, worked = self.flow, found.worked
        async with self._turn():
            flow.time.read()
            work = partial(self.machine.accept_worked, self.split, found.block, worked, prefix.taken)
            if flow.drops:
                work = partial(work, keep=max(flow.channel_rows - flow.waiting_rows(), 0))
            size = max((len(bundle) for bundle in worked.bundles), default=0)
            await flow.give(self.name, await flow.heavy(work) if size >= HEAVY_ROWS else work())

    async def _rest(self, idle: Idle) -> None:
        """Wait before asking again; past its idle timeout the split no longer holds others back."""
        flow, now = self.flow, trio.current_time()
        if self.quiet_since is None:
            self.quiet_since = now
            flow.quiet.add((self.name, self.split))
            flow.in_flight.leave()
        flow.moved.unpark_all()
        await self._wait(partial(trio.sleep_until, now + idle.retry_after / 1e6))
        idle_us = self.machine.op.watermarks.idle_us
        if idle_us is not None and trio.current_time() - self.quiet_since >= idle_us / 1e6:
            async with self._turn():
                await flow.give(self.name, self.machine.idle(self.split))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Have the stage to oneself; for ever when the run stops at the checkpoint that has just been cut."""
        async with self.flow.turns[self.name]:
            if self.flow.recorder is not None and self.name in self.flow.recorder.frozen:
                await trio.sleep_forever()
            yield

    def _speaks(self) -> None:
        """Note that the split has something to read again."""
        if self.quiet_since is not None:
            self.quiet_since = None
            self.flow.quiet.discard((self.name, self.split))
            self.flow.in_flight.enter()

    async def _wait(self, wait: Callable[[], Awaitable[T]]) -> T:
        """Wait for something, and meanwhile do what comes due in the stage."""
        while True:
            with trio.move_on_at(self.flow.time.deadline(self.machine.machine.due)):
                return await wait()
            async with self._turn():
                self.flow.time.read()
                await self.flow.give(self.name, [])


class Conductor:
    """Plays the scripts of a run: the next event only when nothing of those before is under way.

    Args:
        flow: the run.
    """

    def __init__(self, flow: Flow) -> None:
        self.flow = flow

    async def run(self) -> None:
        """Play to the end, or until the run is asked to stop; then end what is open."""
        flow, playback = self.flow, self.flow.playback
        await flow.in_flight.wait()
        while not playback.over and not flow.stopped:
            if playback.target is None:
                made = playback.play()
            else:
                made = playback.move()
                for writer in flow.writers.values():
                    await trio.to_thread.run_sync(writer.tick, flow.machines.clock.now)
            for stage, replica, emissions in made:
                await flow.send(stage, replica, emissions)
            await flow.in_flight.wait()
        for name, index in playback.readers:
            machine = flow.machines.sources[name]
            if not machine.splits[index].ended:
                await flow.send(name, 0, machine.end(index))
        playback.close()
