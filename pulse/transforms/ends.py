"""Where records come in and go out: Read, Create, Write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError
from pulse.graph.ops import ReadOp, WriteOp
from pulse.io.base import Sink, Source
from pulse.io.memory import Memory
from pulse.model.watermarks import BoundedOutOfOrderness, EndOnly
from pulse.transforms.core import PCollection, Pipeline, Transform, one
from pulse.transforms.options import check_on_error, check_records, check_times, check_watermarks, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from pulse.graph.ops.base import OnError
    from pulse.model.watermarks import WatermarkStrategy


class Read(Transform):
    """Read a source.

    Args:
        source: such as ``JsonLines("events.jsonl", time_field="event_time")``.
        watermarks: how event times become promises. Left out: ``EndOnly()`` for a source that ends, so that
            results are exact; ``BoundedOutOfOrderness("0s")`` for one that does not.
        on_error: what happens to a record that cannot be parsed: ``"fail"``, ``"skip"`` or
            ``"dead_letter"`` (it goes to ``.errors``).

    Raises:
        PipelineError: when it is not applied to a pipeline, or the source never ends and never promises.
    """

    def __init__(
        self, source: Source, *, watermarks: WatermarkStrategy | None = None, on_error: OnError = "fail"
    ) -> None:
        if not isinstance(source, Source):
            raise PipelineError(
                f"Read takes a source, not {shown(source)}",
                hint="for records in memory use Create([...]); for a file JsonLines('path'), Csv or Parquet",
            )
        check_watermarks(watermarks)
        if watermarks is None:
            watermarks = EndOnly() if source.bounded else BoundedOutOfOrderness("0s")
        schema = source.declared_schema()
        self.op = ReadOp(
            source, watermarks, schema=schema, sniffed=schema is not None, on_error=check_on_error(on_error)
        )

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the source."""
        if source is not None:
            raise PipelineError("Read starts a pipeline; it takes no input", hint="pipeline | Read(...)")
        return pipeline.add(self.op, name=self.name)


class Create(Transform):
    """Read records from memory.

    Args:
        records: dicts, or any objects; or a ``pyarrow.Table`` / ``RecordBatch``.
        time_field: the field that holds the event time.
        times: event times instead, in microseconds or as datetimes, one per record.
        schema: field names and types; left out: found from the records.
        watermarks: see ``Read``.

    Example:
        >>> from pulse import Create, DeterministicRunner, Map, Pipeline
        >>> p = Pipeline()
        >>> doubled = p | Create([1, 2, 3]) | Map(lambda x: x * 2)
        >>> DeterministicRunner().run(p).records(doubled)
        [2, 4, 6]
    """

    def __init__(
        self,
        records: Sequence[Any] | pa.Table | pa.RecordBatch,
        *,
        time_field: str | None = None,
        times: Sequence[Any] | None = None,
        schema: Mapping[str, str] | pa.Schema | None = None,
        watermarks: WatermarkStrategy | None = None,
    ) -> None:
        check_records(records)
        check_times(times)
        self.source = Memory(records, time_field=time_field, times=times, schema=schema)
        self.watermarks = check_watermarks(watermarks)

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the source, its schema settled at once: the records are here."""
        if source is not None:
            raise PipelineError("Create starts a pipeline; it takes no input", hint="pipeline | Create(...)")
        schema = self.source.sniff_schema()
        op = ReadOp(self.source, self.watermarks or EndOnly(), schema=schema, sniffed=True)
        return pipeline.add(op, name=self.name, label="Create")


class Write(Transform):
    """Write a collection to a sink, such as ``JsonLinesSink("out.jsonl")`` or ``ParquetSink("outputs")``."""

    def __init__(self, sink: Sink) -> None:
        if not isinstance(sink, Sink):
            raise PipelineError(
                f"Write takes a sink, not {shown(sink)}",
                hint="use JsonLinesSink('out.jsonl'), CsvSink, ParquetSink('dir') or Collect()",
            )
        self.sink = sink

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the sink; returns the input, so that a branch may go on."""
        before = one(source, self)
        pipeline.add(WriteOp(self.sink), [before], name=self.name)
        return before
