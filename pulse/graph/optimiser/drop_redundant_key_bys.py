"""Leave out key-bys that change nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.graph.distribution import needs_keys
from pulse.graph.liveness import live_fields
from pulse.graph.logical import Port
from pulse.graph.ops import ERRORS, KeyByOp, WriteOp
from pulse.graph.optimiser.exact import cannot_fail
from pulse.graph.optimiser.moves import remove

if TYPE_CHECKING:
    from pulse.graph.logical import Graph, Node


def drop_redundant_key_bys(graph: Graph) -> Graph:
    """Drop a key-by that sets the keys there are, and one that another replaces before anything uses it.

    An aggregation uses the key; so does an expensive step, which runs on replicas by it. What the key-by
    computes must not be read by anything else, and must not be able to fail.

    Example:
        >>> from pulse import Aggregate, Collect, Create, KeyBy, Pipeline, Write, count
        >>> p = Pipeline()
        >>> keyed = p | Create([{"a": 1, "b": 2}]) | KeyBy("a") | KeyBy("b") | "again" >> KeyBy("b")
        >>> _ = keyed | "count" >> Aggregate(n=count()) | "out" >> Write(Collect())
        >>> [node.name for node in drop_redundant_key_bys(p.graph)]
        ['Create', 'KeyBy(b)', 'count', 'out']
    """
    for redundant in (_repeats, _is_replaced):
        for name in [node.name for node in graph.order]:
            node = graph[name]
            if not isinstance(node.op, KeyByOp) or node.op.function or graph.readers(Port(name, ERRORS)):
                continue
            if redundant(graph, node, node.op):
                graph = remove(graph, name)
    return graph


def _repeats(graph: Graph, node: Node, op: KeyByOp) -> bool:
    return not op.computed and graph.types[node.inputs[0]].keys == op.keys


def _is_replaced(graph: Graph, node: Node, op: KeyByOp) -> bool:
    return _is_pure(graph, node, op) and _replaced(graph, Port(node.name))


def _is_pure(graph: Graph, node: Node, op: KeyByOp) -> bool:
    """Return whether nothing but the keys would change without a key-by."""
    if not op.computed:
        return True
    live = live_fields(graph)[Port(node.name)]
    unread = live is not None and live.isdisjoint(name for name, _ in op.computed)
    return unread and cannot_fail(graph, node.inputs[0], *(expr for _, expr in op.computed))


def _replaced(graph: Graph, port: Port) -> bool:
    """Return whether every way on from a collection meets another key-by before a step that uses the key."""
    for reader, _ in graph.readers(port):
        if isinstance(reader.op, KeyByOp):
            continue
        if isinstance(reader.op, WriteOp) or needs_keys(reader):
            return False
        if not all(_replaced(graph, Port(reader.name, tag)) for tag in reader.op.outputs() if tag != ERRORS):
            return False
    return bool(graph.readers(port))
