"""From a logical graph to a plan: settle schemas, validate, optimise, cut into stages."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pulse.errors import ConnectorError, PipelineError, UnknownField
from pulse.graph.logical import Graph, Node, Port
from pulse.graph.ops import LATE, AggregateOp, ReadOp, WriteOp
from pulse.graph.optimiser import optimise
from pulse.graph.planner import make_plan
from pulse.graph.validate import validate
from pulse.io.sinks import Collect

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import pyarrow as pa

    from pulse.graph.plan import Plan
    from pulse.io.base import Sink, Source


@dataclass(frozen=True)
class CompileOptions:
    """How to compile.

    Args:
        parallelism: replicas of keyed stages.
        without: names of optimiser rules to leave out, for tests that compare.
        fuse: whether steps are fused into stages.
        panes: whether every result says which firing of its window it is, not only where a step looks at it.
    """

    parallelism: int = 1
    without: Collection[str] = ()
    fuse: bool = True
    panes: bool = False


def settle(graph: Graph) -> Graph:
    """Find the schema of every source that did not declare one, by looking at its data.

    Raises:
        ConnectorError: when a source cannot be read; names the step, and carries the person's line.
        UnknownField: when its data has no field of the name of ``time_field``; likewise.
    """
    settled = []
    for node in graph:
        if isinstance(node.op, ReadOp) and not node.op.sniffed:
            try:
                schema = _sniffed(node.op.source)
            except (ConnectorError, UnknownField) as error:
                place = error.where if error.where and error.where not in error.message else None
                error.message = ": ".join(filter(None, (f"step {node.name!r}", place, error.message)))
                error.where = node.where or error.where
                raise
            settled.append(replace(node, op=replace(node.op, schema=schema, sniffed=True)))
    return graph.put(*settled) if settled else graph


def _sniffed(source: Source) -> pa.Schema | None:
    """Return the schema that the data of a source shows, which has the field of the event time."""
    schema = source.sniff_schema()
    event_time = getattr(source, "event_time", None)
    if schema is not None and schema.names and event_time and event_time.field not in schema.names:
        raise UnknownField.of(event_time.field, schema.names)
    return schema


def collect_ends(graph: Graph, sink: Callable[[Port], Sink], *, late: bool = True) -> Graph:
    """Give every collection that nothing reads a sink of its own, so that a test can look at it.

    Args:
        graph: the graph.
        sink: makes the sink of a collection.
        late: whether late records, which need no reader, are collected as well.
    """
    for node in list(graph):
        if isinstance(node.op, WriteOp):
            continue
        for tag in node.op.outputs():
            port = Port(node.name, tag)
            if not graph.readers(port) and (late or tag != LATE):
                graph = graph.add(Node(collector_name(port), WriteOp(sink(port)), (port,), node.trace))
    return graph


def collector_name(port: Port) -> str:
    """Return the name of the step that collects a collection which nothing else reads."""
    return f"collect {port}"


def complete(pipeline: Any) -> tuple[str, Graph]:
    """Return the name and the graph of a pipeline, settled, with a collector at every open end.

    What ``explain`` and drawings of plans show: open ends are collected, as the deterministic runner does.

    Args:
        pipeline: a ``Pipeline``, or a logical graph.
    """
    graph = pipeline if isinstance(pipeline, Graph) else getattr(pipeline, "graph", None)
    if not isinstance(graph, Graph):
        raise PipelineError(f"expected a Pipeline or a Graph, not {type(pipeline).__name__}")
    return getattr(pipeline, "name", "pipeline"), collect_ends(settle(graph), lambda _: Collect(), late=False)


def number_panes(graph: Graph, *, everywhere: bool) -> Graph:
    """Have the panes of a grouping numbered where a step after it looks at them.

    Only windows that can fire again for late records are asked: all others number theirs in any case.
    """
    wanted: set[str] = set()
    for node in reversed(graph.order):
        if node.op.reads_panes or (node.name in wanted and not isinstance(node.op, AggregateOp)):
            wanted.update(port.step for port in node.inputs)
    numbered = [
        replace(node, op=replace(node.op, numbered=True))
        for node in graph
        if isinstance(node.op, AggregateOp) and (everywhere or node.name in wanted)
    ]
    return graph.put(*numbered) if numbered else graph


def compile_graph(name: str, graph: Graph, options: CompileOptions | None = None) -> Plan:
    """Return the plan of a graph whose schemas are settled.

    Raises:
        PipelineError: when the graph is wrong.
    """
    options = options or CompileOptions()
    validate(graph)
    graph = number_panes(graph, everywhere=options.panes)
    optimised = optimise(graph, without=options.without, parallelism=options.parallelism)
    return make_plan(name, optimised, parallelism=options.parallelism, fuse=options.fuse)
