"""The two ends of a graph: reading a source and writing a sink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulse.errors import PipelineError
from pulse.graph.collection import CollectionType
from pulse.graph.ops.base import OnError, Op
from pulse.model.watermarks import EndOnly, WatermarkStrategy

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from pulse.graph.collection import Fields
    from pulse.io.base import Layout, Sink, Source
    from pulse.model.expressions import Expr


@dataclass(frozen=True)
class ReadOp(Op):
    """Read a source.

    Args:
        source: where the records come from.
        watermarks: the strategy that gives each record its watermark.
        schema: the closed schema; None before it is found, and for a source of any objects.
        sniffed: whether ``schema`` has been settled (declared or found).
        fields: the fields to build; None for all. Set by the optimiser.
        predicate: a filter that lets the source skip data. Set by the optimiser.
        layout: the layout to decode into. Set by the optimiser.
        on_error: what happens to a record that cannot be parsed.
    """

    source: Source
    watermarks: WatermarkStrategy
    schema: pa.Schema | None = None
    sniffed: bool = False
    fields: tuple[str, ...] | None = None
    predicate: Expr | None = None
    layout: Layout = "columns"
    on_error: OnError = "fail"

    def label(self) -> str:
        return f"Read({self.source.label})"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        del inputs
        if isinstance(self.watermarks, EndOnly) and not self.source.bounded:
            raise PipelineError(
                f"source {self.source.label} never ends, so the watermark strategy end_only would never emit",
                hint="use bounded_out_of_orderness, for instance watermarks=BoundedOutOfOrderness('5s')",
            )
        schema = self.schema
        if schema is not None and self.fields is not None:
            schema = schema_of_fields(schema, self.fields)
        return CollectionType(
            schema,
            pending=not self.sniffed,
            bounded=self.source.bounded,
            timed=self.source.timed,
            late_possible=not isinstance(self.watermarks, EndOnly),
        )

    def needs(self, wanted: Fields) -> Fields:
        return wanted


def schema_of_fields(schema: pa.Schema, fields: Sequence[str]) -> pa.Schema:
    """Return a schema cut to the given fields, in the order of the schema."""
    kept = set(fields)
    import pyarrow as pa  # noqa: PLC0415 - types only above; this is the one place that builds

    return pa.schema([field for field in schema if field.name in kept])


@dataclass(frozen=True)
class WriteOp(Op):
    """Write a sink; nothing comes out."""

    sink: Sink

    keeps_records = True

    def label(self) -> str:
        return f"Write({self.sink.label})"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        return inputs[0]

    def needs(self, wanted: Fields) -> Fields:
        del wanted
        return None
