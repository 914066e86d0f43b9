"""The step that remembers: a person's ``Process`` with state and timers per key and window."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.errors import PipelineError, WindowingError
from pulse.graph.ops.base import LATE, OnError, Op
from pulse.graph.ops.elementwise import PYTHON_COST
from pulse.graph.ops.grouping import late_type
from pulse.model.state import Declared, EventTimer
from pulse.model.windows import Global, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.graph.collection import CollectionType, Fields


@dataclass(frozen=True)
class ProcessOp(Op):
    """Apply a person's ``Process`` to the records of each key and window.

    Args:
        process: the object whose methods are called; each replica has a copy.
        declared: its state and timers.
        schema: fields of what comes out, when declared.
        preserves: fields that it is declared to leave unchanged.
        tags: names of further outputs with the fields of each, when declared.
        on_error: what happens to a record that it raises on.
        name: what the step is called.
        adds: fields added to the records that go in, which come out otherwise unchanged; None when what comes
            out is the person's business.
    """

    process: Any
    declared: Declared = field(default_factory=Declared)
    schema: pa.Schema | None = None
    preserves: frozenset[str] = frozenset()
    tags: tuple[tuple[str, pa.Schema | None], ...] = ()
    on_error: OnError = "fail"
    name: str = "Process"
    adds: tuple[tuple[str, pa.DataType], ...] | None = None

    runs_on = "rows"

    @property
    def reads_panes(self) -> bool:  # type: ignore[override]
        """A person's may; those that only add fields do not."""
        return self.adds is None

    def label(self) -> str:
        return self.name

    def outputs(self) -> tuple[str, ...]:
        return (*super().outputs(), LATE, *(tag for tag, _ in self.tags))

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        return self._after(inputs[0], self.schema)

    def infer_output(self, tag: str, inputs: Sequence[CollectionType]) -> CollectionType:
        if tag == LATE:
            return late_type(inputs[0])
        schemas = dict(self.tags)
        return self._after(inputs[0], schemas[tag]) if tag in schemas else super().infer_output(tag, inputs)

    def _after(self, before: CollectionType, schema: pa.Schema | None) -> CollectionType:
        self._check(before)
        windowed = before.grouped or not isinstance(before.windowing.window, Global)
        if self.adds is not None:
            return replace(before, schema=self._with_added(before.schema), grouped=windowed)
        keys = before.keys if set(before.keys or ()) <= self.preserves else None
        after = replace(before, pending=False, keys=keys, grouped=windowed)
        return replace(after, schema=None) if schema is None else after.with_schema(schema)

    def _with_added(self, schema: pa.Schema | None) -> pa.Schema | None:
        for name, _ in self.adds or ():
            if schema is not None and name in schema.names:
                raise PipelineError(
                    f"{self.name} adds field {name!r}, but its input has one of that name",
                    hint="choose another name with output=",
                )
        return None if schema is None else pa.schema([*schema, *(pa.field(n, t) for n, t in self.adds or ())])

    def _check(self, before: CollectionType) -> None:
        if not before.keys:
            raise PipelineError(
                f"{self.name} keeps state by key, but its input has no key",
                hint="put KeyBy('user') or another key in front of it",
            )
        before.check_fields(frozenset(before.keys))
        if isinstance(before.windowing.window, Session):
            raise WindowingError(
                f"{self.name} keeps state by window, but session windows merge, and state cannot",
                hint="use Aggregate for sessions, SessionizeBy to cut them by a condition, or put "
                "Window(Global()) in front of it and keep a timer",
            )
        timers = any(isinstance(spec, EventTimer) for _, spec in self.declared.timers)
        if not before.timed and (timers or any(spec.ttl for _, spec in self.declared.cells)):
            raise WindowingError(
                f"{self.name} has {'an event-time timer' if timers else 'a ttl'}, but the source gives no "
                "event times",
                hint="set time_field on the source, or put WithTimestamps before it",
            )

    def needs(self, wanted: Fields) -> Fields:
        del wanted
        return None

    def changes(self) -> Fields:
        return None

    def cost(self) -> int:
        return PYTHON_COST
