"""One run of the deterministic runner: queues between the machines, and the order in which things happen."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from pulse.engine.observer import FanOut
from pulse.engine.routing import input_count
from pulse.io.base import Block, Idle
from pulse.model.bundle import Bundle
from pulse.runners import saved
from pulse.runners.alignment import Alignment
from pulse.runners.edges import EdgeCounts
from pulse.runners.execution import Emitted, Machines
from pulse.runners.playback import Playback
from pulse.state.checkpoints import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pulse.engine.messages import Message
    from pulse.engine.observer import Observer
    from pulse.graph.plan import Plan
    from pulse.io.base import Json, Reader, Writer

QUEUE_LIMIT = 16
"""A source is not read while this many messages wait on some edge."""


class Choice(NamedTuple):
    """Something that can happen next: a message is taken, a split read, an event played, the clock moved."""

    kind: str
    stage: str = ""
    replica: int = 0
    input: int = 0

    def __str__(self) -> str:
        return " ".join(map(str, self)) if self.stage else self.kind


@dataclass(frozen=True, slots=True)
class Quiet:
    """A split that had nothing to read: since when, and when to ask it again, in processing time."""

    since: int
    again: int


class Schedule:
    """Executes a plan in one thread.

    Processing time is virtual: it starts at 0, and goes on only as a script says or, when nothing else can
    happen, to the next time that something waits for.

    Args:
        plan: the plan.
        seed: chooses which ready step goes next.
        bundle_size: cut every bundle at random into pieces of at most this many records; None: as they come.
        transactional: whether sinks show nothing before a commit, so that the run can be restored.
        checkpoint_every: take a checkpoint every so many steps; 0: never.
        crashes: says after which steps everything is lost and restored from the last checkpoint.
        observer: told of what happens.
        max_drift: how far a source may be ahead of the slowest, microseconds; None: as far as it likes.
    """

    def __init__(
        self,
        plan: Plan,
        *,
        seed: int,
        bundle_size: int | None,
        transactional: bool,
        checkpoint_every: int,
        crashes: Callable[[int], bool],
        observer: Observer,
        max_drift: int | None,
    ) -> None:
        self.plan = plan
        self.random = Random(seed)  # noqa: S311 - a schedule, not a secret
        self.bundle_size = bundle_size
        self.transactional = transactional
        self.checkpoint_every = checkpoint_every
        self.crashes = crashes
        self.edges = EdgeCounts()
        self.observer = FanOut(self.edges, observer)
        self.max_drift = max_drift
        self.trace: list[str] = []
        self.saved: Any = None
        self.machines = Machines(plan, self.observer, transactional=transactional)
        self._start()

    def _start(self) -> None:
        """Set up all that a crash destroys, around fresh machines."""
        self.bytes_read = 0
        self.quiet: dict[tuple[str, int], Quiet] = {}
        self.readers: dict[tuple[str, int], Reader] = {}
        self.alignment = Alignment(self.machines, self.max_drift)
        self.queues: dict[tuple[str, int, int], deque[Message]] = {}
        for stage in self.plan.stages:
            for replica in range(stage.replicas):
                for index in range(input_count(self.plan, stage)):
                    self.queues[stage.name, replica, index] = deque()
        self.writers: dict[str, Writer] = {name: sink.open() for name, sink in self.machines.sinks.items()}
        self.playback = Playback(self.machines)

    @property
    def bytes_in(self) -> int:
        """Bytes read by the sources."""
        return self.bytes_read + self.playback.bytes

    def run(self) -> None:
        """Run to the end; commits the sinks, or aborts them when anything fails."""
        step = 0
        try:
            if self.transactional:
                self._checkpoint(0)
            while ready := self._ready():
                choice = ready[self.random.randrange(len(ready))]
                self.trace.append(str(choice))
                self._do(choice)
                step += 1
                if self.checkpoint_every and step % self.checkpoint_every == 0:
                    self._checkpoint(step)
                if self.crashes(step):
                    self._crash()
            ledger = self.machines.ledger
            ledger.check()
            self.edges.check(self.plan)
            self.machines.check_empty()
        except BaseException:
            for writer in self.writers.values():
                writer.abort()
            raise
        finally:
            self._close_readers()
        for writer in self.writers.values():
            writer.commit(writer.prepare(step))
            writer.close()

    # -- what can happen ---------------------------------------------------------------------------------

    def _ready(self) -> list[Choice]:
        ready = [Choice("take", *key) for key, queue in self.queues.items() if queue]
        if all(len(queue) < QUEUE_LIMIT for queue in self.queues.values()):
            ready += self._readable()
        if ready:
            return ready
        if not self.playback.over:
            return [Choice("play" if self.playback.target is None else "clock")]
        return [Choice("clock")] if self._wake() is not None else []

    def _readable(self) -> Iterator[Choice]:
        now = self.machines.clock.now
        for name, index in self._open_splits():
            quiet = self.quiet.get((name, index))
            if (quiet is None or quiet.again <= now) and not self.alignment.holds(name, index, self.quiet):
                yield Choice("read", name, index)

    def _open_splits(self) -> Iterator[tuple[str, int]]:
        """Yield the splits of the sources that play no script and are not at their end."""
        for name, machine in self.machines.sources.items():
            if not machine.op.source.paced:
                yield from ((name, i) for i, split in enumerate(machine.splits) if not split.ended)

    def _wake(self) -> int | None:
        """Return the processing time that something waits for, as long as there is input to come."""
        again = [self.quiet[split].again for split in self._open_splits() if split in self.quiet]
        due = self.machines.due
        return min([*again, *([] if due is None else [due])]) if again else None

    # -- what happens ------------------------------------------------------------------------------------

    def _do(self, choice: Choice) -> None:
        if choice.kind == "take":
            message = self.queues[choice[1:]].popleft()
            for piece in self._cut(message):
                self._take(choice.stage, choice.replica, choice.input, piece)
        elif choice.kind == "read":
            self._read(choice.stage, choice.replica)
        elif choice.kind == "play":
            self._send(self.playback.play())
        elif self.playback.target is not None:
            self._send(self.playback.move())
            self._tick_sinks()
        else:
            self._send(self.machines.move_clock(self._wake() or 0))
            self._tick_sinks()

    def _read(self, source: str, split: int) -> None:
        machine = self.machines.sources[source]
        reader = self.readers.get((source, split))
        if reader is None:
            reader = self.readers[source, split] = self.machines.open_reader(source, split)
        found = reader.poll()
        if isinstance(found, Idle):
            self._send([self.machines.given(source, self._idle(source, split, found.retry_after))])
            return
        self.quiet.pop((source, split), None)
        if isinstance(found, Block):
            self.bytes_read += found.nbytes
            self._send([self.machines.given(source, machine.accept(split, found, reader.decode(found)))])
        else:
            reader.close()
            self._send([self.machines.given(source, machine.end(split))])

    def _idle(self, source: str, split: int, retry_after: int) -> list[Any]:
        """Note that a split has nothing to read; past its idle timeout it no longer holds others back."""
        machine, now = self.machines.sources[source], self.machines.clock.now
        before = self.quiet.get((source, split))
        since = now if before is None else before.since
        self.quiet[source, split] = Quiet(since, now + max(retry_after, 1))
        idle_us = machine.op.watermarks.idle_us
        return machine.idle(split) if idle_us is not None and now - since >= idle_us else []

    def _take(self, stage: str, replica: int, index: int, message: Message) -> None:
        if stage not in self.machines.sinks:
            self._send([Emitted(stage, replica, self.machines.take(stage, replica, index, message))])
        elif isinstance(message, Bundle):
            self.machines.sinks[stage].write(self.writers[stage], message)

    def _tick_sinks(self) -> None:
        for writer in self.writers.values():
            writer.tick(self.machines.clock.now)

    def _send(self, made: Iterable[Emitted]) -> None:
        for stage, replica, emissions in made:
            self.edges.sent(emissions)
            router = self.machines.routers[stage, replica]
            for emission in emissions:
                for delivery in router.route(emission):
                    self.queues[delivery.stage, delivery.replica, delivery.input].append(delivery.message)

    def _cut(self, message: Message) -> Iterator[Message]:
        """Cut a bundle at random; a partial aggregate is one record as good as another."""
        size = self.bundle_size
        if size is None or not isinstance(message, Bundle):
            yield message
            return
        start = 0
        while start < len(message):
            stop = min(start + self.random.randint(1, size), len(message))
            yield message.slice(start, stop)
            start = stop

    # -- crashes -----------------------------------------------------------------------------------------

    def _checkpoint(self, number: int) -> None:
        """Save what a crash destroys: states as they are on disk, and what is between machines."""
        prepared: dict[str, Json] = {name: writer.prepare(number) for name, writer in self.writers.items()}
        machines = self.machines
        self.saved = {
            "now": machines.clock.now,
            "machines": {
                key: b"".join(pack(saved.snapshot(machines, key), str(key)))
                for key in saved.keys_of(machines)
            },
            "sinks": {n: (s.books.copy(), s.bytes) for n, s in machines.sinks.items()},
            "queues": {key: list(queue) for key, queue in self.queues.items()},
            "quiet": dict(self.quiet),
            "edges": self.edges.snapshot(),
            "played": (list(self.playback.counts), self.playback.target, self.playback.bytes),
            "prepared": prepared,
            "bytes": self.bytes_read,
        }
        for name, writer in self.writers.items():
            writer.commit(prepared[name])
        self.trace.append(f"checkpoint {number}")

    def _crash(self) -> None:
        """Lose everything that is not in the last checkpoint, and go on from there."""
        self.trace.append("crash")
        self._close_readers()
        for writer in self.writers.values():
            writer.abort()
        found: Mapping[str, Any] = self.saved
        self.machines = machines = Machines(
            self.plan, self.observer, transactional=self.transactional, now=found["now"]
        )
        saved.restore(machines, {key: unpack(data) for key, data in found["machines"].items()})
        self._start()
        for name, sink in machines.sinks.items():
            sink.books, sink.bytes = found["sinks"][name][0].copy(), found["sinks"][name][1]
            self.writers[name].commit(found["prepared"][name])
        for key, messages in found["queues"].items():
            self.queues[key] = deque(messages)
        self.quiet = dict(found["quiet"])
        self.edges.restore(found["edges"])
        counts, self.playback.target, self.playback.bytes = found["played"]
        self.playback.counts = list(counts)
        self.bytes_read = found["bytes"]

    def _close_readers(self) -> None:
        self.playback.close()
        for reader in self.readers.values():
            reader.close()
