"""What every runner does first: from a pipeline to a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError, cut
from pulse.graph.compile import CompileOptions, collect_ends, compile_graph, settle
from pulse.io.sinks import Collect
from pulse.model.trace import caller

if TYPE_CHECKING:
    from pulse.graph.logical import Port
    from pulse.graph.plan import Plan


def prepare(
    pipeline: Any, options: CompileOptions | None = None, *, collect: bool = False
) -> tuple[Plan, dict[Port, Collect]]:
    """Return the plan of a pipeline, and the collectors of what nothing else reads.

    Args:
        pipeline: a ``Pipeline``, or a logical graph.
        options: how to compile.
        collect: whether to collect what nothing else reads; otherwise that is an error.
    """
    graph = getattr(pipeline, "graph", None)
    if graph is None:
        where = caller()
        raise PipelineError(
            f"a runner takes a Pipeline, not {type(pipeline).__name__} {cut(repr(pipeline))}",
            hint="runner.run(pipeline), where pipeline = Pipeline()",
            where=str(where) if where else None,
        )
    collected: dict[Port, Collect] = {}
    graph = settle(graph)
    if collect:

        def collector(port: Port) -> Collect:
            collected[port] = Collect()
            return collected[port]

        graph = collect_ends(graph, collector)
    return compile_graph(pipeline.name, graph, options), collected
