"""The logical graph: an immutable DAG of named steps, with networkx inside."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

import networkx as nx

from pulse.errors import DuplicateStep, PipelineError, did_you_mean
from pulse.graph.ops import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pulse.graph.collection import CollectionType
    from pulse.graph.ops import Op
    from pulse.model.trace import Trace


@dataclass(frozen=True, slots=True)
class Port:
    """One output of one step: a collection.

    Args:
        step: name of the step that makes it.
        tag: which of its outputs.
    """

    step: str
    tag: str = MAIN

    def __str__(self) -> str:
        return self.step if self.tag == MAIN else f"{self.step}.{self.tag}"


@dataclass(frozen=True)
class Node:
    """A step in its place.

    Args:
        name: unique; keys state and metrics.
        op: what it does.
        inputs: the collections it reads, in order.
        trace: where in the person's code or config it was written.
    """

    name: str
    op: Op
    inputs: tuple[Port, ...] = ()
    trace: Trace | None = None

    @property
    def where(self) -> str | None:
        """The person's ``file:line``, for errors."""
        return str(self.trace) if self.trace else None


class Graph:
    """Steps by name, in the order in which they were added; never changed, only replaced.

    Raises:
        DuplicateStep: when two steps have one name.
        PipelineError: when a step reads a collection that is not there, or the steps form a cycle.
    """

    def __init__(self, nodes: Iterable[Node] = ()) -> None:
        found: dict[str, Node] = {}
        for node in nodes:
            if node.name in found:
                raise DuplicateStep(
                    f"step name {node.name!r} is taken (by {found[node.name].where or 'another step'})",
                    hint="give one of them another name: 'name' >> transform",
                    where=node.where,
                )
            found[node.name] = node
        self._nodes = MappingProxyType(found)
        for node in found.values():
            for port in node.inputs:
                self._check_input(node, port)

    def _check_input(self, node: Node, port: Port) -> None:
        source = self._nodes.get(port.step)
        if source is None:
            raise PipelineError(
                f"step {node.name!r} reads {port.step!r}, which is not a step of this pipeline",
                hint=did_you_mean(port.step, self._nodes),
                where=node.where,
            )
        if port.tag not in source.op.outputs():
            raise PipelineError(
                f"step {port.step!r} has no output {port.tag!r}; outputs: {', '.join(source.op.outputs())}",
                hint="errors need on_error='dead_letter' on the step that makes them"
                if port.tag == "errors"
                else did_you_mean(port.tag, source.op.outputs()),
                where=node.where,
            )

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def __getitem__(self, name: str) -> Node:
        return self._nodes[name]

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The steps by name."""
        return self._nodes

    @cached_property
    def network(self) -> nx.MultiDiGraph[str]:
        """The steps as a networkx graph, for its algorithms."""
        network: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        network.add_nodes_from(self._nodes)
        for node in self:
            for position, port in enumerate(node.inputs):
                network.add_edge(port.step, node.name, tag=port.tag, position=position)
        return network

    @cached_property
    def order(self) -> tuple[Node, ...]:
        """The steps, each after those it reads; ties in the order they were added."""
        rank = {name: i for i, name in enumerate(self._nodes)}
        try:
            names = list(nx.lexicographical_topological_sort(self.network, key=rank.__getitem__))
        except nx.NetworkXUnfeasible:
            cycle = [edge[0] for edge in nx.find_cycle(self.network)]
            raise PipelineError(
                f"steps form a cycle: {' -> '.join([*cycle, cycle[0]])}",
                hint="a pipeline is a DAG: no step may read what comes out of it",
                where=self._nodes[cycle[0]].where,
            ) from None
        return tuple(self._nodes[name] for name in names)

    @cached_property
    def _readers(self) -> Mapping[Port, tuple[tuple[Node, int], ...]]:
        readers: dict[Port, list[tuple[Node, int]]] = {}
        for node in self:
            for position, port in enumerate(node.inputs):
                readers.setdefault(port, []).append((node, position))
        return {port: tuple(nodes) for port, nodes in readers.items()}

    def readers(self, port: Port) -> tuple[tuple[Node, int], ...]:
        """Return the steps that read a collection, each with the position of that input."""
        return self._readers.get(port, ())

    def add(self, node: Node) -> Graph:
        """Return the graph with one more step."""
        return Graph([*self, node])

    def put(self, *nodes: Node) -> Graph:
        """Return the graph with steps replaced by others of the same name."""
        found = {node.name: node for node in nodes}
        return Graph([found.get(node.name, node) for node in self])

    def drop(self, name: str) -> Graph:
        """Return the graph without a step; its readers read its first input instead."""
        gone = self[name]
        kept = []
        for node in self:
            if node.name == name:
                continue
            inputs = tuple(gone.inputs[0] if port.step == name else port for port in node.inputs)
            kept.append(node if inputs == node.inputs else replace(node, inputs=inputs))
        return Graph(kept)

    def keep(self, names: Iterable[str]) -> Graph:
        """Return the graph of the named steps only."""
        kept = set(names)
        return Graph([node for node in self if node.name in kept])

    def ancestors(self, name: str) -> frozenset[str]:
        """Return the names of all steps whose output reaches a step."""
        return frozenset(nx.ancestors(self.network, name))

    def descendants(self, name: str) -> frozenset[str]:
        """Return the names of all steps that a step's output reaches."""
        return frozenset(nx.descendants(self.network, name))

    @cached_property
    def types(self) -> Mapping[Port, CollectionType]:
        """The type of every collection; raises the first error that a step finds, with the person's line."""
        found: dict[Port, CollectionType] = {}
        for node in self.order:
            inputs = [found[port] for port in node.inputs]
            for tag in node.op.outputs():
                found[Port(node.name, tag)] = infer(node, tag, inputs)
        return found


def infer(node: Node, tag: str, inputs: list[CollectionType]) -> CollectionType:
    """Return the type of an output of a step; an error names the step and the person's line."""
    try:
        return node.op.infer_output(tag, inputs)
    except PipelineError as error:
        if not error.message.startswith("step "):
            error.message = f"step {node.name!r}: {error.message}"
        error.where = error.where or node.where
        error.args = (error.message,)
        raise
