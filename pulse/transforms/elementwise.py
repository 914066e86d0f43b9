"""Transforms that look at one record at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError
from pulse.graph.ops import ERRORS, LATE, MAIN, FieldsOp, FilterOp, FunctionOp, ProjectOp, TimestampOp
from pulse.model.do_fn import DoFn
from pulse.model.event_time import EventTime
from pulse.model.expressions import Expr
from pulse.model.schema import data_type
from pulse.model.watermarks import EndOnly
from pulse.transforms.calls import CallStep
from pulse.transforms.core import Step
from pulse.transforms.options import (
    check_function,
    check_on_error,
    check_watermarks,
    to_condition,
    to_expr,
    to_schema,
)
from pulse.transforms.side import check_called

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pyarrow as pa

    from pulse.graph.ops.base import OnError
    from pulse.model.watermarks import WatermarkStrategy
    from pulse.transforms.side import Side


class Map(CallStep):
    """Turn each record into another with a Python function.

    Two forms. ``Map(fn)`` calls ``fn(record)``. ``Map(fn, inputs=["score"], output="score2")`` calls
    ``fn(score)`` with the values of the named fields and stores the result as a field: that needs no dict
    per record, so it is several times faster.

    Args:
        function: what to call.
        inputs: field names whose values it takes.
        output: the field it makes; goes with ``inputs``.
        schema: fields and types of what ``fn(record)`` returns, so that later steps are checked at build.
        type: type of ``output``, such as ``"double"``.
        preserves: fields that ``fn(record)`` leaves unchanged; lets key-by move ahead of it.
        sides: side inputs by the name of the argument that takes each: ``fn(record, *, rates)``.
        context: whether ``fn(record, ctx)`` takes a ``RecordContext`` as well.
        on_error: what happens to a record it raises on: ``"fail"``, ``"skip"``, ``"dead_letter"``.

    Example:
        >>> from pulse import Create, DeterministicRunner, Map, Pipeline
        >>> p = Pipeline()
        >>> out = p | Create([{"score": 2}]) | Map(lambda s: s * 2, inputs=["score"], output="twice")
        >>> DeterministicRunner().run(p).records(out)
        [{'score': 2, 'twice': 4}]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        inputs: Sequence[str] | None = None,
        output: str | None = None,
        schema: Mapping[str, str] | pa.Schema | None = None,
        type: str | None = None,  # noqa: A002 - the word people expect
        preserves: Iterable[str] = (),
        sides: Mapping[str, Side] | None = None,
        context: bool = False,
        on_error: OnError = "fail",
    ) -> None:
        check_function(function, "Map")
        check_on_error(on_error)
        if (inputs is None) != (output is None):
            raise PipelineError(
                "inputs and output go together",
                hint="Map(fn, inputs=['score'], output='score2'), or Map(fn) over whole records",
            )
        if inputs is None and type is not None:
            raise PipelineError(
                f"type {type!r} has no meaning for Map over whole records",
                hint="declare all fields: Map(fn, schema={'field': 'type'}); or give inputs and output",
            )
        if inputs is not None and schema is not None:
            raise PipelineError(
                "schema has no meaning for Map with inputs and output, which keeps all other fields",
                hint="give the type of the output: type='double'",
            )
        if inputs is not None and not inputs:
            raise PipelineError(
                "inputs names no field", hint="name at least one, or use Map(fn) over records"
            )
        if inputs is not None and (sides or context):
            raise PipelineError(
                "sides and context have no meaning for Map with inputs and output",
                hint="use Map(fn, sides=...) over whole records",
            )
        if inputs is not None and output is not None:
            super().__init__(
                FieldsOp(function, tuple(inputs), output, data_type(type) if type else None, on_error)
            )
        else:
            op = FunctionOp(function, "map", to_schema(schema), frozenset(preserves), on_error=on_error)
            super().__init__(op, sides, context=context)


class FlatMap(CallStep):
    """Turn each record into any number of others: the function returns an iterable, or None for nothing.

    Args:
        function: what to call, or a ``DoFn``: an object that is set up, called for bundles, and taken down.
        outputs: names of further outputs; the function yields ``Tagged(name, record)`` for them.
        schema: fields and types of what comes out.
        preserves: fields that it leaves unchanged.
        sides: side inputs by the name of the argument that takes each: ``fn(record, *, rates)``.
        context: whether ``fn(record, ctx)`` takes a ``RecordContext`` as well.
        on_error: what happens to a record it raises on.

    Example:
        >>> from pulse import Create, DeterministicRunner, FlatMap, Pipeline, Tagged
        >>> p = Pipeline()
        >>> route = lambda n: [n] if n % 2 == 0 else [Tagged("odd", n)]
        >>> even = p | Create([1, 2, 3]) | FlatMap(route, outputs=["odd"])
        >>> result = DeterministicRunner().run(p)
        >>> result.records(even), result.records(even["odd"])
        ([2], [1, 3])
    """

    def __init__(
        self,
        function: Callable[..., Iterable[Any] | None] | DoFn,
        *,
        outputs: Sequence[str] = (),
        schema: Mapping[str, str] | pa.Schema | None = None,
        preserves: Iterable[str] = (),
        sides: Mapping[str, Side] | None = None,
        context: bool = False,
        on_error: OnError = "fail",
    ) -> None:
        for tag in outputs:
            if tag in {MAIN, LATE, ERRORS}:
                raise PipelineError(f"output name {tag!r} is taken", hint="choose another name for it")
        if isinstance(function, type) and issubclass(function, DoFn):
            name = function.__name__
            raise PipelineError(f"{name} is a class, not an object of it", hint=f"write {name}(...)")
        called: Any = function if isinstance(function, DoFn) else check_function(function, "FlatMap")
        op = FunctionOp(
            called,
            "flat_map",
            to_schema(schema),
            frozenset(preserves),
            tuple(outputs),
            check_on_error(on_error),
        )
        super().__init__(op, sides, context=context)


ParDo = FlatMap
"""Beam's name for ``FlatMap``."""


class Filter(CallStep):
    """Keep the records for which a condition is true.

    Args:
        condition: an expression (``col("score") > 1``), its text (``"score > 1"``), or a Python function.
            An expression runs over columns and can move toward the source.
        sides: side inputs by the name of the function's argument that takes each.
        context: whether the function takes a ``RecordContext`` as its second argument.
        on_error: what happens to a record that the function raises on.
    """

    def __init__(
        self,
        condition: Expr | str | Callable[..., Any],
        *,
        sides: Mapping[str, Side] | None = None,
        context: bool = False,
        on_error: OnError = "fail",
    ) -> None:
        check_on_error(on_error)
        if not isinstance(condition, Expr | str):
            op = FunctionOp(check_function(condition, "Filter"), "filter", on_error=on_error)
            super().__init__(op, sides, context=context)
            return
        if sides or context:
            raise PipelineError(
                "an expression takes neither sides nor context", hint="give Filter a function instead"
            )
        super().__init__(FilterOp(to_condition(condition), on_error))


class Select(Step):
    """Keep only the named fields and computed expressions.

    Args:
        fields: names of fields, or expressions (named by ``.alias`` or what they are).
        on_error: what happens to a record that an expression fails on.
        named: expressions under new names: ``Select("word", twice=col("score") * 2)``.
    """

    def __init__(self, *fields: str | Expr, on_error: OnError = "fail", **named: Expr | str) -> None:
        columns = [(e.name, e) for e in map(to_expr, fields)] + [(n, to_expr(e)) for n, e in named.items()]
        super().__init__(ProjectOp(_unique(columns, "Select"), keep=False, on_error=check_on_error(on_error)))


class WithColumns(Step):
    """Add or replace fields with expressions: ``WithColumns(twice=col("score") * 2)``.

    Args:
        fields: expressions, named by ``.alias``.
        on_error: what happens to a record that an expression fails on.
        named: expressions by field name.
    """

    def __init__(self, *fields: Expr, on_error: OnError = "fail", **named: Expr | str) -> None:
        columns = [(e.name, e) for e in map(to_expr, fields)] + [(n, to_expr(e)) for n, e in named.items()]
        super().__init__(
            ProjectOp(_unique(columns, "WithColumns"), keep=True, on_error=check_on_error(on_error))
        )


def _unique(columns: list[tuple[str, Expr]], transform: str) -> tuple[tuple[str, Expr], ...]:
    if not columns:
        raise PipelineError(f"{transform} needs at least one field or expression")
    names = [name for name, _ in columns]
    for name in names:
        if names.count(name) > 1:
            raise PipelineError(f"{transform} makes field {name!r} twice", hint="give one another name")
    return tuple(columns)


class MapBatches(Step):
    """Apply a function to whole ``pyarrow.RecordBatch`` objects.

    The function may return another number of rows only when ``schema`` is declared and no event time
    depends on them: a batch of another length takes the latest event time of the batch it came from.

    Args:
        function: from RecordBatch to RecordBatch.
        schema: fields and types of what comes out; left out: those that go in.
        preserves: fields that it leaves unchanged.
        on_error: ``"fail"``, or what happens to the whole batch.
    """

    def __init__(
        self,
        function: Callable[[pa.RecordBatch], pa.RecordBatch],
        *,
        schema: Mapping[str, str] | pa.Schema | None = None,
        preserves: Iterable[str] = (),
        on_error: OnError = "fail",
    ) -> None:
        super().__init__(
            FunctionOp(
                check_function(function, "MapBatches"),
                "batches",
                to_schema(schema),
                frozenset(preserves),
                on_error=check_on_error(on_error),
            )
        )


class WithTimestamps(Step):
    """Give every record a new event time.

    Args:
        time: a field name, or a function from the record to a datetime or microseconds.
        format: how to read the field: ``"ms"`` (numbers, the default), ``"s"``, ``"us"``, ``"ns"``,
            ``"iso"`` (strings, the default), or a strptime format.
        time_zone: zone of times that carry none; UTC unless given.
        watermarks: the strategy that the new times follow; left out: only the end of the input is a promise.
        on_error: what happens to a record whose time is missing or cannot be read.
    """

    def __init__(
        self,
        time: str | Callable[[Any], Any],
        *,
        format: str | None = None,  # noqa: A002 - the word people expect
        time_zone: str | None = None,
        watermarks: WatermarkStrategy | None = None,
        on_error: OnError = "fail",
    ) -> None:
        spec: Any = EventTime(time, format, time_zone) if isinstance(time, str) else time
        if not isinstance(time, str):
            check_function(time, "WithTimestamps")
            if format is not None or time_zone is not None:
                raise PipelineError(
                    "format and time_zone say how a field is read, but WithTimestamps was given a function",
                    hint="return a datetime or microseconds from the function, or name a field",
                )
        strategy = check_watermarks(watermarks) or EndOnly()
        super().__init__(TimestampOp(spec, strategy, check_on_error(on_error)))


class Inspect(Step):
    """Call a function with each record as it passes; the records go on unchanged.

    Args:
        function: called with the record; what it returns is ignored.
        on_error: what happens to a record it raises on: ``"fail"``, ``"skip"``, ``"dead_letter"``; a record
            that is skipped or a dead letter does not go on.
    """

    def __init__(self, function: Callable[[Any], object] = print, *, on_error: OnError = "fail") -> None:
        check_called(check_function(function, "Inspect"), "Inspect", (), context=False)
        super().__init__(FunctionOp(function, "inspect", on_error=check_on_error(on_error)))


Tee = Inspect
"""The shell's name for ``Inspect``."""
