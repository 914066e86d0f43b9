"""One run of the trio runner: the tasks, the channels between them, and the end."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

import trio

from pulse.engine.barriers import Barriers
from pulse.engine.messages import Barrier, EndOfInput, Message
from pulse.engine.routing import input_count
from pulse.engine.stage import Emission
from pulse.model.bundle import Bundle
from pulse.runners.alignment import Alignment
from pulse.runners.execution import Machines
from pulse.runners.feeding import HEAVY_ROWS, Conductor, SplitFeed
from pulse.runners.in_flight import InFlight
from pulse.runners.inbox import Inbox
from pulse.runners.playback import Playback
from pulse.runners.progress import Progress
from pulse.runners.recorder import Recorder
from pulse.runners.recovery import recover
from pulse.runners.wall import WallTime
from pulse.state.checkpoints.store import Key

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from pulse.engine.observer import Observer
    from pulse.engine.stage import StageMachine
    from pulse.graph.plan import Plan
    from pulse.io.base import Writer
    from pulse.runners.reading import SplitReader
    from pulse.runners.recovery import Checkpointing

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
        checkpointing: how the run keeps its state on disk; None: not at all.

    Raises:
        StateError: when there is a checkpoint that the run cannot go on from.
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
        checkpointing: Checkpointing | None = None,
    ) -> None:
        self.plan = plan
        self.observer = observer
        self.processes = processes
        self.drops = drops
        self.channel_rows = channel_rows
        self.machines = Machines(plan, observer, transactional=checkpointing is not None)
        self.recovery = recover(checkpointing, plan, self.machines) if checkpointing else None
        self.recorder = (
            Recorder(self, self.recovery, checkpointing.seconds) if checkpointing and self.recovery else None
        )
        self.playback = Playback(self.machines)
        self.time = WallTime(self.machines.clock, scripted=bool(self.playback.readers))
        self.alignment = Alignment(self.machines, max_drift)
        self.inboxes = {
            (stage.name, replica): Inbox(channel_rows, channel_bytes)
            for stage in plan.stages
            if not stage.is_source
            for replica in range(stage.replicas)
        }
        self.turns = {name: trio.Lock() for name in self.machines.sources}
        """Held while the stage of a source works and sends, for its splits share it."""
        self.locks = {name: trio.Lock() for name in self.machines.sinks}
        """Held while a sink's writer works, for a commit can come at any time."""
        self.ended = {
            name: set(self.recovery.ended(name) if self.recovery else ()) for name in self.machines.sinks
        }
        """The inputs of each sink that are over."""
        self.in_flight = InFlight()
        self.quiet: set[tuple[str, int]] = set()
        self.moved = trio.lowlevel.ParkingLot()
        self.writers: dict[str, Writer] = {}
        self.splits: list[SplitReader] = []
        self.cores = trio.CapacityLimiter(max(os.cpu_count() or 1, 1))
        self.stopped = False

    def stop(self) -> None:
        """Stop reading and finish everything that was read; with a state directory, stop at a checkpoint."""
        self.stopped = True
        if self.recorder is not None:
            self.recorder.stop()
            return
        for split in self.splits:
            split.stop()

    # -- the run ----------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Run to the end; commits the sinks, or aborts them when anything fails."""
        try:
            await self._open()
            if self.recovery is None or not self.recovery.finished:
                await self._run()
        except BaseException:
            for writer in self.writers.values():
                writer.abort()
            raise
        finally:
            for writer in self.writers.values():
                writer.close()
            if self.recovery is not None:
                self.recovery.store.close()

    async def _open(self) -> None:
        """Open the sinks; each goes on from the checkpoint, and shows what belongs to it."""
        for name, sink in self.machines.sinks.items():
            self.writers[name] = writer = await trio.to_thread.run_sync(sink.open)
            if self.recovery is not None:
                await trio.to_thread.run_sync(self.recovery.commit, name, writer)
        if self.recovery is not None:
            self.recovery.begun()

    async def _run(self) -> None:
        async with trio.open_nursery() as around:
            async with trio.open_nursery() as flowing:
                if self.recorder is not None:
                    around.start_soon(self.recorder.run, flowing.cancel_scope)
                for task in self._tasks():
                    flowing.start_soon(task)
            if self.recorder is None:
                for writer in self.writers.values():
                    await trio.to_thread.run_sync(_publish, writer)
            elif flowing.cancel_scope.cancelled_caught:
                for writer in self.writers.values():
                    writer.abort()
            else:
                await self.recorder.finish()
            around.cancel_scope.cancel()

    def _tasks(self) -> Iterator[Callable[[], Awaitable[None]]]:
        """Yield what runs at the same time; sources first, so that what they have under way is counted."""
        for name, source in self.machines.sources.items():
            for index, split in enumerate(source.splits):
                if (name, index) not in self.playback.readers and not split.ended:
                    self.in_flight.enter()
                    yield SplitFeed(self, name, index).run
        for stage, replica in self.machines.stages:
            yield partial(self._stage, stage, replica)
        for name in self.machines.sinks:
            yield partial(self._sink, name)
        if self.playback.readers:
            yield Conductor(self).run

    async def _stage(self, name: str, replica: int) -> None:
        machine, inbox = self.machines.stages[name, replica], self.inboxes[name, replica]
        key, barriers = Key("stage", name, replica), Barriers()
        while not machine.inputs.all_ended:
            found = await inbox.get(self.time.deadline(machine.due))
            self.time.read()
            if found is None:
                tick = partial(self.machines.tick, machine)
                await self.send(name, replica, await self._work(machine, tick))
                continue
            index, message = found
            if isinstance(message, Barrier):
                barriers.arrive(index, message.number)
                inbox.hold(index)
            else:
                self.observer.queue(f"{name}/{replica}", inbox.rows)
                take = partial(self.machines.take, name, replica, index, message)
                await self.send(name, replica, await self._work(machine, take, message))
            if self.recorder is not None and barriers.complete(machine.inputs.ended):
                await self.recorder.arrived(key)
                await self.send(name, replica, [Emission(None, Barrier(barriers.release()))])
                inbox.release()
            self.in_flight.leave()
        if self.recorder is not None:
            await self.recorder.over(key)

    async def _sink(self, name: str) -> None:
        machine, writer, inbox = self.machines.sinks[name], self.writers[name], self.inboxes[name, 0]
        lock, ended, barriers = self.locks[name], self.ended[name], Barriers()
        inputs = range(input_count(self.plan, self.plan.by_name[name]))
        ticked = trio.current_time()
        while len(ended) < len(inputs):
            found = await inbox.get(ticked + TICK)
            if found is not None:
                index, message = found
                if isinstance(message, EndOfInput):
                    ended.add(index)
                elif isinstance(message, Barrier):
                    barriers.arrive(index, message.number)
                    inbox.hold(index)
                elif isinstance(message, Bundle):
                    self.observer.queue(name, inbox.rows)
                    async with lock:
                        await trio.to_thread.run_sync(machine.write, writer, message)
                if self.recorder is not None and barriers.complete([each in ended for each in inputs]):
                    await self.recorder.arrived(Key("sink", name))
                    barriers.release()
                    inbox.release()
                self.in_flight.leave()
            if trio.current_time() - ticked >= TICK:
                ticked = trio.current_time()
                if not self.time.scripted:
                    self.time.read()
                    async with lock:
                        await trio.to_thread.run_sync(writer.tick, self.machines.clock.now)
        if self.recorder is not None:
            await self.recorder.over(Key("sink", name))

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
        """Bytes read so far, before the checkpoint that the run goes on from included."""
        before = self.recovery.bytes_in if self.recovery else 0
        return before + sum(split.bytes for split in self.splits) + self.playback.bytes

    @property
    def seconds_before(self) -> float:
        """How long the pipeline had run at the checkpoint that the run goes on from."""
        return self.recovery.seconds if self.recovery else 0.0

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
