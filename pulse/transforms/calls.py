"""Steps that call a person's function with what it asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.graph.ops.elementwise import FunctionOp
from pulse.graph.ops.side import CallOp
from pulse.model.do_fn import DoFn
from pulse.transforms.core import PCollection, Step, one
from pulse.transforms.side import check_called, views_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.graph.ops import Op
    from pulse.transforms.core import Pipeline
    from pulse.transforms.side import Side


class CallStep(Step):
    """A step of one main input that may take side inputs and a context.

    Args:
        op: what the step does; a ``FunctionOp`` becomes a ``CallOp`` when its function asks for more.
        sides: the side inputs by name.
        context: whether the function takes a ``RecordContext`` as well.
    """

    def __init__(self, op: Op, sides: Mapping[str, Side] | None = None, *, context: bool = False) -> None:
        self.sides: tuple[PCollection, ...] = ()
        if isinstance(op, FunctionOp):
            views, self.sides = views_of(sides, type(self).__name__)
            check_called(op.function, type(self).__name__, [view.name for view in views], context=context)
        if isinstance(op, FunctionOp) and (sides or context or isinstance(op.function, DoFn)):
            op = CallOp(op, views, bool(context), op.on_error)
        super().__init__(op)

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the step."""
        return pipeline.add(self.op, [one(source, self), *self.sides], name=self.name)
