"""From an optimised graph to stages and edges: operator fusion, and exchanges between replicas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.graph.distribution import Place, distribute
from pulse.graph.layouts import layouts
from pulse.graph.ops import MAIN, FlattenOp, ReadOp, WriteOp
from pulse.graph.plan import Edge, Plan, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.graph.logical import Graph, Node


def make_plan(name: str, graph: Graph, *, parallelism: int = 1, fuse: bool = True) -> Plan:
    """Cut a graph into stages.

    A step joins the stage of the step it reads when it is that step's only reader and its records stay where
    they are. Sources begin a stage, merging steps too, and sinks stand alone.

    Args:
        name: name of the pipeline.
        graph: the optimised graph, conversions included.
        parallelism: how many replicas keyed stages have.
        fuse: whether steps are fused at all; off in tests that compare.
    """
    places = distribute(graph) if parallelism > 1 else {node.name: Place(None) for node in graph}
    home: dict[str, str] = {}
    fused: dict[str, list[Node]] = {}
    for node in graph.order:
        joined = home[node.inputs[0].step] if fuse and _joins(node, graph, places) else node.name
        home[node.name] = joined
        fused.setdefault(joined, []).append(node)
    stages = [
        Stage(first, tuple(nodes), 1 if places[first].share is None else parallelism, places[first].share)
        for first, nodes in fused.items()
    ]
    replicas = {stage.name: stage.replicas for stage in stages}
    travels = layouts(graph)
    edges = []
    for stage in stages:
        for position, port in enumerate(stage.first.inputs):
            source = home[port.step]
            deals = places[stage.name].deals
            keys = deals[position] if deals else None
            forward = keys is None and replicas[source] > 1 and stage.replicas > 1
            edges.append(Edge(port, source, stage.name, position, keys, travels[port], forward))
    return Plan(name, graph, tuple(stages), tuple(edges), parallelism)


def _joins(node: Node, graph: Graph, places: Mapping[str, Place]) -> bool:
    """Return whether a step runs in the stage of the step it reads."""
    if isinstance(node.op, ReadOp | WriteOp | FlattenOp) or len(node.inputs) != 1:
        return False
    port = node.inputs[0]
    if port.tag != MAIN or len(graph.readers(port)) > 1:
        return False
    here, there = places[node.name], places[port.step]
    return not any(here.deals) and (here.share is None) == (there.share is None)
