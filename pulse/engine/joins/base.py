"""What the machines of all joins share: the inputs, their watermarks, what comes too late."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.joins.pairs import PairBuilder
from pulse.engine.joins.side import MARK, TIME, Side, nulls, numbers, structs, take
from pulse.engine.operator import Operator, Out
from pulse.engine.windowing.bounds import bound_column
from pulse.engine.windowing.late import saturating_add
from pulse.errors import PulseInternalError
from pulse.graph.ops import LATE, MAIN
from pulse.graph.ops.grouping import LATE_TYPE
from pulse.graph.ops.joined_fields import key_types
from pulse.model.bundle import Bundle, Windows
from pulse.model.time import MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pulse.engine.operator import StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.joining import JoiningOp
    from pulse.graph.ops.joins import PairOp
    from pulse.model.bundle import Int64s, Mask


class JoinOperator(Operator):
    """A step over several keyed inputs, each with watermarks of its own.

    A record is judged by the watermark of its own input: what comes out is then a function of the inputs
    alone, not of how they are interleaved.

    Args:
        op: the step.
        inputs: the types of its inputs.
        after: the type of its result.
        context: the step's context.
    """

    stateful = True
    apart = True

    def __init__(
        self, op: JoiningOp, inputs: Sequence[CollectionType], after: CollectionType, context: StepContext
    ) -> None:
        super().__init__(context)
        assert after.schema is not None  # noqa: S101 - those of the inputs are settled
        self.schema = after.schema
        schemas = op.schemas(inputs)
        if schemas is None:
            raise PulseInternalError(f"step {context.name!r} joins collections whose fields are not settled")
        kinds = key_types(op.on, schemas, op.names)
        self.names = op.names
        self.sides = [Side(schema, op.keys_of(i), kinds) for i, schema in enumerate(schemas)]
        self.late_schema = op.late_schema(schemas, inputs)
        self.told = [MIN_TIME] * len(inputs)
        self.watermark = MIN_TIME
        self.released = MIN_TIME

    def process(self, bundle: Bundle) -> Iterable[Out]:
        return self.process_input(0, bundle)

    def process_input(self, position: int, bundle: Bundle) -> Iterator[Out]:
        self.context.ledger.received += len(bundle)
        marks = np.maximum(
            np.broadcast_to(np.asarray(bundle.watermarks, np.int64), len(bundle)), self.watermark
        )
        yield from self.take(position, bundle, self.sides[position].table(bundle, marks))
        self.context.ledger.held = self.held

    def advance_input(self, position: int, watermark: int) -> Iterator[Out]:
        self.told[position] = max(self.told[position], watermark)
        yield from self.settle()
        self.context.ledger.held = self.held

    def advance(self, watermark: int) -> Iterator[Out]:
        before, self.watermark = self.watermark, watermark
        yield from self.fire(before)
        yield from self.settle()
        self.context.ledger.held = self.held

    def bound(self, position: int) -> int:
        """Return the watermark of an input; what others have passed while it was idle counts."""
        return max(self.told[position], self.watermark)

    def take(self, position: int, bundle: Bundle, table: pa.Table) -> Iterable[Out]:
        """Take the records of a bundle of an input, given also as the table that state holds."""
        raise NotImplementedError

    def sift(self, position: int, table: pa.Table) -> pa.Table:
        """Leave out the records of an input that can be part of nothing."""
        del position
        return table

    def settle(self) -> Iterable[Out]:
        """Give and forget what the watermarks of the inputs decide."""
        return ()

    def fire(self, before: int) -> Iterable[Out]:
        """Give what the lowest watermark sets free on its way from ``before``."""
        del before
        return ()

    @property
    def held(self) -> int:
        """Records in state."""
        raise NotImplementedError

    def hold(self, watermark: int) -> int:
        """Return the output watermark for an input watermark, never above what is still to come."""
        return watermark

    def output_watermark(self, watermark: int) -> int:
        self.released = max(self.released, self.hold(watermark))
        return self.released

    # -- what comes out -----------------------------------------------------------------------------------

    def emit(self, batch: pa.RecordBatch, times: Int64s, windows: Windows | None = None) -> Iterator[Out]:
        """Emit results at the output watermark that is in force."""
        if batch.num_rows:
            self.context.ledger.emitted += batch.num_rows
            yield Out(MAIN, Bundle(batch, times, self.released, windows))

    def drop(
        self, position: int, table: pa.Table, late: Mask, limits: Int64s, starts: Int64s | None = None
    ) -> Iterator[Out]:
        """Emit the records that came too late; ``limits`` say until when each would have been in time.

        Args:
            position: the input that they came from.
            table: the records.
            late: which of them.
            limits: by record, what the watermark was past.
            starts: by record, the start of its last window, which ends at its limit.
        """
        count = int(late.sum())
        if not count:
            return
        self.context.ledger.late += count
        self.context.observer.dropped(self.context.name, "late", count)
        table, limits = take(table, np.flatnonzero(late)), limits[late]
        marks = numbers(table, MARK)
        columns: dict[str, Any] = {"input": pa.array([self.names[position]] * count, pa.string())}
        for place, (name, side) in enumerate(zip(self.names, self.sides, strict=True)):
            kind = self.late_schema.field(name).type
            if place == position:
                columns[name] = structs(table, [field for field, _ in side.fields], kind)
            else:
                columns[name] = nulls(count, kind)
        if starts is not None:
            columns["window_start"] = bound_column(starts[late])
            columns["window_end"] = bound_column(limits)
        columns["late_by"] = pa.array(marks - limits).cast(LATE_TYPE)
        schema = self.late_schema
        batch = pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
        yield Out(LATE, Bundle(batch, numbers(table, TIME), np.maximum.accumulate(marks)))

    # -- state --------------------------------------------------------------------------------------------

    def snapshot(self) -> Any:
        return {
            "told": list(self.told),
            "watermark": self.watermark,
            "released": self.released,
            "arrived": [side.arrived for side in self.sides],
        }

    def restore(self, state: Any) -> None:
        self.told, self.watermark = list(state["told"]), state["watermark"]
        self.released = state["released"]
        for side, arrived in zip(self.sides, state["arrived"], strict=True):
            side.arrived = arrived


class PairOperator(JoinOperator):
    """A join of a left and a right input.

    Args:
        op: the step.
        inputs: the types of its inputs.
        after: the type of its result.
        context: the step's context.
    """

    def __init__(
        self, op: PairOp, inputs: Sequence[CollectionType], after: CollectionType, context: StepContext
    ) -> None:
        super().__init__(op, inputs, after, context)
        self.pairs = PairBuilder(op.fields(inputs), len(op.on), self.schema, op.where)
        self.outer = (op.how in {"left", "full"}, op.how in {"right", "full"})

    def sift(self, position: int, table: pa.Table) -> pa.Table:
        """Leave out the records that lack a key, unless records without a match are kept."""
        if self.outer[position]:
            return table
        good = self.sides[position].complete(table)
        if good.all():
            return table
        self.context.ledger.filtered += int((~good).sum())
        return take(table, np.flatnonzero(good))

    def alone(self, position: int, table: pa.Table, windows: Windows | None = None) -> pa.RecordBatch:
        """Return the joined records of rows that have no match."""
        nothing = take(self.sides[1 - position].schema.empty_table(), np.full(table.num_rows, -1))
        left, right = (table, nothing) if position == 0 else (nothing, table)
        zeros = np.zeros(table.num_rows, np.int64)
        bounds = (windows.starts, windows.ends) if windows else (zeros, zeros)
        return self.pairs.build(left, right, bounds)


def late_after(times: Int64s, lateness: int, marks: Int64s) -> Mask:
    """Return which records are so far behind their watermark that what they match may be gone."""
    return saturating_add(times, lateness) < marks
