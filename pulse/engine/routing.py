"""Where what a stage emits goes: which edges, which replicas, which of their inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pulse.engine.partitioner import Partitioner
from pulse.model.bundle import Bundle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.engine.messages import Message
    from pulse.engine.stage import Emission
    from pulse.graph.plan import Edge, Plan, Stage


class Delivery(NamedTuple):
    """A message on its way: the stage and replica that take it, and on which input."""

    stage: str
    replica: int
    input: int
    message: Message


def input_count(plan: Plan, stage: Stage) -> int:
    """Return how many inputs each replica of a stage has: one per replica that sends to it."""
    return sum(_senders(plan, edge) for edge in plan.into(stage.name))


def input_positions(plan: Plan, stage: Stage) -> tuple[int, ...]:
    """Return, for each input of a replica of a stage, which input of the stage's first step it is."""
    return tuple(edge.position for edge in plan.into(stage.name) for _ in range(_senders(plan, edge)))


def _senders(plan: Plan, edge: Edge) -> int:
    """Return how many replicas of an edge's source send to each replica of its target."""
    return 1 if edge.forward else plan.by_name[edge.source].replicas


def input_index(plan: Plan, edge: Edge, replica: int) -> int:
    """Return which input of the target's replicas an edge from one replica of the source is."""
    index = 0
    for other in plan.into(edge.target):
        if other is edge:
            return index if edge.forward else index + replica
        index += _senders(plan, other)
    raise KeyError(str(edge))


class Router:
    """Sends what one replica of a stage emits.

    Args:
        plan: the plan.
        stage: the stage that emits.
        replica: which replica of it.
    """

    def __init__(self, plan: Plan, stage: Stage, replica: int = 0) -> None:
        self.routes = [
            (
                edge,
                input_index(plan, edge, replica),
                (replica,) if edge.forward else tuple(range(plan.by_name[edge.target].replicas)),
                Partitioner(edge.keys, plan.by_name[edge.target].replicas) if edge.keys is not None else None,
            )
            for edge in plan.out_of(stage.name)
        ]

    def route(self, emission: Emission) -> Iterator[Delivery]:
        """Return the deliveries that an emission makes."""
        port, message = emission
        for edge, index, targets, partitioner in self.routes:
            if isinstance(message, Bundle):
                if edge.port != port:
                    continue
                if partitioner is None:
                    yield Delivery(edge.target, targets[0], index, message)
                else:
                    for replica, share in partitioner.split(message):
                        yield Delivery(edge.target, replica, index, share)
            else:
                for replica in targets:
                    yield Delivery(edge.target, replica, index, message)
