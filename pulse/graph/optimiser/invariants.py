"""What must hold after every rule; a rule that breaks it is a defect of Pulse, found at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.errors import PipelineError, PulseInternalError
from pulse.graph.ops import AggregateOp, FunctionOp, ProcessOp, ReadOp, WriteOp

if TYPE_CHECKING:
    from pulse.graph.logical import Graph, Node


def check(before: Graph, after: Graph, rule: str) -> None:
    """Check that a rule kept what a person can see.

    The same sinks and inspections, each fed by the same sources; the same collections into every sink; every
    grouping under its name, by the same keys and windows; and types that still fit.

    Raises:
        PulseInternalError: when something changed.
    """
    ends = {node.name for node in before if is_end(node)}
    if ends != {node.name for node in after if is_end(node)}:
        raise PulseInternalError(f"rule {rule} changed the sinks of the graph")
    try:
        _ = after.types
    except PipelineError as error:
        raise PulseInternalError(f"rule {rule} made a graph that is wrong: {error}") from error
    for name in sorted(ends):
        old, new = _shape(before, name), _shape(after, name)
        if old != new:
            raise PulseInternalError(f"rule {rule} changed what flows into {name!r} from {old} to {new}")
        if _sources(before, name) != _sources(after, name):
            raise PulseInternalError(f"rule {rule} changed the sources of {name!r}")
    for node in after:
        if isinstance(node.op, AggregateOp | ProcessOp) and (
            node.name not in before or _grouping(before, node.name) != _grouping(after, node.name)
        ):
            raise PulseInternalError(f"rule {rule} changed the grouping of {node.name!r}")


def is_end(node: Node) -> bool:
    """Return whether a step has an effect of its own: a sink, or a person who looks at what passes."""
    return isinstance(node.op, WriteOp) or (isinstance(node.op, FunctionOp) and node.op.shape == "inspect")


def _shape(graph: Graph, name: str) -> tuple[object, ...]:
    """Return what is known of the records that flow into an end, keys apart."""
    found = graph.types[graph[name].inputs[0]]
    # Inspecting is free to see more or fewer fields.
    schema = found.schema if isinstance(graph[name].op, WriteOp) else None
    return schema, found.windowing, found.grouped, found.timed, found.bounded, found.late_possible


def _sources(graph: Graph, name: str) -> list[str]:
    above = graph.ancestors(name)
    return sorted(
        {node.op.source.label for node in graph if node.name in above and isinstance(node.op, ReadOp)}
    )


def _grouping(graph: Graph, name: str) -> tuple[object, ...]:
    found = graph.types[graph[name].inputs[0]]
    return found.keys, found.windowing, found.grouped
