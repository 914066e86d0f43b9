"""Calling a person's function with more than the record."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulse.engine.operators.do_fn import DoFnOperator
from pulse.engine.operators.function import FilterFunctionOperator, FlatMapOperator, MapOperator
from pulse.errors import PipelineError
from pulse.model.context import RecordContext, Span
from pulse.model.do_fn import DoFn
from pulse.model.panes import Pane
from pulse.model.time import MAX_TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pulse.engine.operator import Operator, Out, StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.elementwise import FunctionOp
    from pulse.graph.ops.side import CallOp
    from pulse.model.bundle import Bundle


class Call:
    """A record with the arguments that go with it; shown as the record, in messages and dead letters.

    Args:
        record: the record.
        args: what comes after it.
        sides: the side inputs by name, or why there are none.
    """

    __slots__ = ("args", "record", "sides")

    def __init__(self, record: Any, args: tuple[Any, ...], sides: Mapping[str, Any] | Exception) -> None:
        self.record = record
        self.args = args
        self.sides = sides

    def __repr__(self) -> str:
        return repr(self.record)


class _Called:
    """A person's function as a function of a ``Call``."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        # Errors name the line of the function, not that of this class.
        self.__code__ = getattr(function, "__code__", None)

    def __call__(self, call: Call) -> Any:
        if isinstance(call.sides, Exception):
            raise call.sides
        return self.function(call.record, *call.args, **call.sides)


class Caller:
    """Calls the function of a ``CallOp`` with each record of a bundle.

    Args:
        op: the step.
        before: the type of its main input.
        after: the type of its main output.
        context: the step's context.
    """

    def __init__(
        self, op: CallOp, before: CollectionType, after: CollectionType, context: StepContext
    ) -> None:
        self.op = op
        self.grouped = before.grouped
        self.machine = _machine(op.call, after, context)

    def call(
        self, bundle: Bundle, sides: Iterable[Mapping[str, Any] | Exception] | None = None
    ) -> Iterable[Out]:
        """Call the function with each record.

        Args:
            bundle: the records; each carries its window when the function asks for a context.
            sides: the side inputs of each record.
        """
        args: Iterable[tuple[Any, ...]] = [()] * len(bundle)
        if self.op.context:
            args = [(context,) for context in contexts(bundle, grouped=self.grouped)]
        each = [{}] * len(bundle) if sides is None else sides
        calls = [Call(*parts) for parts in zip(bundle.rows, args, each, strict=True)]
        for out in self.machine.process(bundle.with_data(calls)):
            if self.op.call.shape == "filter" and out.bundle.is_rows:
                yield out._replace(bundle=out.bundle.with_data([call.record for call in out.bundle.rows]))
            else:
                yield out

    def end(self) -> None:
        """Take down what was set up: nothing more comes."""
        if isinstance(self.machine, DoFnOperator):
            self.machine.end()


def _machine(op: FunctionOp, after: CollectionType, context: StepContext) -> Operator:
    function = op.function
    if not isinstance(function, DoFn):
        called = replace(op, function=_Called(function))
        kinds: dict[str, Callable[[FunctionOp, StepContext], Operator]] = {
            "map": MapOperator,
            "filter": FilterFunctionOperator,
            "flat_map": FlatMapOperator,
        }
        return kinds[op.shape](called, context)
    try:
        own = deepcopy(function)
    except Exception as error:
        raise PipelineError(
            f"step {context.name!r}: {type(function).__name__} cannot be copied for a replica: {error}",
            hint="open files, locks and connections in setup(), not in __init__",
        ) from error
    inner = FlatMapOperator(replace(op, function=_Called(own.process)), context)
    return DoFnOperator(own, inner, after, context)


def contexts(bundle: Bundle, *, grouped: bool) -> list[RecordContext]:
    """Return where each record stands in time.

    Args:
        bundle: the records.
        grouped: whether they are results of a grouping; one that tells no panes fires each window once.
    """
    marks = bundle.watermarks
    each = [marks] * len(bundle) if isinstance(marks, int) else marks.tolist()
    spans: list[Span | None] = [None] * len(bundle)
    if bundle.windows is not None:
        bounds = zip(bundle.windows.starts.tolist(), bundle.windows.ends.tolist(), strict=True)
        spans = [None if end == MAX_TIME else Span(start, end) for start, end in bounds]
    panes = [Pane() if grouped else None] * len(bundle) if bundle.panes is None else list(bundle.panes)
    return [RecordContext(*parts) for parts in zip(bundle.times.tolist(), each, spans, panes, strict=True)]
