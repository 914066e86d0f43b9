"""In which layout the records of each collection travel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.graph.logical import Port
from pulse.graph.ops import ERRORS, MAIN, AggregateOp, ReadOp, ToColumnsOp, ToRowsOp, WriteOp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulse.graph.logical import Graph, Node
    from pulse.graph.ops import Op
    from pulse.io.base import Layout


def layouts(graph: Graph) -> Mapping[Port, Layout]:
    """Return the layout of every collection of a graph whose conversions are in place.

    Example:
        >>> from pulse import Create, Filter, Pipeline
        >>> p = Pipeline()
        >>> _ = p | Create([{"a": 1}]) | Filter("a > 0")
        >>> layouts(p.graph)[Port("Filter(a > 0)")]
        'columns'
    """
    found: dict[Port, Layout] = {}
    for node in graph.order:
        worked = layout_for(node, [found[port] for port in node.inputs])
        for tag in node.op.outputs():
            found[Port(node.name, tag)] = layout_of(node.op, tag, worked)
    return found


def layout_for(node: Node, found: Sequence[Layout]) -> Layout:
    """Return the layout in which a step works, given those that its inputs come in."""
    op = node.op
    if isinstance(op, WriteOp):
        return found[0] if found[0] in op.sink.layouts else op.sink.layouts[0]
    if op.runs_on != "any":
        return op.runs_on
    return "columns" if found and all(layout == "columns" for layout in found) else "rows"


def layout_of(op: Op, tag: str, worked: Layout) -> Layout:
    """Return the layout of an output of a step that works in the given one."""
    if isinstance(op, ReadOp) and tag == MAIN:
        return op.layout
    if isinstance(op, ToRowsOp):
        return "rows"
    # Errors and results are made as columns, whatever came in; but results can be objects of a person's own.
    if isinstance(op, AggregateOp) and tag == MAIN:
        return "rows" if op.makes_objects else "columns"
    if tag == ERRORS or isinstance(op, ToColumnsOp):
        return "columns"
    return worked
