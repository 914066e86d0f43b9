"""Choose columns or rows for every step, and put conversions only where they must be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pulse.graph.liveness import live_fields
from pulse.graph.logical import Graph, Node, Port
from pulse.graph.ops import MAIN, FilterOp, ReadOp, ToColumnsOp, ToRowsOp, WriteOp

if TYPE_CHECKING:
    from pulse.graph.ops.base import RunsOn
    from pulse.io.base import Layout


def choose_layout(graph: Graph) -> Graph:
    """Decode each source in the layout that the first particular step after it works on, and convert after.

    A step that works on both keeps what it gets. A Python function right after a JSON source makes the
    source parse straight to rows; with a columnar filter in between, the source parses to columns and only
    what the filter keeps is turned into dicts.

    Example:
        >>> from pulse import Collect, Create, Map, Pipeline, Write
        >>> p = Pipeline()
        >>> _ = p | Create([{"a": 1}]) | Map(lambda r: r) | Write(Collect())
        >>> choose_layout(p.graph)["Create"].op.layout
        'rows'
    """
    graph = graph.put(
        *(
            replace(node, op=replace(node.op, layout=_source_layout(graph, node, node.op)))
            for node in graph
            if isinstance(node.op, ReadOp)
        )
    )
    live = live_fields(graph)
    layouts: dict[str, Layout] = {}
    placed: list[Node] = []
    for node in graph.order:
        found = [_of(layouts, port) for port in node.inputs]
        wanted = _wanted(node, found)
        inputs = []
        for position, (port, layout) in enumerate(zip(node.inputs, found, strict=True)):
            if layout == wanted:
                inputs.append(port)
                continue
            op: ToRowsOp | ToColumnsOp = ToRowsOp()
            if wanted == "columns":
                fields = live[port]
                op = ToColumnsOp(_ordered(graph, port, fields), node.op.on_error)
            suffix = f"#{position}" if len(node.inputs) > 1 else ""
            name = f"{node.name}/{type(op).__name__.removesuffix('Op')}{suffix}"
            placed.append(Node(name, op, (port,), node.trace))
            inputs.append(Port(name))
        layouts[node.name] = node.op.layout if isinstance(node.op, ReadOp) else wanted
        placed.append(replace(node, inputs=tuple(inputs)))
    return Graph(placed)


def _of(layouts: dict[str, Layout], port: Port) -> Layout:
    # Errors are made as columns; every other output has the layout of the step.
    return "columns" if port.tag == "errors" else layouts[port.step]


def _wanted(node: Node, found: list[Layout]) -> Layout:
    runs_on: RunsOn = node.op.runs_on
    if isinstance(node.op, WriteOp):
        taken = node.op.sink.layouts
        return found[0] if found[0] in taken else taken[0]
    if runs_on != "any":
        return runs_on
    return "columns" if found and all(layout == "columns" for layout in found) else "rows"


def _source_layout(graph: Graph, node: Node, op: ReadOp) -> Layout:
    """Return the layout to decode into: what the first particular step wants, if the source can."""
    if op.sniffed and op.schema is None:
        return "rows"
    wanted, filtered = _first_wish(graph, node)
    layout: Layout = "rows" if wanted == "rows" and not filtered else "columns"
    return layout if layout in op.source.layouts else op.source.layouts[0]


def _first_wish(graph: Graph, node: Node) -> tuple[RunsOn, bool]:
    filtered = False
    while True:
        readers = graph.readers(Port(node.name, MAIN))
        if len(readers) != 1:
            wishes = {reader.op.runs_on for reader, _ in readers}
            return ("rows" if wishes == {"rows"} else "columns"), filtered
        node = readers[0][0]
        if node.op.runs_on != "any" or isinstance(node.op, WriteOp):
            return node.op.runs_on, filtered
        filtered = filtered or isinstance(node.op, FilterOp)


def _ordered(graph: Graph, port: Port, fields: frozenset[str] | None) -> tuple[str, ...] | None:
    if fields is None:
        return None
    schema = graph.types[port].schema
    if schema is None:
        return tuple(sorted(fields))
    return tuple(name for name in schema.names if name in fields)
