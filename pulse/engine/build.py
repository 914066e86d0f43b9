"""From declarations to machines: the operator of each kind of step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.engine.joins.build import build_join
from pulse.engine.operators.context import ContextOperator
from pulse.engine.operators.convert import ToColumnsOperator, ToRowsOperator
from pulse.engine.operators.filter import FilterOperator
from pulse.engine.operators.flatten import FlattenOperator
from pulse.engine.operators.function import (
    FieldsOperator,
    FilterFunctionOperator,
    FlatMapOperator,
    InspectOperator,
    MapBatchesOperator,
    MapOperator,
)
from pulse.engine.operators.key_by import KeyByFunctionOperator
from pulse.engine.operators.metadata import MetadataOperator
from pulse.engine.operators.pass_on import PassOperator, WindowOperator
from pulse.engine.operators.project import ProjectOperator
from pulse.engine.operators.route import RouteOperator
from pulse.engine.operators.timestamps import TimestampOperator
from pulse.engine.process.machine import ProcessOperator
from pulse.engine.side.operator import SideOperator
from pulse.engine.windowing.accumulators import Accumulators
from pulse.engine.windowing.aligned import AlignedAggregate
from pulse.engine.windowing.combine import CombineOperator
from pulse.engine.windowing.inputs import AggregateInputs
from pulse.engine.windowing.pane_results import PaneBuilder
from pulse.engine.windowing.session import SessionAggregate
from pulse.engine.windowing.slicing import slicing_of
from pulse.engine.windowing.spans import AlignedSpans, RecordSpans, SessionSpans
from pulse.engine.windowing.triggered import TriggeredAggregate
from pulse.errors import PulseInternalError
from pulse.graph.ops import (
    AggregateOp,
    CallOp,
    CombineOp,
    FieldsOp,
    FilterOp,
    FlattenOp,
    FunctionOp,
    JoiningOp,
    KeyByOp,
    MetadataOp,
    ProcessOp,
    ProjectOp,
    RouteOp,
    TimestampOp,
    ToColumnsOp,
    ToRowsOp,
    WindowOp,
)
from pulse.model.windows import Global, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.engine.operator import Operator, StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.logical import Node

_FUNCTIONS: dict[str, Callable[[FunctionOp, StepContext], Operator]] = {
    "map": MapOperator,
    "filter": FilterFunctionOperator,
    "inspect": InspectOperator,
    "flat_map": FlatMapOperator,
    "batches": MapBatchesOperator,
}


def build_operator(  # noqa: C901, PLR0911, PLR0912 - a table of the closed set of steps
    node: Node, inputs: Sequence[CollectionType], after: CollectionType, context: StepContext
) -> Operator:
    """Return the machine of a step.

    Args:
        node: the step.
        inputs: the types of its inputs.
        after: the type of its main output.
        context: what the machine may use.
    """
    before = inputs[0]
    match node.op:
        case FilterOp() as op:
            return FilterOperator(op, before.schema, context)
        case ProjectOp() as op:
            return ProjectOperator(op.columns, keep=op.keep, schema=before.schema, context=context)
        case FunctionOp() as op:
            return _FUNCTIONS[op.shape](op, context)
        case CallOp(views=()) as op:
            return ContextOperator(op, before, after, context)
        case CallOp() as op:
            return SideOperator(op, inputs, after, context)
        case MetadataOp() as op:
            return MetadataOperator(op, before, after, context)
        case FieldsOp() as op:
            return FieldsOperator(op, context)
        case TimestampOp() as op:
            return TimestampOperator(op, context)
        case KeyByOp() as op if op.function:
            return KeyByFunctionOperator(op, context)
        case KeyByOp() as op if op.computed:
            return ProjectOperator(op.computed, keep=True, schema=before.schema, context=context)
        case KeyByOp():
            return PassOperator(context)
        case FlattenOp():
            return FlattenOperator(after.schema, context)
        case WindowOp():
            return WindowOperator(context)
        case JoiningOp() as op:
            return build_join(op, inputs, after, context)
        case RouteOp() as op:
            return RouteOperator(op, before.schema, context)
        case ToRowsOp():
            return ToRowsOperator(context)
        case ToColumnsOp() as op:
            return ToColumnsOperator(op, before.schema, context)
        case AggregateOp() as op:
            return _aggregate(op, before, after, context)
        case ProcessOp() as op:
            windowing = before.windowing
            return ProcessOperator(
                op,
                before.keys or (),
                slicing_of(windowing, carried=before.grouped),
                lateness=windowing.lateness_us,
                windowed=not isinstance(windowing.window, Global),
                context=context,
            )
        case CombineOp(aggregate=op):
            slicing = slicing_of(before.windowing, carried=before.grouped)
            return CombineOperator(_inputs(op, before, context), slicing, context)
        case _:
            raise PulseInternalError(f"step {node.name!r} has no operator ({type(node.op).__name__})")


def _inputs(op: AggregateOp, before: CollectionType, context: StepContext) -> AggregateInputs:
    return AggregateInputs(
        before.keys or (),
        op.aggregates,
        timestamp=before.windowing.timestamp,
        schema=before.schema,
        context=context,
        merging=isinstance(before.windowing.window, Session),
    )


def _aggregate(
    op: AggregateOp, before: CollectionType, after: CollectionType, context: StepContext
) -> Operator:
    windowing = before.windowing
    inputs = _inputs(op, before, context)
    if not op.columnar(windowing):
        return _triggered(op, before, after, inputs, context)
    if isinstance(windowing.window, Session):
        return SessionAggregate(inputs, windowing, context)
    return AlignedAggregate(
        inputs,
        windowing,
        slicing_of(windowing, carried=before.grouped),
        show_windows=bool(op.window_fields(windowing)),
        context=context,
    )


def _triggered(
    op: AggregateOp,
    before: CollectionType,
    after: CollectionType,
    inputs: AggregateInputs,
    context: StepContext,
) -> Operator:
    windowing = before.windowing
    windows: RecordSpans
    if isinstance(windowing.window, Session):
        windows, placed = SessionSpans(windowing.window.gap_us), True
    else:
        slicing = slicing_of(windowing, carried=before.grouped)
        windows, placed = AlignedSpans(slicing), slicing.overlapping
    return TriggeredAggregate(
        inputs,
        windowing,
        windows,
        Accumulators(op.aggregates, placed=placed),
        PaneBuilder(
            inputs.keys,
            [name for name, _ in op.aggregates],
            after.schema,
            show_windows=bool(op.window_fields(windowing)),
            rows=op.makes_objects,
        ),
        context,
    )
