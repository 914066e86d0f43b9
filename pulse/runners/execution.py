"""The machines of a plan, wired together: what both runners drive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pulse.engine.clock import Clock
from pulse.engine.ledger import Ledger
from pulse.engine.observer import SILENT, Observer
from pulse.engine.routing import Router, input_positions
from pulse.engine.sink import SinkMachine
from pulse.engine.source import SourceMachine
from pulse.engine.stage import StageMachine
from pulse.errors import PulseInternalError
from pulse.model.time import MAX_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.engine.messages import Message
    from pulse.engine.operator import Operator
    from pulse.engine.stage import Emission
    from pulse.graph.plan import Plan
    from pulse.io.base import Reader


class Emitted(NamedTuple):
    """What one replica of a stage emits."""

    stage: str
    replica: int
    emissions: list[Emission]


class Machines:
    """One machine per source, per stage replica and per sink.

    Args:
        plan: the plan.
        observer: told of what happens.
        transactional: whether sinks must not show anything before a commit.
        now: processing time to begin with, microseconds.
    """

    def __init__(
        self, plan: Plan, observer: Observer = SILENT, *, transactional: bool = False, now: int = 0
    ) -> None:
        self.plan = plan
        self.clock = Clock(now)
        self.sources: dict[str, SourceMachine] = {}
        self.stages: dict[tuple[str, int], StageMachine] = {}
        self.sinks: dict[str, SinkMachine] = {}
        self.routers: dict[tuple[str, int], Router] = {}
        self.timed: dict[tuple[str, int], StageMachine] = {}
        for stage in plan.stages:
            if stage.is_source:
                self.sources[stage.name] = source = SourceMachine(plan, stage, observer, self.clock)
                self.timed[stage.name, 0] = source.machine
            elif stage.is_sink:
                self.sinks[stage.name] = SinkMachine(plan, stage, observer, transactional=transactional)
            else:
                for replica in range(stage.replicas):
                    positions = input_positions(plan, stage)
                    machine = StageMachine(plan, stage, positions, observer, self.clock)
                    self.stages[stage.name, replica] = self.timed[stage.name, replica] = machine
            for replica in range(stage.replicas):
                self.routers[stage.name, replica] = Router(plan, stage, replica)

    def open_reader(self, source: str, split: int) -> Reader:
        """Open a split where it left off."""
        machine = self.sources[source]
        state = machine.splits[split]
        return machine.op.source.open(state.name, machine.request, state.position)

    def take(self, stage: str, replica: int, index: int, message: Message) -> list[Emission]:
        """Hand a message to a stage, and do what is due there by now."""
        machine = self.stages[stage, replica]
        return machine.take(index, message) + self.tick(machine)

    def given(self, source: str, emissions: list[Emission]) -> Emitted:
        """Return what a source emits, with what is due in its stage by now."""
        return Emitted(source, 0, emissions + self.tick(self.sources[source].machine))

    def tick(self, machine: StageMachine) -> list[Emission]:
        """Do what is due in one stage by now."""
        due = machine.due
        return machine.tick() if due is not None and due <= self.clock.now else []

    @property
    def due(self) -> int | None:
        """The processing time at which some stage has something to do next."""
        return min((due for m in self.timed.values() if (due := m.due) is not None), default=None)

    def move_clock(self, now: int) -> list[Emitted]:
        """Move processing time and do what is due in every stage by then."""
        self.clock.move(now)
        made = [Emitted(*key, self.tick(machine)) for key, machine in self.timed.items()]
        return [each for each in made if each.emissions]

    @property
    def ledger(self) -> Ledger:
        """Where the records of every step are, over all replicas."""
        parts: list[Any] = [*self.sources.values(), *self.stages.values(), *self.sinks.values()]
        return Ledger.total(part.ledger for part in parts)

    @property
    def watermark(self) -> int:
        """The lowest watermark of the sources; the end of time when there is none."""
        return min((source.watermark for source in self.sources.values()), default=MAX_TIME)

    def check_empty(self) -> None:
        """Raise ``PulseInternalError`` when a step whose time is over still holds something."""
        for name, operator in self._operators():
            left, due = operator.left_over(), operator.due
            if left or operator.context.ledger.held:
                raise PulseInternalError(
                    f"step {name!r} still holds {left} things ({operator.context.ledger.held} records) "
                    "at the end of time"
                )
            if due is not None:
                raise PulseInternalError(
                    f"step {name!r} still waits for processing time {due} at the end of time"
                )

    def _operators(self) -> Iterator[tuple[str, Operator]]:
        for machine in self.timed.values():
            for node, operator in zip(machine.nodes, machine.operators, strict=True):
                yield node.name, operator
