"""Steps that only the compiler puts into a plan; no person writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulse.graph.collection import union
from pulse.graph.ops.base import LATE, OnError, Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.graph.collection import CollectionType, Fields
    from pulse.graph.ops.grouping import AggregateOp


@dataclass(frozen=True)
class ToRowsOp(Op):
    """Turn columns into dicts."""

    keeps_records = True

    def label(self) -> str:
        return "ToRows"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        return inputs[0]

    def needs(self, wanted: Fields) -> Fields:
        return wanted

    def cost(self) -> int:
        return 20


@dataclass(frozen=True)
class ToColumnsOp(Op):
    """Turn rows into columns: only the fields that the next step needs.

    Args:
        fields: the fields to build; None for all.
        on_error: what happens to a record that does not fit the schema.
    """

    fields: tuple[str, ...] | None = None
    on_error: OnError = "fail"

    keeps_records = True

    def label(self) -> str:
        return f"ToColumns({', '.join(self.fields) if self.fields is not None else 'all'})"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        return inputs[0]

    def needs(self, wanted: Fields) -> Fields:
        return wanted


@dataclass(frozen=True)
class CombineOp(Op):
    """Pre-aggregate each bundle before it is sent to the step that merges (combiner lifting)."""

    aggregate: AggregateOp
    on_error: OnError = "fail"

    def label(self) -> str:
        return f"Combine{self.aggregate.label().removeprefix('Aggregate')}"

    def outputs(self) -> tuple[str, ...]:
        return (*super().outputs(), LATE)

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        return inputs[0]

    def needs(self, wanted: Fields) -> Fields:
        # A record that may be late goes on as it is, with all that the aggregation and its .late want.
        return union(wanted, self.aggregate.needs(wanted))
