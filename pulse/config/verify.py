"""Check everything about a pipeline that can be checked without running it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulse.errors import ConnectorError, UnknownField, did_you_mean
from pulse.graph.compile import CompileOptions, compile_graph, settle
from pulse.graph.ops import ReadOp, WriteOp
from pulse.io.files import TextFiles
from pulse.io.files.locate import locate
from pulse.io.parquet import Parquet
from pulse.io.sinks import ParquetSink

if TYPE_CHECKING:
    import pyarrow as pa

    from pulse.config.load import LoadedPipeline
    from pulse.graph.logical import Graph


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found out.

    Args:
        steps: number of steps.
        schemas: the schema of each source by step name, in order; None for records of any shape.
        sniffed: names of the sources whose schema was found by looking at the data.
    """

    steps: int
    schemas: dict[str, pa.Schema | None]
    sniffed: frozenset[str]


def verify(loaded: LoadedPipeline) -> Checked:
    """Look at the sources, settle every schema, check every step and compile the plan; run nothing.

    Raises:
        PipelineError: when the graph is wrong; carries the person's line.
        ConnectorError: when a source cannot be read.
    """
    graph = loaded.pipeline.graph
    sniffed = frozenset(n.name for n in graph if isinstance(n.op, ReadOp) and not n.op.sniffed)
    settled = settle(graph)
    _check_paths(settled)
    _ = settled.types
    _check_partitions(settled)
    compile_graph(loaded.pipeline.name, settled, CompileOptions(loaded.runtime.parallelism))
    schemas = {node.name: node.op.schema for node in settled if isinstance(node.op, ReadOp)}
    return Checked(len(graph), schemas, sniffed)


def _check_paths(graph: Graph) -> None:
    """Look for the files of sources: one that declares its schema has not been looked at otherwise."""
    for node in graph:
        source = node.op.source if isinstance(node.op, ReadOp) else None
        if isinstance(source, TextFiles | Parquet):
            try:
                locate(source.path)
            except ConnectorError as error:
                error.where = node.where or error.where  # the message names the path
                raise


def _check_partitions(graph: Graph) -> None:
    for node in graph:
        sink = node.op.sink if isinstance(node.op, WriteOp) else None
        if not isinstance(sink, ParquetSink) or sink.partition_field is None:
            continue
        schema = graph.types[node.inputs[0]].schema
        if schema is not None and sink.partition_field not in schema.names:
            raise UnknownField(
                f"partition_field {sink.partition_field!r} does not exist; fields: {', '.join(schema.names)}",
                hint=did_you_mean(sink.partition_field, schema.names),
                where=node.where,
            )
