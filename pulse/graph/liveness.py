"""Which fields of each collection anything downstream reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.graph.collection import Fields, union
from pulse.graph.distribution import needs_keys
from pulse.graph.logical import Port
from pulse.graph.ops import ERRORS, LATE, JoiningOp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.graph.logical import Graph, Node


def live_fields(graph: Graph) -> Mapping[Port, Fields]:
    """Return, for every collection, the fields that are read by some step after it; None for all.

    Example:
        >>> from pulse import Collect, Create, Filter, Pipeline, Select, Write
        >>> p = Pipeline()
        >>> _ = p | Create([{"a": 1, "b": 2, "c": 3}]) | Filter("b > 1") | Select("a") | Write(Collect())
        >>> sorted(live_fields(p.graph)[Port("Create")])
        ['a', 'b']
    """
    live: dict[Port, Fields] = {}
    for node in reversed(graph.order):
        for tag in node.op.outputs():
            live.setdefault(Port(node.name, tag), frozenset())
        if isinstance(node.op, JoiningOp):
            _read_by_join(graph, node, node.op, live)
            continue
        needed = node.op.needs(_wanted(node, live))
        if needs_keys(node):
            needed = union(needed, frozenset(graph.types[node.inputs[0]].keys or ()))
        if LATE in node.op.outputs():
            needed = union(needed, _original(live[Port(node.name, LATE)]))
        for port in node.inputs:
            live[port] = union(live.get(port, frozenset()), needed)
    return live


def _read_by_join(graph: Graph, node: Node, op: JoiningOp, live: dict[Port, Fields]) -> None:
    """Add what a join reads of each of its inputs."""
    wanted = _wanted(node, live)
    late = op.late_needs(live[Port(node.name, LATE)]) if LATE in op.outputs() else frozenset()
    inputs = [graph.types[port] for port in node.inputs]
    for position, port in enumerate(node.inputs):
        needed = union(op.needs_of(position, wanted, inputs), late)
        live[port] = union(live.get(port, frozenset()), needed)


def _wanted(node: Node, live: Mapping[Port, Fields]) -> Fields:
    """Return what is read of the outputs that carry records; those of errors carry text."""
    wanted: Fields = frozenset()
    for tag in node.op.outputs():
        if tag not in {LATE, ERRORS}:
            wanted = union(wanted, live[Port(node.name, tag)])
    return wanted


def _original(fields: Fields) -> Fields:
    """Return the fields of the original record that a reader of late records asks for."""
    return None if fields is None else fields - {"window_start", "window_end", "late_by"}
