"""Call a function that asked where its record stands in time, or that has a life cycle."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pulse.engine.operator import Operator
from pulse.engine.operators.calling import Caller
from pulse.engine.windowing.assign import WindowAssigner
from pulse.model.time import MAX_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.engine.operator import Out, StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.side import CallOp
    from pulse.model.bundle import Bundle


class ContextOperator(Operator):
    """Executes a ``CallOp`` without side inputs.

    A record in several windows counts as one for each, for that is how often the function is called.

    Args:
        op: the step.
        before: the type of its input.
        after: the type of its main output.
        context: the step's context.
    """

    def __init__(
        self, op: CallOp, before: CollectionType, after: CollectionType, context: StepContext
    ) -> None:
        super().__init__(context)
        self.caller = Caller(op, before, after, context)
        self.windows = WindowAssigner(before.windowing) if op.context else None
        self.carries = after.grouped

    def process(self, bundle: Bundle) -> Iterable[Out]:
        if self.windows is not None:
            bundle = spread(bundle, self.windows, self.context)
        if not len(bundle):
            return
        for out in self.caller.call(bundle):
            yield out if self.carries else out._replace(bundle=replace(out.bundle, windows=None))

    def advance(self, watermark: int) -> Iterable[Out]:
        if watermark == MAX_TIME:
            self.caller.end()
        return ()


def spread(bundle: Bundle, windows: WindowAssigner, context: StepContext) -> Bundle:
    """Return records that each carry one window; those that have none are counted as filtered."""
    if bundle.windows is not None:
        return bundle
    found = windows.assign(bundle)
    # Windows overlap or have gaps between them, never both.
    lost = max(len(bundle) - len(found), 0)
    context.ledger.received += lost
    context.ledger.filtered += lost
    return found
