"""Choose columns or rows for every step, and put conversions only where they must be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pulse.graph.layouts import layout_for, layout_of
from pulse.graph.liveness import live_fields
from pulse.graph.logical import Graph, Node, Port
from pulse.graph.ops import ERRORS, FlattenOp, ReadOp, ToColumnsOp, ToRowsOp
from pulse.graph.optimiser.moves import read_elsewhere

if TYPE_CHECKING:
    from pulse.io.base import Layout


def choose_layout(graph: Graph) -> Graph:
    """Decode sources of a known schema into columns, and convert in front of steps that want something else.

    A step that works on both keeps what it gets, so dicts are made only of what the filters before a Python
    function have kept, and columns only of the fields that the step after it reads.

    Example:
        >>> from pulse import Collect, Create, Map, Pipeline, Write
        >>> p = Pipeline()
        >>> _ = p | Create([{"a": 1}]) | Map(lambda r: r) | Write(Collect())
        >>> [node.name for node in choose_layout(p.graph)]
        ['Create', 'Map(lambda)/ToRows', 'Map(lambda)', 'Write(collect)']
    """
    graph = graph.put(
        *(
            replace(node, op=replace(node.op, layout=_source_layout(node.op)))
            for node in graph
            if isinstance(node.op, ReadOp)
        )
    )
    live = live_fields(graph)
    found: dict[Port, Layout] = {}
    placed: list[Node] = []
    misfits: dict[str, list[Port]] = {}
    for node in graph.order:
        worked = layout_for(node, [found[port] for port in node.inputs])
        inputs = []
        for position, port in enumerate(node.inputs):
            if found[port] == worked:
                inputs.append(port)
                continue
            op: ToRowsOp | ToColumnsOp = ToRowsOp()
            if worked == "columns":
                op = ToColumnsOp(_ordered(graph, port, live[port]), node.op.on_error)
            suffix = f"#{position}" if len(node.inputs) > 1 else ""
            name = f"{node.name}/{type(op).__name__.removesuffix('Op')}{suffix}"
            placed.append(Node(name, op, (port,), node.trace))
            inputs.append(Port(name))
            if op.on_error == "dead_letter":
                misfits.setdefault(node.name, []).append(Port(name, ERRORS))
        for tag in node.op.outputs():
            found[Port(node.name, tag)] = layout_of(node.op, tag, worked)
        placed.append(replace(node, inputs=tuple(inputs)))
    for name, ports in misfits.items():
        placed = _join_errors(placed, Port(name, ERRORS), ports)
    return Graph(placed)


def _join_errors(nodes: list[Node], errors: Port, more: list[Port]) -> list[Node]:
    """Send records that cannot be converted for a step to the dead letter of that step."""
    joined = Node(f"{errors.step}/Errors", FlattenOp(), (errors, *more))
    return [*read_elsewhere(nodes, {errors: Port(joined.name)}), joined]


def _source_layout(op: ReadOp) -> Layout:
    """Return the layout to decode into: columns, unless the records can be any objects.

    Even when a Python function comes first: columns are parsed outside the interpreter lock, and turned into
    dicts a cache-sized piece at a time. That costs less under the lock than parsing dicts does.
    """
    if (op.sniffed and op.schema is None) or "columns" not in op.source.layouts:
        return "rows"
    return "columns"


def _ordered(graph: Graph, port: Port, fields: frozenset[str] | None) -> tuple[str, ...] | None:
    if fields is None:
        return None
    schema = graph.types[port].schema
    if schema is None:
        return tuple(sorted(fields))
    return tuple(name for name in schema.names if name in fields)
