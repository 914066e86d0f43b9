"""Keep the records for which a condition is true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.evaluation import evaluate_columns, evaluate_rows
from pulse.engine.operator import Elementwise

if TYPE_CHECKING:
    from pulse.engine.operator import StepContext
    from pulse.graph.ops import FilterOp
    from pulse.model.bundle import Bundle, Mask


def truth(array: pa.Array[Any]) -> Mask:
    """Return a boolean array as a mask; null is not true.

    Example:
        >>> truth(pa.array([True, None, False])).tolist()
        [True, False, False]
    """
    if array.null_count:
        array = array.cast(pa.bool_()).fill_null(False)  # noqa: FBT003 - a value, not a switch
    return np.asarray(array.to_numpy(zero_copy_only=False), np.bool_)


class FilterOperator(Elementwise):
    """Executes ``FilterOp`` in either layout."""

    def __init__(self, op: FilterOp, schema: pa.Schema | None, context: StepContext) -> None:
        super().__init__(context)
        self.condition = op.condition
        self.function = op.condition.row_function(schema)

    def apply(self, bundle: Bundle) -> Bundle:
        if bundle.is_rows:
            kept, values = evaluate_rows(bundle, [self.function], self.context)
            return kept.take(np.array([value is True for value in values[0]], np.bool_))
        kept, arrays = evaluate_columns(bundle, [self.condition], self.context)
        return kept.take(truth(arrays[0]))
