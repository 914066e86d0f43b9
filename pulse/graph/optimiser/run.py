"""The order of the rules, and the invariants that are checked after each."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeAlias

from pulse.errors import PulseInternalError
from pulse.graph.logical import Graph, Port
from pulse.graph.ops import WriteOp
from pulse.graph.optimiser.choose_layout import choose_layout
from pulse.graph.optimiser.push_projection import push_projection

if TYPE_CHECKING:
    from collections.abc import Iterator

Rule: TypeAlias = Callable[[Graph], Graph]

RULES: tuple[Rule, ...] = (
    # After all rules that change which fields are read.
    push_projection,
    # Last: it puts in conversions, which no other rule should have to look through.
    choose_layout,
)
"""The rules in the order in which they run; the reason for its place stands before each."""

REQUIRED = frozenset({"choose_layout"})
"""Rules that a plan cannot do without; they cannot be switched off."""


def optimise(graph: Graph, *, without: Collection[str] = ()) -> Graph:
    """Apply all rules in order.

    Args:
        graph: a valid graph.
        without: names of rules to leave out, for tests that compare.
    """
    for _, after in steps(graph, without=without):
        graph = after
    return graph


def steps(graph: Graph, *, without: Collection[str] = ()) -> Iterator[tuple[str, Graph]]:
    """Apply the rules one by one and yield the name of each with the graph after it."""
    for rule in RULES:
        name = rule.__name__
        if name in without and name not in REQUIRED:
            continue
        after = rule(graph)
        _check(graph, after, name)
        graph = after
        yield name, graph


def _check(before: Graph, after: Graph, rule: str) -> None:
    """Check that a rule kept every sink and what flows into it."""
    sinks = {node.name for node in before if isinstance(node.op, WriteOp)}
    if sinks != {node.name for node in after if isinstance(node.op, WriteOp)}:
        raise PulseInternalError(f"rule {rule} changed the sinks of the graph")
    for name in sinks:
        old, new = _schema(before, name), _schema(after, name)
        if old is not None and new is not None and not old.equals(new):
            raise PulseInternalError(f"rule {rule} changed the schema into {name!r} from {old} to {new}")


def _schema(graph: Graph, sink: str):  # noqa: ANN202 - pyarrow.Schema or None
    port: Port = graph[sink].inputs[0]
    return graph.types[port].schema
