"""From an optimised graph to stages and edges: operator fusion, and where records are dealt to replicas."""

from __future__ import annotations


from typing import TYPE_CHECKING

from pulse.graph.logical import Node, Port
from pulse.graph.ops import MAIN, AggregateOp, CombineOp, FlattenOp, KeyByOp, ReadOp, WriteOp
from pulse.graph.plan import Edge, Plan, Stage

if TYPE_CHECKING:
    from pulse.graph.logical import Graph


def make_plan(name: str, graph: Graph, *, parallelism: int = 1, fuse: bool = True) -> Plan:
    """Cut a graph into stages.

    A step joins the stage of the step it reads when it is that step's only reader and nothing is dealt to
    replicas in between. Sources begin a stage, sinks and merging steps stand alone or begin one.

    Args:
        name: name of the pipeline.
        graph: the optimised graph.
        parallelism: how many replicas keyed stages have.
        fuse: whether steps are fused at all; off in tests that compare.
    """
    stages: dict[str, list[Node]] = {}
    home: dict[str, str] = {}
    dealt: dict[str, tuple[str, ...] | None] = {}
    for node in graph.order:
        keys = _dealt_by(node, graph, dealt) if parallelism > 1 else None
        before = node.inputs[0] if len(node.inputs) == 1 else None
        joins = (
            fuse
            and before is not None
            and before.tag == MAIN
            and len(graph.readers(before)) == 1
            and keys is None
            and not isinstance(node.op, WriteOp | ReadOp | FlattenOp)
        )
        if joins and before is not None:
            home[node.name] = home[before.step]
            stages[home[before.step]].append(node)
        else:
            home[node.name] = node.name
            stages[node.name] = [node]
        dealt[node.name] = keys if keys is not None else _kept(node, dealt, before)
    made = {
        first: Stage(first, tuple(nodes), parallelism if dealt[first] is not None and not _single(nodes) else 1)
        for first, nodes in stages.items()
    }
    edges = []
    for first, stage in made.items():
        head = stage.first
        keys = dealt[first] if stage.replicas > 1 else None
        for position, port in enumerate(head.inputs):
            edges.append(Edge(port, home[port.step], first, position, keys))
    return Plan(name, graph, tuple(made.values()), tuple(edges), parallelism)


def _single(nodes: list[Node]) -> bool:
    """Sinks run once: one writer owns the files."""
    return isinstance(nodes[0].op, WriteOp)


def _dealt_by(
    node: Node, graph: Graph, dealt: dict[str, tuple[str, ...] | None]
) -> tuple[str, ...] | None:
    """Return the keys by which records are dealt to replicas in front of a step; None when they are not."""
    if len(node.inputs) != 1:
        return None
    port = node.inputs[0]
    before = graph.types[port]
    current = dealt.get(port.step) if port.tag == MAIN else None
    if not before.keys or current == before.keys:
        return None
    # Pre-aggregation stays on the near side; what it gives is dealt.
    if isinstance(node.op, AggregateOp):
        return before.keys
    return before.keys if not _reaches_combine(node, graph) and not isinstance(node.op, CombineOp) else None


def _reaches_combine(node: Node, graph: Graph) -> bool:
    """Return whether the steps after a key-by end in a pre-aggregation with only cheap ones in between."""
    while True:
        readers = graph.readers(Port(node.name))
        if isinstance(node.op, CombineOp):
            return True
        if node.op.cost() >= 50 or len(readers) != 1 or isinstance(node.op, KeyByOp | AggregateOp | WriteOp):  # noqa: PLR2004 - half of a Python call
            return False
        node = readers[0][0]


def _kept(
    node: Node, dealt: dict[str, tuple[str, ...] | None], before: Port | None
) -> tuple[str, ...] | None:
    """Return the keys by which a step's output is still dealt, given its input."""
    if before is None or before.tag != MAIN:
        return None
    current = dealt.get(before.step)
    changed = node.op.changes()
    if isinstance(node.op, AggregateOp | CombineOp):
        return current
    if current is None or changed is None or set(current) & set(changed):
        return None
    return current


