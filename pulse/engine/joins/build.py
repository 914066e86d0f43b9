"""The machine of each kind of join."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.engine.joins.asof import AsOfJoin
from pulse.engine.joins.cogroup import CoGroup
from pulse.engine.joins.interval import IntervalJoin
from pulse.engine.joins.lookup import Lookup
from pulse.engine.joins.window import WindowJoin
from pulse.errors import PulseInternalError
from pulse.graph.ops.joins import AsOfJoinOp, CoGroupOp, IntervalJoinOp, JoinOp, LookupOp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.operator import Operator, StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.joining import JoiningOp


def build_join(
    op: JoiningOp, inputs: Sequence[CollectionType], after: CollectionType, context: StepContext
) -> Operator:
    """Return the machine of a join.

    Args:
        op: the join.
        inputs: the types of its inputs.
        after: the type of its result.
        context: what the machine may use.
    """
    match op:
        case JoinOp():
            return WindowJoin(op, inputs, after, context)
        case IntervalJoinOp():
            return IntervalJoin(op, inputs, after, context)
        case AsOfJoinOp():
            return AsOfJoin(op, inputs, after, context)
        case LookupOp():
            return Lookup(op, inputs, after, context)
        case CoGroupOp():
            return CoGroup(op, inputs, after, context)
        case _:
            raise PulseInternalError(f"step {context.name!r} has no operator ({type(op).__name__})")
