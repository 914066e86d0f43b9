"""Read only the fields that something reads."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pulse.graph.liveness import live_fields
from pulse.graph.logical import Port
from pulse.graph.ops import ReadOp
from pulse.model.watermarks import FromField

if TYPE_CHECKING:
    from pulse.graph.logical import Graph, Node


def push_projection(graph: Graph) -> Graph:
    """Cut every source of a known schema to the fields that are read downstream.

    Example:
        >>> from pulse import Collect, Create, Pipeline, Select, Write
        >>> p = Pipeline()
        >>> _ = p | Create([{"a": 1, "b": 2}]) | Select("a") | Write(Collect())
        >>> push_projection(p.graph)["Create"].op.fields
        ('a',)
    """
    live = live_fields(graph)
    changed: list[Node] = []
    for node in graph:
        op = node.op
        wanted = live[Port(node.name)] if isinstance(op, ReadOp) else None
        if not isinstance(op, ReadOp) or op.schema is None or wanted is None:
            continue
        if isinstance(op.watermarks, FromField):
            wanted |= {op.watermarks.field}
        fields = tuple(name for name in op.schema.names if name in wanted)
        if len(fields) < len(op.schema.names):
            changed.append(replace(node, op=replace(op, fields=fields)))
    return graph.put(*changed)
