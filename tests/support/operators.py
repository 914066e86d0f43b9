"""Single operators under the hands of a test: built as the engine builds them, fed bundle by bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation.custom import Custom
from pulse.engine.build import build_operator
from pulse.engine.operator import Operator, StepContext
from pulse.graph.collection import CollectionType
from pulse.graph.logical import Node
from pulse.graph.ops import AggregateOp
from pulse.model.bundle import Bundle
from pulse.model.schema import schema_of
from pulse.model.time import MAX_TIME
from pulse.model.windows import Windowing
from tests.support.runs import AGGREGATES, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.runs import Case


def operator(
    op: Any, schema: Any = None, *, on_error: Any = "fail", name: str = "step", **known: Any
) -> Operator:
    """Return the machine of a step over records of a schema (type names by field)."""
    before = CollectionType(schema_of(schema) if schema is not None else None, **known)
    after = op.infer([before]) if isinstance(op, AggregateOp) else before
    return build_operator(Node(name, op), [before], after, StepContext(name, on_error))


def aggregate_of(case: Case) -> Operator:
    """Return the machine of a case's aggregation."""
    op = AggregateOp(tuple((name, AGGREGATES[name][0]) for name in case.names))
    accumulation = "discarding" if case.discarding else "accumulating"
    windowing = Windowing(case.window, case.lateness, accumulation, case.timestamp)
    return operator(op, SCHEMA, name="agg", keys=("k",) if case.keyed else None, windowing=windowing)


def rows(records: Sequence[Any], times: Sequence[int] | None = None, marks: Any = None) -> Bundle:
    """Return a bundle of rows; times are 0, 1, 2, ... unless given."""
    return Bundle(list(records), _times(records, times), _marks(marks))


def columns(records: Any, times: Sequence[int] | None = None, marks: Any = None) -> Bundle:
    """Return a bundle of columns, from dicts of one shape or from columns by name."""
    batch = pa.RecordBatch.from_pylist(records) if isinstance(records, list) else pa.record_batch(records)
    return Bundle(batch, _times(range(batch.num_rows), times), _marks(marks))


def _times(records: Any, times: Sequence[int] | None) -> Any:
    return np.array(range(len(records)) if times is None else times, np.int64)


def _marks(marks: Any) -> Any:
    if marks is None:
        return -(2**63)
    return marks if isinstance(marks, int) else np.array(marks, np.int64)


def outputs(machine: Operator, *bundles: Bundle) -> dict[str, list[Any]]:
    """Feed bundles and return the records of each output as rows."""
    found: dict[str, list[Any]] = {}
    for bundle in bundles:
        for tag, out in machine.process(bundle):
            found.setdefault(tag, []).extend(out.rows if out.is_rows else out.batch.to_pylist())
    return found


def finish(machine: Operator) -> list[Any]:
    """End the input and return the records that come out."""
    found: list[Any] = []
    for _, out in machine.advance(MAX_TIME):
        found += out.rows if out.is_rows else out.batch.to_pylist()
    return found


def live(machine: Any) -> int:
    """Return how many accumulators of a person's functions an aggregation holds."""
    forms = machine.aggregation._forms
    return sum(len(form) for form in forms if isinstance(form, Custom))


def handles(machine: Any) -> int:
    """Return how many accumulators the partial rows in state stand for."""
    holder = machine.runs if hasattr(machine, "runs") else machine.open
    tables = [run.table if hasattr(run, "table") else run for run in holder.runs]
    custom = sum(isinstance(form, Custom) for form in machine.aggregation._forms)
    return custom * sum(table.num_rows for table in tables)
