"""Steps that bring collections together or split one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pulse.errors import PipelineError
from pulse.graph.collection import CollectionType, widen_schemas
from pulse.graph.ops.base import MAIN, OnError, Op
from pulse.graph.ops.elementwise import PYTHON_COST, function_name
from pulse.model.windows import Windowing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.graph.collection import Fields
    from pulse.model.expressions import Expr


@dataclass(frozen=True)
class FlattenOp(Op):
    """Merge collections into one; of none, an empty one."""

    keeps_records = True

    def label(self) -> str:
        return "Flatten"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        if not inputs:
            return CollectionType(None, bounded=True, timed=False)
        first = inputs[0]
        for other in inputs[1:]:
            if other.windowing != first.windowing or other.grouped != first.grouped:
                raise PipelineError(
                    f"flattened collections have different windows: {first.windowing} and {other.windowing}",
                    hint="put the same Window before or after Flatten for all of them",
                )
        schemas = [i.schema for i in inputs if i.schema is not None]
        return replace(
            first,
            schema=widen_schemas(schemas) if len(schemas) == len(inputs) else None,
            pending=any(i.pending for i in inputs),
            bounded=all(i.bounded for i in inputs),
            timed=all(i.timed for i in inputs),
            late_possible=any(i.late_possible for i in inputs),
            keys=first.keys if all(i.keys == first.keys for i in inputs) else None,
            windowing=first.windowing or Windowing.DEFAULT,
        )

    def needs(self, wanted: Fields) -> Fields:
        return wanted


@dataclass(frozen=True)
class RouteOp(Op):
    """Send every record to one of several outputs.

    Args:
        by: a function from a record to an output's index, or one condition per output (the first that is
            true takes the record; the last output takes what is left).
        tags: names of the outputs; the first is the main one.
        on_error: what happens to a record that the function fails on.
    """

    by: Callable[[Any], int] | tuple[Expr, ...]
    tags: tuple[str, ...]
    on_error: OnError = "fail"

    keeps_records = True

    @property
    def runs_on(self) -> Literal["columns", "rows", "any"]:  # type: ignore[override]
        """A function is called per record."""
        return "rows" if callable(self.by) else "any"

    def label(self) -> str:
        by = function_name(self.by) if callable(self.by) else ", ".join(str(e) for e in self.by)
        return f"Partition({by})"

    def outputs(self) -> tuple[str, ...]:
        return (*super().outputs(), *(tag for tag in self.tags if tag != MAIN))

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before = inputs[0]
        if not callable(self.by) and before.schema is not None:
            for condition in self.by:
                condition.type(before.schema)
        return before

    def needs(self, wanted: Fields) -> Fields:
        if wanted is None or callable(self.by):
            return None
        read: frozenset[str] = frozenset()
        for condition in self.by:
            read |= condition.fields()
        return wanted | read

    def cost(self) -> int:
        return PYTHON_COST if callable(self.by) else len(self.by)
