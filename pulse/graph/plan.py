"""The physical plan: stages of fused steps, and the edges between them. Frozen data; runners execute it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from pulse.graph.logical import Port
from pulse.graph.ops import ReadOp, WriteOp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.graph.collection import CollectionType
    from pulse.graph.logical import Graph, Node
    from pulse.io.base import Layout

Exchange: TypeAlias = Literal["direct", "hash", "forward", "gather"]
"""How records travel between two stages; see ``Plan.how``."""

KEY_GROUPS = 128
"""Keys are hashed into this many groups, and groups are dealt to replicas: state can move between them."""


@dataclass(frozen=True)
class Stage:
    """Steps that run together: each hands its main output straight to the next.

    Args:
        name: name of its first step.
        nodes: the steps, in order.
        replicas: how many copies run, each on its share of the keys.
        keys: the fields by whose hash its input is shared among them; None for one replica; empty when
            its records were dealt by fields that they no longer have.
    """

    name: str
    nodes: tuple[Node, ...]
    replicas: int = 1
    keys: tuple[str, ...] | None = None

    @property
    def first(self) -> Node:
        """The step that takes the input."""
        return self.nodes[0]

    @property
    def last(self) -> Node:
        """The step whose main output leaves the stage."""
        return self.nodes[-1]

    @property
    def is_source(self) -> bool:
        """Whether it begins by reading a source."""
        return isinstance(self.first.op, ReadOp)

    @property
    def is_sink(self) -> bool:
        """Whether it is nothing but writing a sink."""
        return isinstance(self.first.op, WriteOp)


@dataclass(frozen=True)
class Edge:
    """A connection between two stages.

    Args:
        port: the collection that travels.
        source: name of the stage that makes it.
        target: name of the stage that takes it.
        position: which input of the target's first step.
        keys: the fields by whose hash records are dealt to the target's replicas; None: not dealt.
        layout: the layout in which the records travel.
        forward: whether each replica of the source sends to the replica of the same number, and to no other.
    """

    port: Port
    source: str
    target: str
    position: int
    keys: tuple[str, ...] | None = None
    layout: Layout | None = None
    forward: bool = False

    def __str__(self) -> str:
        how = f" by {', '.join(self.keys)}" if self.keys is not None else ""
        return f"{self.port} -> {self.target}{how}"


@dataclass(frozen=True)
class Plan:
    """What a runner executes.

    Args:
        name: name of the pipeline.
        graph: the optimised graph, conversions included.
        stages: in an order in which each comes after those it reads.
        edges: the connections.
        parallelism: how many replicas keyed stages have.
    """

    name: str
    graph: Graph
    stages: tuple[Stage, ...]
    edges: tuple[Edge, ...]
    parallelism: int = 1

    @cached_property
    def by_name(self) -> Mapping[str, Stage]:
        """The stages by name."""
        return {stage.name: stage for stage in self.stages}

    def into(self, stage: str) -> tuple[Edge, ...]:
        """Return the edges into a stage, by position."""
        return tuple(sorted((e for e in self.edges if e.target == stage), key=lambda e: e.position))

    def out_of(self, stage: str) -> tuple[Edge, ...]:
        """Return the edges out of a stage."""
        return tuple(e for e in self.edges if e.source == stage)

    def how(self, edge: Edge) -> Exchange:
        """Return how records travel: ``direct`` from one replica to one, dealt, gathered, or forward."""
        if edge.keys is not None:
            return "hash"
        if edge.forward:
            return "forward"
        return "gather" if self.by_name[edge.source].replicas > 1 else "direct"

    def describe(self, edge: Edge) -> str:
        """Return how records travel, as text.

        Example:
            >>> from pulse import Aggregate, Collect, Create, KeyBy, Pipeline, Write, count
            >>> from pulse.graph.compile import CompileOptions, compile_graph
            >>> p = Pipeline()
            >>> _ = p | Create([{"w": 1}]) | KeyBy("w") | "n" >> Aggregate(n=count()) | Write(Collect())
            >>> plan = compile_graph("counts", p.graph, CompileOptions(parallelism=2))
            >>> [plan.describe(edge) for edge in plan.edges]
            ['hash(w) x2', 'gather x2']
        """
        how = self.how(edge)
        if how == "direct":
            return how
        by = f"({', '.join(edge.keys)})" if edge.keys is not None else ""
        return f"{how}{by} x{max(self.by_name[edge.source].replicas, self.by_name[edge.target].replicas)}"

    def output_type(self, node: Node) -> CollectionType:
        """Return the type of the main output of a step."""
        return self.graph.types[Port(node.name)]

    def input_type(self, node: Node, position: int = 0) -> CollectionType:
        """Return the type of an input of a step."""
        return self.graph.types[node.inputs[position]]
