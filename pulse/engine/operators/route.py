"""Send every record to exactly one output."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from pulse.engine.evaluation import evaluate_columns, evaluate_rows
from pulse.engine.operator import Operator, Out
from pulse.engine.operators.filter import truth
from pulse.engine.operators.function import call_each

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pyarrow as pa

    from pulse.engine.operator import StepContext
    from pulse.graph.ops import RouteOp
    from pulse.model.bundle import Bundle, Int64s


class RouteOperator(Operator):
    """Executes ``RouteOp``: by a function, or by the first condition that is true."""

    def __init__(self, op: RouteOp, schema: pa.Schema | None, context: StepContext) -> None:
        super().__init__(context)
        self.op = op
        self.functions = [] if callable(op.by) else [expr.row_function(schema) for expr in op.by]

    def process(self, bundle: Bundle) -> Iterable[Out]:
        ledger, before = self.context.ledger, self.context.ledger.errored
        ledger.received += len(bundle)
        kept, targets = self._by_function(bundle) if callable(self.op.by) else self._by_conditions(bundle)
        ledger.passed += len(kept)
        for index, tag in enumerate(self.op.tags):
            chosen = targets == index
            if chosen.any():
                out = kept.take(chosen)
                ledger.emitted += len(out)
                yield Out(tag, out)
        if ledger.errored > before:
            yield from self.context.failures()

    def _by_function(self, bundle: Bundle) -> tuple[Bundle, Int64s]:
        function: Any = self.op.by
        count = len(self.op.tags)

        def target(record: Any) -> int:
            index = function(record)
            if isinstance(index, bool) or not isinstance(index, Integral):
                raise TypeError(
                    f"partition function returned {index!r} ({type(index).__name__}), "
                    "but must return an integer"
                )
            if not 0 <= int(index) < count:
                raise ValueError(f"partition function returned {index}, but must return 0 to {count - 1}")
            return int(index)

        results, good = call_each(target, bundle.rows, bundle, self.context, person=function)
        kept = bundle if good is None else bundle.take(good)
        return kept, np.array(results, np.int64)

    def _by_conditions(self, bundle: Bundle) -> tuple[Bundle, Int64s]:
        conditions: Any = self.op.by
        if bundle.is_rows:
            kept, columns = evaluate_rows(bundle, self.functions, self.context)
            masks = [np.array([v is True for v in column], np.bool_) for column in columns]
        else:
            kept, arrays = evaluate_columns(bundle, conditions, self.context)
            masks = [truth(array) for array in arrays]
        rest = np.full(len(kept), len(masks), np.int64)
        targets = np.select(masks, [np.int64(i) for i in range(len(masks))], rest)
        return kept, targets.astype(np.int64)
