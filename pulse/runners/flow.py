"""One run of the trio runner: the tasks, the channels between them, and the end."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import trio

from pulse.engine.messages import EndOfInput, Message
from pulse.engine.prefix import NO_PREFIX, Prefix, prefix_of
from pulse.io.base import End, Idle
from pulse.model.bundle import Bundle
from pulse.model.time import MAX_TIME
from pulse.runners.execution import Machines
from pulse.runners.inbox import Inbox
from pulse.runners.pool import WorkerPool
from pulse.runners.progress import Progress
from pulse.runners.reading import SplitReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.engine.observer import Observer
    from pulse.engine.source import SourceMachine
    from pulse.engine.stage import Emission, StageMachine
    from pulse.graph.plan import Plan
    from pulse.io.base import Reader, Writer

TICK = 1.0
"""Seconds of processing time between two looks of a sink at the clock."""

HEAVY_ROWS = 2048
"""A bundle of at least this many records is worked on in a thread; hopping there costs about 0.1 ms."""


class Flow:
    """Executes a plan in a nursery.

    Args:
        plan: the plan.
        observer: told of what happens.
        processes: worker processes for Python functions right after a source.
        channel_rows: bound of each channel in records.
        channel_bytes: bound of each channel in bytes.
        drops: whether sources drop records at the bound instead of waiting.
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
    ) -> None:
        self.plan = plan
        self.observer = observer
        self.processes = processes
        self.drops = drops
        self.channel_rows = channel_rows
        self.machines = Machines(plan, observer)
        self.inboxes = {
            (stage.name, replica): Inbox(channel_rows, channel_bytes)
            for stage in plan.stages
            if not stage.is_source
            for replica in range(stage.replicas)
        }
        self.writers: dict[str, Writer] = {}
        self.splits: list[SplitReader] = []
        self.cores = trio.CapacityLimiter(max(os.cpu_count() or 1, 1))
        self._stopped = False

    def stop(self) -> None:
        """Stop reading; everything that was read is finished."""
        self._stopped = True
        for split in self.splits:
            split.stop()

    # -- the run ----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run to the end; commits the sinks, or aborts them when anything fails."""
        try:
            for name, sink in self.machines.sinks.items():
                self.writers[name] = await trio.to_thread.run_sync(sink.open)
            async with trio.open_nursery() as nursery:
                for name, source in self.machines.sources.items():
                    for split in range(len(source.splits)):
                        nursery.start_soon(self._source, name, split)
                for stage, replica in self.machines.stages:
                    nursery.start_soon(self._stage, stage, replica)
                for name in self.machines.sinks:
                    nursery.start_soon(self._sink, name)
            for writer in self.writers.values():
                await trio.to_thread.run_sync(_publish, writer)
        except BaseException:
            for writer in self.writers.values():
                writer.abort()
            raise
        finally:
            for writer in self.writers.values():
                writer.close()

    async def _source(self, name: str, split: int) -> None:
        machine = self.machines.sources[name]
        reader = await trio.to_thread.run_sync(self.machines.open_reader, name, split)
        # What may be dropped must not have been worked on before the bound is known.
        prefix = NO_PREFIX if self.drops else prefix_of(self.plan, self.plan.by_name[name])
        pool = self._pool(reader, prefix)
        workers = self._workers(machine, prefix)
        reading = SplitReader(reader, prefix, workers=workers, ahead=workers, pool=pool)
        self.splits.append(reading)
        if self._stopped:
            reading.stop()
        try:
            async with trio.open_nursery() as nursery:
                for worker in range(workers):
                    nursery.start_soon(reading.run, worker)
                await self._accept(machine, name, split, reading, prefix)
                nursery.cancel_scope.cancel()
        finally:
            if pool is not None:
                pool.close()
            reader.close()
        await self._send(name, 0, await self._heavy(partial(machine.end, split)))

    def _pool(self, reader: Reader, prefix: Prefix) -> WorkerPool | None:
        if not self.processes or not prefix.python:
            return None
        return WorkerPool(self.processes, reader.decoder(), prefix)

    def _workers(self, machine: SourceMachine, prefix: Prefix) -> int:
        """Return how many blocks are worked on at once.

        Columns are decoded by kernels that let go of the interpreter lock, so every core helps, even when a
        Python function takes its turn after that. Objects of any shape are decoded under the lock.
        """
        if self.processes and prefix.python:
            return self.processes + 1
        if machine.op.schema is None or not machine.op.source.numbered:
            return 1
        return os.cpu_count() or 1

    async def _accept(
        self, machine: SourceMachine, name: str, split: int, reading: SplitReader, prefix: Prefix
    ) -> None:
        """Take blocks in order and run the rest of the stage on them."""
        idle_us = machine.op.watermarks.idle_us
        quiet_since = trio.current_time()
        while not isinstance(found := await reading.next(), End):
            if isinstance(found, Idle):
                await trio.sleep(found.retry_after / 1e6)
                if idle_us is not None and trio.current_time() - quiet_since >= idle_us / 1e6:
                    await self._send(name, 0, machine.idle(split))
                continue
            quiet_since = trio.current_time()
            work = partial(machine.accept_worked, split, found.block, found.worked, prefix.taken)
            if self.drops:
                work = partial(work, keep=max(self.channel_rows - self._in_flight(), 0))
            size = max((len(bundle) for bundle in found.worked.bundles), default=0)
            await self._send(name, 0, await self._heavy(work) if size >= HEAVY_ROWS else work())

    def _in_flight(self) -> int:
        return sum(inbox.rows for inbox in self.inboxes.values())

    async def _stage(self, name: str, replica: int) -> None:
        machine, inbox = self.machines.stages[name, replica], self.inboxes[name, replica]
        while not machine.inputs.all_ended:
            index, message = await inbox.get()
            self.observer.queue(f"{name}/{replica}", inbox.rows)
            take = partial(machine.take, index, message)
            await self._send(name, replica, await self._heavy(take) if _heavy(machine, message) else take())

    async def _sink(self, name: str) -> None:
        machine, writer, inbox = self.machines.sinks[name], self.writers[name], self.inboxes[name, 0]
        expected = sum(self.plan.by_name[edge.source].replicas for edge in self.plan.into(name))
        ticked = trio.current_time()
        while expected:
            with trio.move_on_after(TICK):
                _, message = await inbox.get()
                with trio.CancelScope(shield=True):
                    expected -= isinstance(message, EndOfInput)
                    if isinstance(message, Bundle):
                        self.observer.queue(name, inbox.rows)
                        await trio.to_thread.run_sync(machine.write, writer, message)
            if trio.current_time() - ticked >= TICK:
                ticked = trio.current_time()
                await trio.to_thread.run_sync(writer.tick, int(ticked * 1e6))

    async def _heavy(self, work: Callable[[], list[Emission]]) -> list[Emission]:
        return await trio.to_thread.run_sync(work, limiter=self.cores)

    async def _send(self, stage: str, replica: int, emissions: list[Emission]) -> None:
        router = self.machines.routers[stage, replica]
        for emission in emissions:
            for delivery in router.route(emission):
                await self.inboxes[delivery.stage, delivery.replica].put(delivery.input, delivery.message)

    # -- looking at it ----------------------------------------------------------------------------------

    @property
    def bytes_in(self) -> int:
        """Bytes read so far."""
        return sum(split.bytes for split in self.splits)

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
            min((source.watermark for source in machines.sources.values()), default=MAX_TIME),
            sum(step.late for step in ledger.values()),
            sum(step.errored for step in ledger.values()),
        )


def _heavy(machine: StageMachine, message: Message) -> bool:
    """Return whether a message means work that is worth a thread."""
    if isinstance(message, Bundle):
        return len(message) >= HEAVY_ROWS
    return any(operator.context.ledger.held >= HEAVY_ROWS for operator in machine.operators)


def _publish(writer: Writer) -> None:
    writer.commit(writer.prepare(0))
