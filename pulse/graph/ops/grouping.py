"""Steps that bring records together: key-by, window, aggregate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from pulse.errors import PipelineError, TypeMismatch, WindowingError
from pulse.graph.collection import passed_field
from pulse.graph.ops.base import LATE, OnError, Op
from pulse.graph.ops.elementwise import PYTHON_COST, function_name
from pulse.model.schema import is_key_type, type_name
from pulse.model.triggers import AfterWatermark
from pulse.model.windows import Global, Session, Windowing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.graph.collection import CollectionType, Fields
    from pulse.model.aggregates import Aggregate
    from pulse.model.expressions import Expr

WINDOW_TYPE = pa.timestamp("us", "UTC")
LATE_TYPE = pa.duration("us")
WINDOW_FIELDS = (("window_start", WINDOW_TYPE), ("window_end", WINDOW_TYPE))


@dataclass(frozen=True)
class KeyByOp(Op):
    """Declare the key: fields there are, fields computed by expressions, or a function's result.

    Args:
        columns: name and expression of each key field.
        function: called per record instead; its result becomes the field ``columns`` cannot express.
        name: name of that field.
        on_error: what happens to a record whose key cannot be computed.
    """

    columns: tuple[tuple[str, Expr], ...] = ()
    function: Callable[[Any], Any] | None = None
    name: str = "key"
    on_error: OnError = "fail"

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key fields."""
        return (self.name,) if self.function else tuple(name for name, _ in self.columns)

    @property
    def computed(self) -> tuple[tuple[str, Expr], ...]:
        """The key fields that are not simply fields of the record."""
        return tuple((name, expr) for name, expr in self.columns if passed_field(expr) != name)

    @property
    def runs_on(self) -> Literal["columns", "rows", "any"]:  # type: ignore[override]
        """A function is called per record."""
        return "rows" if self.function else "any"

    def label(self) -> str:
        if self.function:
            return f"KeyBy({function_name(self.function)})"
        return "KeyBy(" + ", ".join(str(e) if str(e) == n else f"{n}={e}" for n, e in self.columns) + ")"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before = inputs[0]
        if before.schema is None or self.function:
            schema = None
        else:
            found = {name: expr.type(before.schema) for name, expr in self.columns}
            for name, data_type in found.items():
                if not is_key_type(data_type):
                    raise TypeMismatch(
                        f"key {name!r} is {type_name(data_type)}, which cannot be a key",
                        hint="keys are bool, integers, floats, strings, bytes, times, dates or decimals; "
                        "use one field of it, or an expression that makes one",
                    )
            schema = pa.schema(list(({f.name: f.type for f in before.schema} | found).items()))
        return replace(before, schema=schema, keys=self.keys)

    def needs(self, wanted: Fields) -> Fields:
        if self.function or wanted is None:
            return None
        read: frozenset[str] = frozenset()
        for _, expr in self.columns:
            read |= expr.fields()
        return (wanted - {name for name, _ in self.computed}) | read

    def changes(self) -> Fields:
        return frozenset({self.name}) if self.function else frozenset(name for name, _ in self.computed)

    def cost(self) -> int:
        return PYTHON_COST if self.function else sum(expr.cost() for _, expr in self.computed)


@dataclass(frozen=True)
class WindowOp(Op):
    """Declare the window of a collection; records are assigned where they are grouped.

    Args:
        windowing: the window, and the rules that go with it.
        allow_unsafe: whether the trigger may finish while records still come, which are then dropped.
    """

    windowing: Windowing
    allow_unsafe: bool = False

    keeps_records = True

    def label(self) -> str:
        return f"Window({self.windowing})"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before, windowing = inputs[0], self.windowing
        if not before.timed and not isinstance(windowing.window, Global):
            raise WindowingError(
                f"window {windowing.window} needs event times, but the source gives none",
                hint="set time_field on the source, or put WithTimestamps before the window",
            )
        trigger = windowing.trigger
        if trigger is not None and not self.allow_unsafe and trigger.may_finish(windowing.lateness_us):
            raise WindowingError(
                f"trigger {trigger} can finish while records still come, and those would be dropped",
                hint="add late=AfterCount(1)"
                if isinstance(trigger, AfterWatermark)
                else f"Repeatedly({trigger}) fires again; allow_unsafe=True drops, and counts, the rest",
            )
        if windowing.accumulation is None and windowing.may_repeat and (trigger or before.late_possible):
            cause = "allowed lateness" if trigger is None else f"trigger {trigger}"
            raise WindowingError(
                f"{cause} lets a window fire more than once, so accumulation must be stated",
                hint="accumulation='accumulating' repeats the whole window at each firing; "
                "'discarding' gives only what is new",
            )
        return replace(before, windowing=windowing, grouped=False)

    def needs(self, wanted: Fields) -> Fields:
        return wanted


def late_type(before: CollectionType) -> CollectionType:
    """Return the type of the records of a collection that come too late for their windows."""
    schema = before.schema
    if schema is not None:
        extra = [f for f in (*WINDOW_FIELDS, ("late_by", LATE_TYPE)) if f[0] not in schema.names]
        schema = pa.schema([*((f.name, f.type) for f in schema), *extra])
    return replace(before, schema=schema, keys=None, windowing=Windowing.DEFAULT, grouped=False)


def takes_record(aggregate: Aggregate) -> bool:
    """Return whether an aggregate is a person's function over whole records."""
    return aggregate.fn is not None and aggregate.input is None


def takes_custom(aggregate: Aggregate) -> bool:
    """Return whether an aggregate is a person's own function, whose accumulators are live Python objects."""
    return aggregate.fn is not None


@dataclass(frozen=True)
class AggregateOp(Op):
    """Combine the records of each key and window.

    Args:
        aggregates: output field and aggregate of each.
        on_error: what happens to a record whose input cannot be computed.
        numbered: whether a step after it looks at the panes of its results.
    """

    aggregates: tuple[tuple[str, Aggregate], ...]
    on_error: OnError = "fail"
    numbered: bool = False

    def label(self) -> str:
        return "Aggregate(" + ", ".join(f"{name}={agg}" for name, agg in self.aggregates) + ")"

    def outputs(self) -> tuple[str, ...]:
        return (*super().outputs(), LATE)

    @property
    def makes_objects(self) -> bool:
        """Whether a result can be any Python object: a person's function says no type."""
        return any(agg.fn is not None and agg.option("type") is None for _, agg in self.aggregates)

    @property
    def whole_records(self) -> bool:
        """Whether an aggregate takes the whole record, so that rows are needed."""
        return any(takes_record(agg) for _, agg in self.aggregates)

    @property
    def runs_on(self) -> Literal["columns", "rows", "any"]:  # type: ignore[override]
        """Inputs are taken from either layout; whole records only from rows."""
        return "rows" if self.whole_records else "any"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before = inputs[0]
        if before.never_fires:
            raise WindowingError(
                "aggregation over the global window of an input that never ends would never emit",
                hint="put Window(Tumbling('60s')) or another window before it, give the global window a "
                "trigger such as Repeatedly(AfterCount(1000)), or bound the source",
            )
        keys = before.keys or ()
        bounds = self.window_fields(before.windowing)
        for key in keys:
            # Grouping results once more in their own windows, by those, is fine: the two are one.
            if key in bounds and not before.grouped:
                raise PipelineError(
                    f"key {key!r} has the name of a window field of the result",
                    hint=f"name the key otherwise: KeyBy(old_{key}=col({key!r}))",
                )
        taken = [*keys, *bounds]
        for name, _ in self.aggregates:
            if name in taken:
                raise PipelineError(
                    f"aggregate {name!r} has the name of a key or window field",
                    hint="choose another name for the aggregate",
                )
        after = replace(before, keys=before.keys, grouped=True)
        if before.schema is None:
            return replace(after, schema=None)
        before.check_fields(frozenset(keys))
        fields = [(key, before.schema.field(key).type) for key in keys]
        fields += [(name, WINDOW_TYPE) for name in bounds if name not in keys]
        results = [(name, agg.type(before.schema)) for name, agg in self.aggregates]
        if any(found is None for _, found in results):
            return replace(after, schema=None)  # a person's own function that did not say
        return replace(after, schema=pa.schema(fields + results))

    @staticmethod
    def window_fields(windowing: Windowing) -> tuple[str, ...]:
        """Return the names of the window fields of a result: none for the global window."""
        return () if isinstance(windowing.window, Global) else tuple(name for name, _ in WINDOW_FIELDS)

    def infer_output(self, tag: str, inputs: Sequence[CollectionType]) -> CollectionType:
        return late_type(inputs[0]) if tag == LATE else super().infer_output(tag, inputs)

    def needs(self, wanted: Fields) -> Fields:
        del wanted  # every aggregate is computed: dropping one is a rule of its own
        read: frozenset[str] = frozenset()
        for _, agg in self.aggregates:
            if takes_record(agg):
                return None
            read |= agg.fields()
        return read

    def changes(self) -> Fields:
        return None

    def cost(self) -> int:
        return 10

    def columnar(self, windowing: Windowing) -> bool:
        """Return whether windows are aggregated in bulk; otherwise records are taken one by one.

        That is so under any trigger but the default one, where late firings have to be numbered, and where
        the event times of what a firing gave have to be told from those of what came after it.
        """
        sessions = isinstance(windowing.window, Session)
        refires = bool(windowing.lateness_us)
        timed = windowing.timestamp != "end_of_window"
        return (
            windowing.by_default
            and not windowing.shift_us
            and not (refires and (self.numbered or (sessions and timed)))
        )

    def in_bulk(self, windowing: Windowing) -> bool:
        """Return whether records may be aggregated before they reach the step.

        Sessions are not known before they are merged there.
        """
        return self.columnar(windowing) and not isinstance(windowing.window, Session)
