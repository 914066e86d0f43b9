"""Steps that match the records of several collections by key."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa

from pulse.errors import PipelineError, TypeMismatch
from pulse.graph.ops.base import LATE
from pulse.graph.ops.joined_fields import KEY, JoinedField, joined_fields, key_types
from pulse.graph.ops.joining import JoiningOp, check_timed, check_windows, names_of
from pulse.model.aggregates.types import decoded_type
from pulse.model.schema import type_name
from pulse.model.time import format_duration
from pulse.model.windows import Windowing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.graph.collection import CollectionType, Fields
    from pulse.model.expressions import Expr

How = Literal["inner", "left", "right", "full"]
Direction = Literal["backward", "forward", "nearest"]


@dataclass(frozen=True)
class PairOp(JoiningOp):
    """What the joins of a left and a right input share.

    Args:
        how: which records without a match are kept.
        suffixes: put behind a name that both inputs have, per side.
        where: a condition over the fields of the result that a pair must meet to be a match.
    """

    how: How = "inner"
    suffixes: tuple[str, str] = ("", "_right")
    where: Expr | None = None

    title: ClassVar[str] = "Join"

    def label(self) -> str:
        on = ", ".join(one if one == other else f"{one}={other}" for one, other in self.on)
        parts = [on, *self.details()]
        if self.how != "inner":
            parts.append(self.how)
        if self.where is not None:
            parts.append(f"where {self.where}")
        return f"{self.title}({', '.join(parts)})"

    def details(self) -> tuple[str, ...]:
        """Return what a label says besides the keys."""
        return ()

    def check(self, inputs: Sequence[CollectionType]) -> None:
        """Raise a ``PipelineError`` when the inputs do not fit."""

    def after(self, inputs: Sequence[CollectionType]) -> CollectionType:
        """Return the type of the result but for its schema."""
        left = inputs[0]
        windowing = Windowing.DEFAULT if left.grouped else left.windowing
        return replace(left, windowing=windowing, grouped=False)

    def fields(self, inputs: Sequence[CollectionType]) -> tuple[JoinedField, ...]:
        """Return the fields of the result apart from the window's; the schemas are known."""
        return joined_fields(self.schemas(inputs) or (), self.on, self.suffixes, self.bounds(inputs))  # type: ignore[arg-type]

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        self.check(inputs)
        schemas = self.schemas(inputs)
        after = replace(
            self.after(inputs),
            keys=self.keys,
            pending=any(i.pending for i in inputs),
            bounded=all(i.bounded for i in inputs),
            late_possible=any(i.late_possible for i in inputs),
        )
        if schemas is None:
            return replace(after, schema=None)
        fields = [(f.name, f.type) for f in self.fields(inputs)]
        count = len(self.on)
        schema = pa.schema([*fields[:count], *self.bounds(inputs), *fields[count:]])
        if self.where is not None:
            found = self.where.type(schema)
            if not pa.types.is_boolean(found):
                raise TypeMismatch(
                    f"where {self.where} is {type_name(found)}, not a condition", hint="write a comparison"
                )
        return replace(after, schema=schema)

    def needs_of(self, position: int, wanted: Fields, inputs: Sequence[CollectionType]) -> Fields:
        if wanted is None or self.schemas(inputs) is None:
            return None
        read = wanted if self.where is None else wanted | self.where.fields()
        needed = set(self.keys_of(position))
        for field in self.fields(inputs):
            # A name with a suffix has it because the other side has the field too: that must stay so.
            renamed = field.side != KEY and field.name != field.field
            if field.name in read and (
                field.side == position or (renamed and field.field in names_of(inputs[position]))
            ):
                needed.add(field.field)
        return frozenset(needed)


@dataclass(frozen=True)
class JoinOp(PairOp):
    """Match records of equal keys in the same window."""

    windowed = True

    def check(self, inputs: Sequence[CollectionType]) -> None:
        check_windows(self, inputs, "join")

    def after(self, inputs: Sequence[CollectionType]) -> CollectionType:
        return replace(inputs[0], grouped=True)


@dataclass(frozen=True)
class IntervalJoinOp(PairOp):
    """Match records of equal keys with ``left.t + lower <= right.t <= left.t + upper``.

    Args:
        lower: microseconds.
        upper: microseconds.
        lateness: how far a record may be behind its watermark and still be matched, microseconds.
        ttl: whether the interval was written as a time to live.
    """

    lower: int = 0
    upper: int = 0
    lateness: int = 0
    ttl: bool = False

    title = "IntervalJoin"

    def details(self) -> tuple[str, ...]:
        return (f"{_signed(self.lower)} to {_signed(self.upper)}",)

    def check(self, inputs: Sequence[CollectionType]) -> None:
        check_timed(self, inputs, "a join with ttl" if self.ttl else "an interval join")


@dataclass(frozen=True)
class AsOfJoinOp(PairOp):
    """Match each left record with one right record of its key, by event time.

    Args:
        direction: the last at or before it, the first at or after it, or the nearest.
        tolerance: how far away that may be, microseconds; None: as far as can be.
        deleted: a condition over the right record: it stands for no record from its time on.
        table: whether the right input is a table of changes.
    """

    direction: Direction = "backward"
    tolerance: int | None = None
    deleted: Expr | None = None
    table: bool = False

    order_matters = True

    @property
    def title(self) -> str:  # type: ignore[override]
        """What it is called."""
        return "JoinTable" if self.table else "AsOfJoin"

    def details(self) -> tuple[str, ...]:
        parts = () if self.direction == "backward" else (self.direction,)
        return parts if self.tolerance is None else (*parts, f"within {format_duration(self.tolerance)}")

    def check(self, inputs: Sequence[CollectionType]) -> None:
        check_timed(self, inputs, "a join with a table" if self.table else "an as-of join")
        right = inputs[1]
        if self.direction != "backward" and self.tolerance is None and not right.bounded:
            raise PipelineError(
                f"an as-of join that looks {self.direction} on an input that never ends would wait for ever "
                "for records without a match",
                hint="say how far it looks: tolerance='1h'",
            )
        if self.deleted is not None and right.schema is not None:
            found = self.deleted.type(right.schema)
            if not pa.types.is_boolean(found):
                raise TypeMismatch(f"deleted {self.deleted} is {type_name(found)}, not a condition")

    def needs_of(self, position: int, wanted: Fields, inputs: Sequence[CollectionType]) -> Fields:
        needed = super().needs_of(position, wanted, inputs)
        if needed is None or position == 0 or self.deleted is None:
            return needed
        return needed | self.deleted.fields()


@dataclass(frozen=True)
class LookupOp(PairOp):
    """Match each record with those of its key in a collection that ends, once that is complete."""

    title = "Lookup"

    def outputs(self) -> tuple[str, ...]:
        return tuple(tag for tag in super().outputs() if tag != LATE)

    def check(self, inputs: Sequence[CollectionType]) -> None:
        if not inputs[1].bounded:
            raise PipelineError(
                "a lookup waits until the collection it looks in is complete, and this one never ends",
                hint="use JoinTable(...), which sees the table as of each record's time",
            )

    def after(self, inputs: Sequence[CollectionType]) -> CollectionType:
        return replace(super().after(inputs), timed=inputs[0].timed)


@dataclass(frozen=True)
class CoGroupOp(JoiningOp):
    """Bring together, for each key and window, the records of all inputs.

    Args:
        inputs: what the inputs are called; each becomes a field that holds the list of its records.
    """

    inputs: tuple[str, ...] = ()

    windowed = True
    order_matters = True

    @property
    def names(self) -> tuple[str, ...]:
        """What the inputs are called."""
        return self.inputs

    def label(self) -> str:
        return f"CoGroup({', '.join(self.keys)}: {', '.join(self.inputs)})"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        check_windows(self, inputs, "co-group")
        schemas = self.schemas(inputs)
        after = replace(
            inputs[0],
            keys=self.keys,
            pending=any(i.pending for i in inputs),
            bounded=all(i.bounded for i in inputs),
            late_possible=any(i.late_possible for i in inputs),
            grouped=True,
        )
        bounds = self.bounds(inputs)
        taken = [*self.keys, *(name for name, _ in bounds), *self.inputs]
        for name in taken:
            if taken.count(name) > 1:
                raise PipelineError(
                    f"two fields of the co-grouped records would be called {name!r}",
                    hint="call the input otherwise: {'other_name': collection, ...} | CoGroup(...)",
                )
        if schemas is None:
            return replace(after, schema=None)
        kinds = key_types(self.on, schemas, self.names)
        lists = [
            (name, pa.list_(pa.struct([(f.name, decoded_type(f.type)) for f in schema])))
            for name, schema in zip(self.inputs, schemas, strict=True)
        ]
        schema = pa.schema([*zip(self.keys, kinds, strict=True), *bounds, *lists])
        return replace(after, schema=schema)

    def needs_of(self, position: int, wanted: Fields, inputs: Sequence[CollectionType]) -> Fields:
        del inputs
        if wanted is None or self.inputs[position] in wanted:
            return None
        return frozenset(self.keys_of(position))


def _signed(micros: int) -> str:
    return f"-{format_duration(-micros)}" if micros < 0 else format_duration(micros)
