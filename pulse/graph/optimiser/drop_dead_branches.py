"""Leave out what leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.graph.optimiser.invariants import is_end

if TYPE_CHECKING:
    from pulse.graph.logical import Graph


def drop_dead_branches(graph: Graph) -> Graph:
    """Drop the steps from which no sink and no inspection can be reached.

    Validation asks a person to end every branch, so these are left by other means: a tool that cuts a graph,
    or another rule.

    Example:
        >>> from pulse import Collect, Create, Filter, Pipeline, Write
        >>> p = Pipeline()
        >>> source = p | Create([{"a": 1}])
        >>> _ = source | Filter("a > 5"), source | Write(Collect())
        >>> [node.name for node in drop_dead_branches(p.graph)]
        ['Create', 'Write(collect)']
    """
    live = {node.name for node in graph if is_end(node)}
    for name in list(live):
        live |= graph.ancestors(name)
    return graph if len(live) == len(graph) else graph.keep(live)
