"""Changes of place that several rules make."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pulse.graph.logical import Graph, Node, Port
from pulse.graph.ops import ERRORS, MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def read_elsewhere(nodes: Iterable[Node], changed: Mapping[Port, Port]) -> list[Node]:
    """Return steps that read other collections in place of some."""
    found = []
    for node in nodes:
        inputs = tuple(changed.get(port, port) for port in node.inputs)
        found.append(node if inputs == node.inputs else replace(node, inputs=inputs))
    return found


def remove(graph: Graph, *names: str) -> Graph:
    """Return the graph without steps of one input; who read them reads what they read."""
    for name in names:
        rest = [node for node in graph if node.name != name]
        graph = Graph(read_elsewhere(rest, {Port(name): graph[name].inputs[0]}))
    return graph


def insert(graph: Graph, node: Node, before: str, position: int = 0) -> Graph:
    """Return the graph with a step of one input put in front of an input of another."""
    nodes: list[Node] = []
    for each in graph:
        if each.name != before:
            nodes.append(each)
            continue
        inputs = list(each.inputs)
        nodes.append(replace(node, inputs=(inputs[position],)))
        inputs[position] = Port(node.name)
        nodes.append(replace(each, inputs=tuple(inputs)))
    return Graph(nodes)


def move(graph: Graph, name: str, before: str) -> Graph:
    """Return the graph with a step of one input moved in front of another step of one input.

    Example:
        >>> from pulse import Create, Filter, Pipeline
        >>> p = Pipeline()
        >>> _ = p | Create([{"a": 1}]) | "one" >> Filter("a > 0") | "two" >> Filter("a > 1")
        >>> [node.name for node in move(p.graph, "two", "one").order]
        ['Create', 'two', 'one']
    """
    return insert(remove(graph, name), graph[name], before)


def only_reader(graph: Graph, port: Port) -> bool:
    """Return whether exactly one step reads a collection, and it is its step's main output."""
    return port.tag == MAIN and len(graph.readers(port)) == 1


def is_one_to_one(node: Node) -> bool:
    """Return whether a step has one input and, its errors apart, one output."""
    return len(node.inputs) == 1 and set(node.op.outputs()) <= {MAIN, ERRORS}
