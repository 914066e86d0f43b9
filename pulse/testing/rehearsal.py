"""A pipeline taken from its surroundings: sinks replaced by collectors, sources by scripts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pulse.graph.ops import ReadOp, WriteOp
from pulse.io.sinks import Collect
from pulse.runners.result import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.graph.logical import Graph
    from pulse.io.base import Source
    from pulse.model.watermarks import WatermarkStrategy


@dataclass(frozen=True)
class Rehearsal:
    """What a runner takes in place of a pipeline.

    Args:
        name: of the pipeline.
        graph: its graph, harmless.
        written: what each sink would have written, by the name of its step.
    """

    name: str
    graph: Graph
    written: Mapping[str, Collect]

    def outcomes(self, sink: str) -> list[Outcome]:
        """Return what a sink would have written in the last run."""
        found = self.written[sink]
        return list(map(Outcome, found.records, found.times, found.windows, found.panes))


def rehearse(
    pipeline: Any, sources: Mapping[str, tuple[Source, WatermarkStrategy | None]] | None = None
) -> Rehearsal:
    """Return a pipeline that writes nothing, for runs that only a test sees.

    Args:
        pipeline: a ``Pipeline``.
        sources: for steps that read, by name: what they read instead, and whose watermarks; None: theirs.
    """
    graph: Graph = pipeline.graph
    written: dict[str, Collect] = {}
    changed = []
    for node in graph:
        if isinstance(node.op, WriteOp):
            sink = node.op.sink
            written[node.name] = sink if isinstance(sink, Collect) else Collect()
            changed.append(replace(node, op=replace(node.op, sink=written[node.name])))
        elif isinstance(node.op, ReadOp) and sources and node.name in sources:
            source, watermarks = sources[node.name]
            schema = source.sniff_schema()
            op = replace(node.op, source=source, schema=schema, sniffed=True)
            changed.append(replace(node, op=replace(op, watermarks=watermarks or op.watermarks)))
    return Rehearsal(pipeline.name, graph.put(*changed) if changed else graph, written)
