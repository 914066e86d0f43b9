"""Steps that look at one record at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from pulse.errors import TypeMismatch, WindowingError
from pulse.graph.collection import passed_field
from pulse.graph.ops.base import OnError, Op
from pulse.model.schema import type_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.graph.collection import CollectionType, Fields
    from pulse.model.event_time import EventTime
    from pulse.model.expressions import Expr
    from pulse.model.watermarks import WatermarkStrategy

PYTHON_COST = 100
"""Rough cost of a person's Python function next to a columnar kernel."""


def function_name(function: Callable[..., Any]) -> str:
    """Return a short name for a person's function.

    Example:
        >>> function_name(len), function_name(lambda x: x)
        ('len', 'lambda')
    """
    name = getattr(function, "__name__", type(function).__name__)
    return "lambda" if name == "<lambda>" else name


@dataclass(frozen=True)
class ProjectOp(Op):
    """Compute fields from expressions.

    Args:
        columns: name and expression of each computed field.
        keep: True keeps the other fields and adds or replaces (WithColumns); False drops them (Select).
        on_error: what happens to a record that an expression fails on (overflow, division by zero, bad cast).
    """

    columns: tuple[tuple[str, Expr], ...]
    keep: bool
    on_error: OnError = "fail"

    def label(self) -> str:
        text = ", ".join(str(e) if str(e) == n else f"{n}={e}" for n, e in self.columns)
        return f"{'WithColumns' if self.keep else 'Select'}({text})"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before = inputs[0]
        if before.schema is None:
            kept = self.keep or set(before.keys or ()) <= {n for n, _ in self.columns}
            return before if kept and not self._rewrites(before.keys) else replace(before, keys=None)
        computed = {name: expr.type(before.schema) for name, expr in self.columns}
        fields = {f.name: f.type for f in before.schema} if self.keep else {}
        after = before.with_schema(pa.schema(list({**fields, **computed}.items())))
        return replace(after, keys=None) if self._rewrites(before.keys) else after

    def _rewrites(self, keys: tuple[str, ...] | None) -> bool:
        return bool(set(keys or ()) & set(self.changes() or ()))

    def needs(self, wanted: Fields) -> Fields:
        # Every expression is evaluated, wanted or not: leaving one out is a rule of its own.
        read = frozenset[str]().union(*(expr.fields() for _, expr in self.columns))
        if not self.keep:
            return read
        if wanted is None:
            return None
        return (wanted - {name for name, _ in self.columns}) | read

    def changes(self) -> Fields:
        return frozenset(name for name, expr in self.columns if passed_field(expr) != name)

    def cost(self) -> int:
        return sum(expr.cost() for _, expr in self.columns)


@dataclass(frozen=True)
class FilterOp(Op):
    """Keep the records for which a condition is true; null counts as not true."""

    condition: Expr
    on_error: OnError = "fail"

    keeps_records = True

    def label(self) -> str:
        return f"Filter({self.condition})"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before = inputs[0]
        if before.schema is not None:
            found = self.condition.type(before.schema)
            if not (pa.types.is_boolean(found) or pa.types.is_null(found)):
                raise TypeMismatch(
                    f"filter condition {self.condition} is {type_name(found)}, but must be bool",
                    hint="compare it with something, for instance '> 0'",
                )
        return before

    def needs(self, wanted: Fields) -> Fields:
        return None if wanted is None else wanted | self.condition.fields()

    def cost(self) -> int:
        return self.condition.cost()


@dataclass(frozen=True)
class FunctionOp(Op):
    """Apply a person's function to whole records, or to whole batches.

    Args:
        function: what to call.
        shape: ``map`` one to one, ``flat_map`` one to any number (an iterable, or None), ``filter`` keep or
            drop, ``inspect`` look only, ``batches`` a ``pyarrow.RecordBatch`` to another.
        schema: fields of what comes out, when declared.
        preserves: fields that it is declared to leave unchanged.
        tags: names of further outputs of ``flat_map``.
        on_error: what happens to a record that it raises on.
    """

    function: Callable[..., Any]
    shape: Literal["map", "flat_map", "filter", "inspect", "batches"]
    schema: pa.Schema | None = None
    preserves: frozenset[str] = frozenset()
    tags: tuple[str, ...] = ()
    on_error: OnError = "fail"

    @property
    def runs_on(self) -> Literal["columns", "rows", "any"]:  # type: ignore[override]
        """Batches are columns; everything else is called per record."""
        return "columns" if self.shape == "batches" else "rows"

    @property
    def keeps_records(self) -> bool:  # type: ignore[override]
        """A filter and an inspection hand on what they got."""
        return self.shape in {"filter", "inspect"}

    def label(self) -> str:
        names = {
            "map": "Map",
            "flat_map": "FlatMap",
            "filter": "Filter",
            "inspect": "Inspect",
            "batches": "MapBatches",
        }
        return f"{names[self.shape]}({function_name(self.function)})"

    def outputs(self) -> tuple[str, ...]:
        return (*super().outputs(), *self.tags)

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before = inputs[0]
        if self.keeps_records:
            return before
        keys = before.keys if before.keys and set(before.keys) <= self.preserves else None
        return replace(before, schema=self.schema, pending=False, keys=keys)

    def needs(self, wanted: Fields) -> Fields:
        del wanted
        return None

    def changes(self) -> Fields:
        return frozenset() if self.keeps_records else None

    def cost(self) -> int:
        return PYTHON_COST


@dataclass(frozen=True)
class FieldsOp(Op):
    """Apply a person's function to named fields; its result becomes one field. No dict per record.

    Args:
        function: called with the values of ``inputs``, in that order.
        inputs: names of the fields it reads.
        output: name of the field it makes.
        type: type of that field, when declared.
        on_error: what happens to a record that it raises on.
    """

    function: Callable[..., Any]
    inputs: tuple[str, ...]
    output: str
    type: pa.DataType | None = None
    on_error: OnError = "fail"

    def label(self) -> str:
        return f"Map({self.output}={function_name(self.function)}({', '.join(self.inputs)}))"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before = inputs[0]
        before.check_fields(frozenset(self.inputs))
        if before.schema is None or self.type is None:
            keys = before.keys if self.output not in (before.keys or ()) else None
            return replace(before, schema=None, keys=keys)
        fields = {f.name: f.type for f in before.schema} | {self.output: self.type}
        after = before.with_schema(pa.schema(list(fields.items())))
        return replace(after, keys=None) if self.output in (before.keys or ()) else after

    def needs(self, wanted: Fields) -> Fields:
        return None if wanted is None else (wanted - {self.output}) | set(self.inputs)

    def changes(self) -> Fields:
        return frozenset({self.output})

    def cost(self) -> int:
        return PYTHON_COST // 2


@dataclass(frozen=True)
class TimestampOp(Op):
    """Give every record a new event time, and a new watermark with it.

    Args:
        time: a field with its format, or a function from a record to microseconds or a datetime.
        watermarks: the strategy that the new times follow.
        on_error: what happens to a record whose time is missing or cannot be read.
    """

    time: EventTime | Callable[[Any], Any]
    watermarks: WatermarkStrategy
    on_error: OnError = "fail"

    keeps_records = True

    @property
    def field(self) -> str | None:
        """The field that holds the time; None when a function gives it."""
        return None if callable(self.time) else self.time.field

    @property
    def runs_on(self) -> Literal["columns", "rows", "any"]:  # type: ignore[override]
        """A function is called per record; a field is read in either layout."""
        return "rows" if callable(self.time) else "any"

    def label(self) -> str:
        return f"WithTimestamps({self.field or function_name(self.time)})"  # type: ignore[arg-type]

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before = inputs[0]
        if before.grouped:
            raise WindowingError(
                "event times cannot change after an aggregation, for its results carry their window",
                hint="put WithTimestamps before Window and Aggregate",
            )
        if self.field:
            before.check_fields(frozenset({self.field}))
        from pulse.model.watermarks import EndOnly  # noqa: PLC0415 - a type above, a check here

        return replace(before, timed=True, late_possible=not isinstance(self.watermarks, EndOnly))

    def needs(self, wanted: Fields) -> Fields:
        if self.field is None or wanted is None:
            return None
        return wanted | {self.field}

    def cost(self) -> int:
        return 2 if self.field else PYTHON_COST
