"""Checks of a whole graph that no single step can make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.errors import PipelineError
from pulse.graph.logical import Port
from pulse.graph.ops import ERRORS, LATE, FunctionOp, ReadOp, WriteOp

if TYPE_CHECKING:
    from pulse.graph.logical import Graph


def validate(graph: Graph) -> None:
    """Check a graph as it stands before it is compiled.

    Raises:
        PipelineError: an empty graph, a cycle, a step that nothing reads, a dead letter that nothing reads,
            or whatever a step finds wrong with its inputs.
    """
    if not len(graph):
        raise PipelineError(
            "the pipeline is empty", hint="start with: pipeline | Read(JsonLines('events.jsonl')) | ..."
        )
    _ = graph.order
    _ = graph.types
    if not any(isinstance(node.op, ReadOp) for node in graph):
        raise PipelineError("the pipeline reads nothing", hint="start it with Read(...) or Create(...)")
    for node in graph:
        for tag in node.op.outputs():
            if tag == LATE or graph.readers(Port(node.name, tag)) or _may_end(graph, node.name):
                continue
            if tag == ERRORS:
                raise PipelineError(
                    f"step {node.name!r} sends failed records to a dead letter that nothing reads",
                    hint="write its .errors somewhere, or choose on_error='skip' or 'fail'",
                    where=node.where,
                )
            raise PipelineError(
                f"output {Port(node.name, tag)} is never consumed",
                hint="end the branch with Write(...), or remove the step",
                where=node.where,
            )


def _may_end(graph: Graph, name: str) -> bool:
    op = graph[name].op
    return isinstance(op, WriteOp) or (isinstance(op, FunctionOp) and op.shape == "inspect")
