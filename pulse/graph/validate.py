"""Checks of a whole graph that no single step can make."""

from __future__ import annotations

import os
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
    _check_places(graph)
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
                hint="end the branch with Write(...), or remove the step; run(p, collect=True) keeps the "
                "records for result.records(...)",
                where=node.where,
            )


def _check_places(graph: Graph) -> None:
    """Check that no sink writes what a source reads, or what another sink writes."""
    read = {
        place: node.name for node in graph if isinstance(node.op, ReadOp) for place in _places(node.op.source)
    }
    written: dict[str, str] = {}
    for node in graph:
        if not isinstance(node.op, WriteOp):
            continue
        for place in _places(node.op.sink):
            if place in read:
                raise PipelineError(
                    f"step {node.name!r} writes {place!r}, which step {read[place]!r} reads",
                    hint="write to another file: the results would replace their own input",
                    where=node.where,
                )
            if place in written:
                raise PipelineError(
                    f"steps {written[place]!r} and {node.name!r} both write {place!r}",
                    hint="give each sink a file of its own, or merge the collections with Flatten",
                    where=node.where,
                )
            written[place] = node.name


def _places(end: object) -> list[str]:
    """Return the files that a source or sink names, as absolute paths; standard input and output are none."""
    path = getattr(end, "path", None) or getattr(end, "out_dir", None)
    paths = path if isinstance(path, list | tuple) else [path]
    named = [os.fspath(each) for each in paths if isinstance(each, str | os.PathLike)]
    return [os.path.realpath(each) for each in named if each != "-" and "://" not in each]


def _may_end(graph: Graph, name: str) -> bool:
    op = graph[name].op
    return isinstance(op, WriteOp) or (isinstance(op, FunctionOp) and op.shape == "inspect")
