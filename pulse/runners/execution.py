"""The machines of a plan, wired together: what both runners drive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.engine.clock import Clock
from pulse.engine.ledger import Ledger
from pulse.engine.observer import SILENT, Observer
from pulse.engine.routing import Router, input_positions
from pulse.engine.sink import SinkMachine
from pulse.engine.source import SourceMachine
from pulse.engine.stage import StageMachine

if TYPE_CHECKING:
    from pulse.graph.plan import Plan
    from pulse.io.base import Reader


class Machines:
    """One machine per source, per stage replica and per sink.

    Args:
        plan: the plan.
        observer: told of what happens.
        transactional: whether sinks must not show anything before a commit.
    """

    def __init__(self, plan: Plan, observer: Observer = SILENT, *, transactional: bool = False) -> None:
        self.plan = plan
        self.clock = Clock()
        self.sources: dict[str, SourceMachine] = {}
        self.stages: dict[tuple[str, int], StageMachine] = {}
        self.sinks: dict[str, SinkMachine] = {}
        self.routers: dict[tuple[str, int], Router] = {}
        for stage in plan.stages:
            if stage.is_source:
                self.sources[stage.name] = SourceMachine(plan, stage, observer, self.clock)
            elif stage.is_sink:
                self.sinks[stage.name] = SinkMachine(plan, stage, observer, transactional=transactional)
            else:
                for replica in range(stage.replicas):
                    positions = input_positions(plan, stage)
                    machine = StageMachine(plan, stage, positions, observer, self.clock)
                    self.stages[stage.name, replica] = machine
            for replica in range(stage.replicas):
                self.routers[stage.name, replica] = Router(plan, stage, replica)

    def open_reader(self, source: str, split: int) -> Reader:
        """Open a split where it left off."""
        machine = self.sources[source]
        state = machine.splits[split]
        return machine.op.source.open(state.name, machine.request, state.position)

    @property
    def ledger(self) -> Ledger:
        """Where the records of every step are, over all replicas."""
        parts: list[Any] = [*self.sources.values(), *self.stages.values(), *self.sinks.values()]
        return Ledger.total(part.ledger for part in parts)
