"""Compute no field that nobody reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pulse.graph.liveness import live_fields
from pulse.graph.logical import Port
from pulse.graph.ops import ERRORS, ProjectOp
from pulse.graph.optimiser.exact import cannot_fail
from pulse.graph.optimiser.moves import remove

if TYPE_CHECKING:
    from pulse.graph.logical import Graph, Node


def drop_unused_columns(graph: Graph) -> Graph:
    """Drop the expressions of projections that nothing reads and that cannot fail.

    An expression that can fail stays: without it a record would not be rejected. A Python function stays, for
    it can raise.

    Example:
        >>> from pulse import Collect, Create, Pipeline, Select, WithColumns, Write, col
        >>> p = Pipeline()
        >>> upper = WithColumns(up=col("b").str.upper(), c=col("a"))
        >>> _ = p | Create([{"a": 1, "b": "x"}]) | "add" >> upper | Select("c") | Write(Collect())
        >>> drop_unused_columns(p.graph)["add"].op.label()
        'WithColumns(c=a)'
    """
    while True:
        after = _drop_once(graph)
        if after is graph:
            return graph
        graph = after


def _drop_once(graph: Graph) -> Graph:
    live = live_fields(graph)
    changed: list[Node] = []
    for node in graph:
        op, wanted = node.op, live[Port(node.name)]
        if not isinstance(op, ProjectOp) or wanted is None:
            continue
        kept = tuple(
            (name, expr)
            for name, expr in op.columns
            if name in wanted or not cannot_fail(graph, node.inputs[0], expr)
        )
        if op.keep and not kept and not graph.readers(Port(node.name, ERRORS)):
            return remove(graph.put(*changed), node.name)
        kept = kept or op.columns[:1]  # a selection of nothing is still one of records
        if len(kept) < len(op.columns):
            changed.append(replace(node, op=replace(op, columns=kept)))
    return graph.put(*changed) if changed else graph
