"""Aggregate before the exchange as well as after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.graph.distribution import distribute
from pulse.graph.logical import Node
from pulse.graph.ops import AggregateOp, CombineOp
from pulse.graph.ops.grouping import takes_custom
from pulse.graph.optimiser.moves import insert

if TYPE_CHECKING:
    from pulse.graph.collection import CollectionType
    from pulse.graph.logical import Graph


def lift_combiners(graph: Graph) -> Graph:
    """Put a pre-aggregation in front of every aggregation whose input comes over an exchange.

    What travels is then one partial aggregate per key and window of a bundle, not every record. Not for a
    person's own aggregates, whose accumulators are live Python objects; nor for sessions, whose windows are
    not known before they are merged; nor under a trigger, which looks at every record; nor for ``collect``
    when a record can be late, for late records go on by themselves, behind the others of their bundle; nor
    with a dead letter, which tells the step's name.

    Only for plans in which keyed steps have replicas: otherwise nothing travels.

    Example:
        >>> from pulse import Aggregate, Collect, Create, KeyBy, Pipeline, Write, count
        >>> p = Pipeline()
        >>> counts = p | Create([{"a": 1}]) | KeyBy("a") | "count" >> Aggregate(n=count())
        >>> _ = counts | "out" >> Write(Collect())
        >>> [node.name for node in lift_combiners(p.graph).order]
        ['Create', 'KeyBy(a)', 'count/Combine', 'count', 'out']
    """
    places = distribute(graph)
    for node in graph.order:
        op = node.op
        if not isinstance(op, AggregateOp) or not _liftable(op, graph.types[node.inputs[0]]):
            continue
        before, here = places[node.inputs[0].step], places[node.name]
        if any(here.deals) or (here.share is None and before.share is not None):
            graph = insert(
                graph, Node(f"{node.name}/Combine", CombineOp(op, op.on_error), (), node.trace), node.name
            )
    return graph


def _liftable(op: AggregateOp, before: CollectionType) -> bool:
    if not op.in_bulk(before.windowing) or op.on_error == "dead_letter":
        return False
    if any(takes_custom(aggregate) for _, aggregate in op.aggregates):
        return False
    return not (before.late_possible and any(aggregate.kind == "collect" for _, aggregate in op.aggregates))
