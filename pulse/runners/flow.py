"""One run of the trio runner: the tasks, the channels between them, and the end."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import trio

from pulse.engine.messages import EndOfInput, Message
from pulse.model.bundle import Bundle
from pulse.runners.alignment import Alignment
from pulse.runners.execution import Machines
from pulse.runners.feeding import HEAVY_ROWS, Conductor, SplitFeed
from pulse.runners.in_flight import InFlight
from pulse.runners.inbox import Inbox
from pulse.runners.playback import Playback
from pulse.runners.progress import Progress
from pulse.runners.wall import WallTime

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pulse.engine.observer import Observer
    from pulse.engine.stage import Emission, StageMachine
    from pulse.graph.plan import Plan
    from pulse.io.base import Writer
    from pulse.runners.reading import SplitReader

TICK = 1.0
"""Seconds of processing time between two looks of a sink at the clock."""


class Flow:
    """Executes a plan in a nursery; made inside trio, for it reads trio's clock.

    Args:
        plan: the plan.
        observer: told of what happens.
        processes: worker processes for Python functions right after a source.
        channel_rows: bound of each channel in records.
        channel_bytes: bound of each channel in bytes.
        drops: whether sources drop records at the bound instead of waiting.
        max_drift: how far a source may be ahead of the slowest, microseconds; None: as far as it likes.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        observer: Observer,
        processes: int,
        channel_rows: int,
        channel_bytes: int,
        drops: bool,
        max_drift: int | None,
    ) -> None:
        self.plan = plan
        self.observer = observer
        self.processes = processes
        self.drops = drops
        self.channel_rows = channel_rows
        self.machines = Machines(plan, observer)
        self.playback = Playback(self.machines)
        self.time = WallTime(self.machines.clock, scripted=bool(self.playback.readers))
        self.alignment = Alignment(self.machines, max_drift)
        self.inboxes = {
            (stage.name, replica): Inbox(channel_rows, channel_bytes)
            for stage in plan.stages
            if not stage.is_source
            for replica in range(stage.replicas)
        }
        self.in_flight = InFlight()
        self.quiet: set[tuple[str, int]] = set()
        self.moved = trio.lowlevel.ParkingLot()
        self.writers: dict[str, Writer] = {}
        self.splits: list[SplitReader] = []
        self.cores = trio.CapacityLimiter(max(os.cpu_count() or 1, 1))
        self.stopped = False

    def stop(self) -> None:
        """Stop reading; everything that was read is finished."""
        self.stopped = True
        for split in self.splits:
            split.stop()

    # -- the run ----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run to the end; commits the sinks, or aborts them when anything fails."""
        try:
            for name, sink in self.machines.sinks.items():
                self.writers[name] = await trio.to_thread.run_sync(sink.open)
            async with trio.open_nursery() as nursery:
                for task in self._tasks():
                    nursery.start_soon(task)
            for writer in self.writers.values():
                await trio.to_thread.run_sync(_publish, writer)
        except BaseException:
            for writer in self.writers.values():
                writer.abort()
            raise
        finally:
            for writer in self.writers.values():
                writer.close()

    def _tasks(self) -> Iterator[Callable[[], Awaitable[None]]]:
        """Yield what runs at the same time; sources first, so that what they have under way is counted."""
        for name, source in self.machines.sources.items():
            turn = trio.Lock()
            for split in range(len(source.splits)):
                if (name, split) not in self.playback.readers:
                    self.in_flight.enter()
                    yield SplitFeed(self, name, split, turn).run
        for stage, replica in self.machines.stages:
            yield partial(self._stage, stage, replica)
        for name in self.machines.sinks:
            yield partial(self._sink, name)
        if self.playback.readers:
            yield Conductor(self).run

    async def _stage(self, name: str, replica: int) -> None:
        machine, inbox = self.machines.stages[name, replica], self.inboxes[name, replica]
        while not machine.inputs.all_ended:
            found = await inbox.get(self.time.deadline(machine.due))
            self.time.read()
            if found is None:
                tick = partial(self.machines.tick, machine)
                await self.send(name, replica, await self._work(machine, tick))
                continue
            index, message = found
            self.observer.queue(f"{name}/{replica}", inbox.rows)
            take = partial(self.machines.take, name, replica, index, message)
            await self.send(name, replica, await self._work(machine, take, message))
            self.in_flight.leave()

    async def _sink(self, name: str) -> None:
        machine, writer, inbox = self.machines.sinks[name], self.writers[name], self.inboxes[name, 0]
        expected = sum(self.plan.by_name[edge.source].replicas for edge in self.plan.into(name))
        ticked = trio.current_time()
        while expected:
            found = await inbox.get(ticked + TICK)
            if found is not None:
                expected -= isinstance(found[1], EndOfInput)
                if isinstance(found[1], Bundle):
                    self.observer.queue(name, inbox.rows)
                    await trio.to_thread.run_sync(machine.write, writer, found[1])
                self.in_flight.leave()
            if trio.current_time() - ticked >= TICK:
                ticked = trio.current_time()
                if not self.time.scripted:
                    self.time.read()
                    await trio.to_thread.run_sync(writer.tick, self.machines.clock.now)

    async def _work(
        self, machine: StageMachine, work: Callable[[], list[Emission]], message: Message | None = None
    ) -> list[Emission]:
        if isinstance(message, Bundle):
            heavy = len(message) >= HEAVY_ROWS
        else:
            heavy = any(operator.context.ledger.held >= HEAVY_ROWS for operator in machine.operators)
        return await self.heavy(work) if heavy else work()

    async def heavy(self, work: Callable[[], list[Emission]]) -> list[Emission]:
        """Work in a thread."""
        return await trio.to_thread.run_sync(work, limiter=self.cores)

    async def give(self, source: str, emissions: list[Emission]) -> None:
        """Send what a source emits, and what is due in its stage by now."""
        await self.send(*self.machines.given(source, emissions))

    async def send(self, stage: str, replica: int, emissions: list[Emission]) -> None:
        """Send what a replica of a stage emits, waiting for room."""
        router = self.machines.routers[stage, replica]
        for emission in emissions:
            for delivery in router.route(emission):
                self.in_flight.enter()
                await self.inboxes[delivery.stage, delivery.replica].put(delivery.input, delivery.message)

    # -- looking at it ----------------------------------------------------------------------------------

    def waiting_rows(self) -> int:
        """Return how many records wait in all channels."""
        return sum(inbox.rows for inbox in self.inboxes.values())

    @property
    def bytes_in(self) -> int:
        """Bytes read so far."""
        return sum(split.bytes for split in self.splits) + self.playback.bytes

    def progress(self, seconds: float) -> Progress:
        """Return how far the run has got."""
        machines = self.machines
        read = [split.reader.progress() for split in self.splits]
        totals = [total for _, total in read if total is not None]
        ledger = machines.ledger
        return Progress(
            seconds,
            sum(source.context.ledger.received for source in machines.sources.values()),
            sum(sink.books.received for sink in machines.sinks.values()),
            sum(done for done, _ in read),
            sum(totals) if len(totals) == len(read) and totals else None,
            machines.watermark,
            sum(step.late for step in ledger.values()),
            sum(step.errored for step in ledger.values()),
        )


def _publish(writer: Writer) -> None:
    writer.commit(writer.prepare(0))
