"""The deterministic runner: one thread, a seeded schedule, and crashes on demand. For tests."""

from __future__ import annotations

from collections import deque
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pulse.engine.messages import EndOfInput
from pulse.engine.routing import input_count
from pulse.errors import PipelineError
from pulse.graph.compile import CompileOptions, collector_name
from pulse.graph.ops import LATE
from pulse.io.base import Block, End
from pulse.model.bundle import Bundle
from pulse.runners.execution import Machines
from pulse.runners.prepare import prepare
from pulse.runners.result import RunResult

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pulse.engine.messages import Message
    from pulse.engine.stage import Emission
    from pulse.graph.plan import Plan
    from pulse.io.base import Json, Reader, Writer

QUEUE_LIMIT = 16
"""A source is not read while this many messages wait on some edge."""


class DeterministicRunner:
    """Runs a pipeline in one thread, the same way every time for one seed.

    Args:
        seed: chooses which ready step goes next.
        bundle_size: cut every bundle at random into pieces of at most this many records; None: as they come.
        parallelism: replicas of keyed steps.
        crash_at: steps of the schedule at which everything is lost and restored from the last checkpoint.
        checkpoint_every: take a checkpoint, in memory, every so many steps; 0: never.
        without: names of optimiser rules to leave out.
        fuse: whether steps are fused.

    Example:
        >>> from pulse import Create, Filter, Pipeline
        >>> p = Pipeline()
        >>> big = p | Create([{"n": 1}, {"n": 5}]) | Filter("n > 2")
        >>> result = DeterministicRunner(seed=1).run(p)
        >>> result.records(big), result.ledger["Filter(n > 2)"].filtered
        ([{'n': 5}], 1)
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        bundle_size: int | None = None,
        parallelism: int = 1,
        crash_at: Collection[int] = (),
        checkpoint_every: int = 0,
        without: Collection[str] = (),
        fuse: bool = True,
    ) -> None:
        if bundle_size is not None and bundle_size < 1:
            raise PipelineError(f"bundle_size {bundle_size} is not at least 1")
        if parallelism < 1:
            raise PipelineError(f"parallelism {parallelism} is not at least 1")
        self.seed = seed
        self.bundle_size = bundle_size
        self.crash_at = frozenset(crash_at)
        self.checkpoint_every = checkpoint_every
        self.options = CompileOptions(parallelism, without, fuse)

    def run(self, pipeline: Any) -> RunResult:
        """Run a pipeline to its end and return what came out.

        Raises:
            PipelineError: when the graph is wrong, or a source never ends.
            RecordError: when a step fails on a record and its policy is ``fail``.
        """
        started = perf_counter()
        plan, collected = prepare(pipeline, self.options, collect=True)
        schedule = _Schedule(plan, self)
        schedule.run()
        ledger = schedule.machines.ledger
        ledger.check()
        machines = schedule.machines
        late = {collector_name(port) for port in collected if port.tag == LATE}
        return RunResult(
            collected=collected,
            ledger=ledger,
            seconds=perf_counter() - started,
            bytes_in=schedule.bytes_in,
            bytes_out=sum(sink.bytes for sink in machines.sinks.values()),
            written=tuple(name for writer in schedule.writers.values() for name in writer.written),
            watermark=min((s.watermark for s in machines.sources.values()), default=0),
            trace=tuple(schedule.trace),
            sources=tuple(s.name for s in machines.sources.values()),
            sinks=tuple(s.name for s in machines.sinks.values() if s.name not in late),
        )


class _Schedule:
    """One run: the queues between the machines, and the order in which things happen."""

    def __init__(self, plan: Plan, runner: DeterministicRunner) -> None:
        self.plan = plan
        self.runner = runner
        self.random = Random(runner.seed)  # noqa: S311 - a schedule, not a secret
        self.transactional = bool(runner.crash_at or runner.checkpoint_every)
        self.trace: list[str] = []
        self.bytes_in = 0
        self.saved: Any = None
        self._start()

    def _start(self) -> None:
        self.machines = Machines(self.plan, transactional=self.transactional)
        self.readers: dict[tuple[str, int], Reader] = {}
        self.queues: dict[tuple[str, int, int], deque[Message]] = {}
        for stage in self.plan.stages:
            for replica in range(stage.replicas):
                for index in range(input_count(self.plan, stage)):
                    self.queues[stage.name, replica, index] = deque()
        self.writers: dict[str, Writer] = {name: sink.open() for name, sink in self.machines.sinks.items()}
        self.open_inputs = {
            stage.name: input_count(self.plan, stage) for stage in self.plan.stages if stage.is_sink
        }

    def run(self) -> None:
        step = 0
        if self.transactional:
            self._checkpoint(0)
        try:
            while ready := self._ready():
                choice = ready[self.random.randrange(len(ready))]
                self.trace.append(" ".join(map(str, choice)))
                self._do(choice)
                step += 1
                if self.runner.checkpoint_every and step % self.runner.checkpoint_every == 0:
                    self._checkpoint(step)
                if step in self.runner.crash_at:
                    self._crash()
        except BaseException:
            for writer in self.writers.values():
                writer.abort()
            raise
        finally:
            for reader in self.readers.values():
                reader.close()
        for writer in self.writers.values():
            writer.commit(writer.prepare(step))
            writer.close()

    def _ready(self) -> list[tuple[str, str, int, int]]:
        ready = [("take", *key) for key, queue in self.queues.items() if queue]
        if all(len(queue) < QUEUE_LIMIT for queue in self.queues.values()):
            for name, machine in self.machines.sources.items():
                ready += [("read", name, i, 0) for i, split in enumerate(machine.splits) if not split.ended]
        return ready

    def _do(self, choice: tuple[str, str, int, int]) -> None:
        kind, stage, replica, index = choice
        if kind == "read":
            self._read(stage, replica)
            return
        message = self.queues[stage, replica, index].popleft()
        for piece in self._cut(message):
            self._take(stage, replica, index, piece)

    def _read(self, source: str, split: int) -> None:
        machine = self.machines.sources[source]
        reader = self.readers.get((source, split))
        if reader is None:
            reader = self.readers[source, split] = self.machines.open_reader(source, split)
        found = reader.poll()
        if isinstance(found, Block):
            self.bytes_in += found.nbytes
            self._send(source, 0, machine.accept(split, found, reader.decode(found)))
        elif isinstance(found, End):
            reader.close()
            self._send(source, 0, machine.end(split))

    def _take(self, stage: str, replica: int, index: int, message: Message) -> None:
        if stage in self.machines.sinks:
            if isinstance(message, Bundle):
                self.machines.sinks[stage].write(self.writers[stage], message)
            elif isinstance(message, EndOfInput):
                self.open_inputs[stage] -= 1
            return
        self._send(stage, replica, self.machines.stages[stage, replica].take(index, message))

    def _send(self, stage: str, replica: int, emissions: list[Emission]) -> None:
        router = self.machines.routers[stage, replica]
        for emission in emissions:
            for delivery in router.route(emission):
                self.queues[delivery.stage, delivery.replica, delivery.input].append(delivery.message)

    def _cut(self, message: Message) -> Iterator[Message]:
        """Cut a bundle at random; a partial aggregate is one record as good as another."""
        size = self.runner.bundle_size
        if size is None or not isinstance(message, Bundle):
            yield message
            return
        start = 0
        while start < len(message):
            stop = min(start + self.random.randint(1, size), len(message))
            yield message.slice(start, stop)
            start = stop

    def _checkpoint(self, number: int) -> None:
        prepared: dict[str, Json] = {name: writer.prepare(number) for name, writer in self.writers.items()}
        self.saved = {
            "sources": {name: machine.snapshot() for name, machine in self.machines.sources.items()},
            "stages": {key: machine.snapshot() for key, machine in self.machines.stages.items()},
            "sinks": {n: (s.books.copy(), s.bytes) for n, s in self.machines.sinks.items()},
            "queues": {key: list(queue) for key, queue in self.queues.items()},
            "prepared": prepared,
            "bytes_in": self.bytes_in,
        }
        for name, writer in self.writers.items():
            writer.commit(prepared[name])
        self.trace.append(f"checkpoint {number}")

    def _crash(self) -> None:
        """Lose everything that is not in the last checkpoint, and go on from there."""
        self.trace.append("crash")
        for reader in self.readers.values():
            reader.close()
        for writer in self.writers.values():
            writer.abort()
        saved = self.saved
        self._start()
        for name, machine in self.machines.sources.items():
            machine.restore(saved["sources"][name])
        for key, stage in self.machines.stages.items():
            stage.restore(saved["stages"][key])
        for name, sink in self.machines.sinks.items():
            sink.books, sink.bytes = saved["sinks"][name][0].copy(), saved["sinks"][name][1]
            self.writers[name].commit(saved["prepared"][name])
        for key, messages in saved["queues"].items():
            self.queues[key] = deque(messages)
        self.bytes_in = saved["bytes_in"]
