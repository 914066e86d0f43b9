"""Taking the checkpoints of a run: barriers go out, states come back, all is published, sinks commit."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from pulse.engine.messages import Barrier
from pulse.engine.stage import Emission
from pulse.runners import saved
from pulse.state.checkpoints import Manifest
from pulse.state.checkpoints.store import Key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.runners.flow import Flow
    from pulse.runners.recovery import Recovery

logger = logging.getLogger("pulse.checkpoints")


class _Cut:
    """One checkpoint in the making: what has come back of it so far."""

    def __init__(self, number: int, expected: int) -> None:
        self.number = number
        self.expected = expected
        self.claimed: set[Key] = set()
        self.state: dict[Key, Any] = {}
        self.sinks: dict[str, Any] = {}
        self.complete = trio.Event()

    def claim(self, key: Key) -> bool:
        """Return whether nobody has answered for a machine yet; whoever asks first does."""
        if key in self.claimed:
            return False
        self.claimed.add(key)
        return True

    def add(self, key: Key, found: Any) -> None:
        """Take the state of a machine, or what a sink has prepared."""
        if key.kind == "sink":
            self.sinks[key.name] = found
        else:
            self.state[key] = found
        if len(self.state) + len(self.sinks) == self.expected:
            self.complete.set()


class Recorder:
    """Takes checkpoints of a run, one at a time: at an interval, when it is stopped, and at its end.

    A source is cut between two blocks, while its stage rests: its position, its watermarks and the state of
    its stage go together, and the barrier follows what it has sent. Every other stage is cut when all its
    inputs have brought the barrier or are over. States are references to what never changes; they are written
    in a thread while the records flow on.

    Args:
        flow: the run.
        recovery: where checkpoints go, and what came before.
        interval: seconds between two checkpoints.
    """

    def __init__(self, flow: Flow, recovery: Recovery, interval: float) -> None:
        self.flow = flow
        self.recovery = recovery
        self.interval = interval
        self.frozen: set[str] = set()
        """Sources that read no further, because the run stops at the checkpoint that has just cut them."""
        self._over: set[Key] = set()
        self._cut: _Cut | None = None
        self._turn = trio.Lock()
        self._stop = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        self._started = trio.current_time()
        self._last = recovery.number

    def stop(self) -> None:
        """Take a last checkpoint now, and end the run there; any thread may say so."""
        self._token.run_sync_soon(self._stop.set)

    async def run(self, flowing: trio.CancelScope) -> None:
        """Take checkpoints until the run is over; ends it after the last one when it was stopped.

        Args:
            flowing: the scope of the run's other tasks.
        """
        while True:
            with trio.move_on_after(self.interval):
                await self._stop.wait()
            last = self._stop.is_set()
            async with self._turn:
                await self._take(last=last)
            if last:
                flowing.cancel()
                return

    async def finish(self) -> None:
        """Record that the run is over, and have the sinks show all that is left."""
        async with self._turn:
            sinks = {name: await self._prepare(name, self._last + 1) for name in self.flow.writers}
            await self._publish(self._last + 1, {}, sinks, finished=True)

    async def over(self, key: Key) -> None:
        """Note that a machine has seen the end of all its inputs: its state does not change any more."""
        self._over.add(key)
        if self._cut is not None:
            await self._answer_for(key, self._cut)

    async def arrived(self, key: Key) -> None:
        """Take the state of a machine all of whose inputs have brought the barrier."""
        assert self._cut is not None  # noqa: S101 - barriers go out for a checkpoint
        await self._answer_for(key, self._cut)

    # -- one checkpoint ------------------------------------------------------------------------------------

    async def _take(self, *, last: bool) -> None:
        machines, number = self.flow.machines, self._last + 1
        started = trio.current_time()
        self._cut = cut = _Cut(number, len(saved.keys_of(machines)) + len(machines.sinks))
        async with trio.open_nursery() as nursery:
            for name in machines.sources:
                nursery.start_soon(partial(self._cut_source, name, cut, last=last))
            for key in list(self._over):
                nursery.start_soon(self._answer_for, key, cut)
        await cut.complete.wait()
        self._cut = None
        aligned = trio.current_time()
        manifest = await self._publish(number, cut.state, cut.sinks)
        logger.info(
            "checkpoint %d: %d bytes, aligned in %.3f s, written in %.3f s",
            number,
            manifest.size,
            aligned - started,
            trio.current_time() - aligned,
        )

    async def _cut_source(self, name: str, cut: _Cut, *, last: bool) -> None:
        async with self.flow.turns[name]:
            source = self.flow.machines.sources[name]
            key = Key("source", name)
            if cut.claim(key):
                cut.add(key, await self._snapshot(key))
            if last:
                self.frozen.add(name)
            if not source.ended:
                await self.flow.send(name, 0, [Emission(None, Barrier(cut.number))])

    async def _answer_for(self, key: Key, cut: _Cut) -> None:
        if not cut.claim(key):
            return
        if key.kind == "sink":
            cut.add(key, await self._prepare(key.name, cut.number))
        else:
            cut.add(key, await self._snapshot(key))

    async def _snapshot(self, key: Key) -> Any:
        """Return the state of a machine that rests; the others go on meanwhile."""
        return await trio.to_thread.run_sync(saved.snapshot, self.flow.machines, key)

    async def _prepare(self, name: str, number: int) -> dict[str, Any]:
        flow = self.flow
        async with flow.locks[name]:
            prepared = await trio.to_thread.run_sync(flow.writers[name].prepare, number)
        sink = flow.machines.sinks[name]
        return {
            "prepared": prepared,
            "ledger": sink.books.as_dict(),
            "bytes": sink.bytes,
            "ended": sorted(flow.ended[name]),
        }

    async def _publish(
        self, number: int, state: saved.State, sinks: Mapping[str, Any], *, finished: bool = False
    ) -> Manifest:
        """Write a checkpoint, and have the sinks show what belongs to it."""
        flow, recovery = self.flow, self.recovery
        manifest = Manifest(
            number,
            flow.plan.name,
            recovery.fingerprint,
            datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            flow.machines.watermark if finished else saved.watermark_of(state),
            finished,
            flow.seconds_before + trio.current_time() - self._started,
            flow.bytes_in,
            saved.positions_of(state),
            sinks,
            {name: step.as_dict() for name, step in flow.machines.ledger.items()}
            if finished
            else saved.ledger_of(state, sinks),
        )
        # From here on a restart finishes what is begun, so that this must not stop half-way by itself.
        with trio.CancelScope(shield=True):
            whole = await trio.to_thread.run_sync(recovery.store.write, manifest, state)
            self._last = number
            for name, writer in flow.writers.items():
                async with flow.locks[name]:
                    await trio.to_thread.run_sync(writer.commit, sinks[name]["prepared"])
        return whole
