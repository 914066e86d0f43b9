"""Graphs and plans as JSON, for other tools.

The shape is stable; ``format`` grows by one when it changes in a way that a reader could stumble over::

    {"format": 1, "name": str, "kind": "logical" | "plan", "parallelism": int (plan only),
     "nodes": [{"name": str, "label": str, "kind": "source" | "sink" | "python" | "state" | "route" |
                                                  "convert" | "step",
                "where": "file:line" | null, "on_error": "fail" | "skip" | "dead_letter",
                "stage": str (plan only),
                "reads": {"fields": [str] | null, "layout": "columns" | "rows", "predicate": str | null}
                          (sources only),
                "outputs": {tag: {"fields": [{"name": str, "type": str}] | null, "keys": [str] | null,
                                  "window": str, "bounded": bool}}}],
     "edges": [{"from": str, "output": tag, "to": str, "position": int,
                "exchange": "fused" | "direct" | "hash" | "forward" | "gather", "keys": [str] | null,
                "layout": "columns" | "rows" (all three: plan only)}],
     "stages": [{"name": str, "steps": [str], "replicas": int, "keys": [str] | null}] (plan only)}

``from`` and ``to`` are names of steps. ``keys`` of an edge are the fields by whose hash records are dealt.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pulse.graph.draw.drawing import kind_of, plan_of
from pulse.graph.layouts import layouts
from pulse.graph.logical import Graph, Port
from pulse.graph.ops import ReadOp
from pulse.graph.plan import Plan
from pulse.model.schema import type_name

if TYPE_CHECKING:
    from pulse.graph.collection import CollectionType
    from pulse.graph.logical import Node

FORMAT = 1
"""Version of the shape."""


def to_json(what: Any, *, optimized: bool | None = None) -> str:
    """Return a graph or plan as JSON text; the module's docstring tells its shape.

    Args:
        what: a ``Pipeline``, a ``Graph`` or a ``Plan``.
        optimized: True for the compiled plan, False for the steps as written; None: whichever ``what`` is.
    """
    return json.dumps(to_data(what, optimized=optimized), indent=2, ensure_ascii=False) + "\n"


def to_data(what: Any, *, optimized: bool | None = None) -> dict[str, Any]:
    """Return what ``to_json`` writes, as plain data.

    Example:
        >>> from pulse import Create, Filter, Pipeline
        >>> p = Pipeline()
        >>> _ = p | Create([{"a": 1}]) | Filter("a > 0")
        >>> to_data(p)["edges"]
        [{'from': 'Create', 'output': 'main', 'to': 'Filter(a > 0)', 'position': 0}]
        >>> [stage["steps"] for stage in to_data(p, optimized=True)["stages"]]
        [['Create', 'Filter(a > 0)'], ['collect Filter(a > 0)']]
    """
    what = plan_of(what) if optimized else what
    if isinstance(what, Plan) and optimized is not False:
        return _plan(what)
    graph = what if isinstance(what, Graph) else what.graph
    name = getattr(what, "name", "pipeline")
    edges = [
        {"from": port.step, "output": port.tag, "to": node.name, "position": position}
        for node in graph.order
        for position, port in enumerate(node.inputs)
    ]
    nodes = [_node(node, graph) for node in graph.order]
    return {"format": FORMAT, "name": name, "kind": "logical", "nodes": nodes, "edges": edges}


def _plan(plan: Plan) -> dict[str, Any]:
    home = {node.name: stage.name for stage in plan.stages for node in stage.nodes}
    between = {(edge.target, edge.position): edge for edge in plan.edges}
    travels = layouts(plan.graph)
    edges = []
    for node in plan.graph.order:
        for position, port in enumerate(node.inputs):
            edge = between.get((node.name, position))
            edges.append(
                {
                    "from": port.step,
                    "output": port.tag,
                    "to": node.name,
                    "position": position,
                    "exchange": plan.how(edge) if edge else "fused",
                    "keys": list(edge.keys) if edge and edge.keys is not None else None,
                    "layout": travels[port],
                }
            )
    return {
        "format": FORMAT,
        "name": plan.name,
        "kind": "plan",
        "parallelism": plan.parallelism,
        "nodes": [{**_node(node, plan.graph), "stage": home[node.name]} for node in plan.graph.order],
        "edges": edges,
        "stages": [
            {
                "name": stage.name,
                "steps": [node.name for node in stage.nodes],
                "replicas": stage.replicas,
                "keys": None if stage.keys is None else list(stage.keys),
            }
            for stage in plan.stages
        ],
    }


def _node(node: Node, graph: Graph) -> dict[str, Any]:
    op = node.op
    found: dict[str, Any] = {
        "name": node.name,
        "label": op.label(),
        "kind": kind_of(op),
        "where": node.where,
        "on_error": op.on_error,
        "outputs": {tag: _collection(graph.types[Port(node.name, tag)]) for tag in op.outputs()},
    }
    if isinstance(op, ReadOp):
        found["reads"] = {
            "fields": None if op.fields is None else list(op.fields),
            "layout": op.layout,
            "predicate": None if op.predicate is None else str(op.predicate),
        }
    return found


def _collection(found: CollectionType) -> dict[str, Any]:
    fields = None
    if found.schema is not None:
        fields = [{"name": field.name, "type": type_name(field.type)} for field in found.schema]
    return {
        "fields": fields,
        "keys": None if found.keys is None else list(found.keys),
        "window": str(found.windowing),
        "bounded": found.bounded,
    }
