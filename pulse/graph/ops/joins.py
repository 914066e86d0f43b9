"""Steps that match the records of several collections by key."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa

from pulse.errors import PipelineError, TypeMismatch, WindowingError
from pulse.graph.ops.base import LATE, Op
from pulse.graph.ops.grouping import LATE_TYPE, WINDOW_FIELDS
from pulse.graph.ops.joined_fields import KEY, JoinedField, joined_fields, key_types
from pulse.model.aggregates.types import decoded_type
from pulse.model.schema import type_name
from pulse.model.time import format_duration
from pulse.model.windows import Global, Session, Windowing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.graph.collection import CollectionType, Fields
    from pulse.model.expressions import Expr

How = Literal["inner", "left", "right", "full"]
Direction = Literal["backward", "forward", "nearest"]


@dataclass(frozen=True)
class JoiningOp(Op):
    """What all steps over several keyed inputs share.

    Args:
        on: for each key, the field of each input that holds it; results name it as the first does.
    """

    on: tuple[tuple[str, ...], ...]

    runs_on: ClassVar[Literal["columns"]] = "columns"

    order_matters: ClassVar[bool] = False
    """Whether a result depends on the order in which records of one key and time arrive."""

    windowed: ClassVar[bool] = False
    """Whether records meet in the windows of their collections."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the inputs are called."""
        return ("left", "right")

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the key fields of the result."""
        return tuple(fields[0] for fields in self.on)

    def keys_of(self, position: int) -> tuple[str, ...]:
        """Return the key fields of an input."""
        return tuple(fields[position] for fields in self.on)

    def outputs(self) -> tuple[str, ...]:
        return (*super().outputs(), LATE)

    def needs(self, wanted: Fields) -> Fields:
        del wanted  # it depends on the input
        return None

    @abstractmethod
    def needs_of(self, position: int, wanted: Fields, inputs: Sequence[CollectionType]) -> Fields:
        """Return the fields of one input needed so that the wanted output fields can be made."""

    def late_needs(self, late: Fields) -> Fields:
        """Return the fields of each input needed for what is read of ``.late``, which holds whole records."""
        return None if late is None or late & {*self.names} else frozenset()

    def changes(self) -> Fields:
        return None

    def cost(self) -> int:
        return 10

    def bounds(self, inputs: Sequence[CollectionType]) -> tuple[tuple[str, pa.DataType], ...]:
        """Return the window fields of a result: none unless records meet in windows that end."""
        plain = not self.windowed or isinstance(inputs[0].windowing.window, Global)
        return () if plain else WINDOW_FIELDS

    def schemas(self, inputs: Sequence[CollectionType]) -> list[pa.Schema] | None:
        """Return the schemas of the inputs; None while one is still to be found.

        Raises:
            PipelineError: when the records of an input can be of any shape.
        """
        for name, found in zip(self.names, inputs, strict=True):
            if found.schema is None and not found.pending:
                raise PipelineError(
                    f"the fields of input {name!r} are not known, and a join needs those of all its inputs",
                    hint="declare them where they are made: Map(function, schema={...}), or schema= on the "
                    "source",
                )
        known = [found.schema for found in inputs if found.schema is not None]
        return known if len(known) == len(inputs) else None

    def infer_output(self, tag: str, inputs: Sequence[CollectionType]) -> CollectionType:
        if tag != LATE:
            return super().infer_output(tag, inputs)
        schemas = self.schemas(inputs)
        after = replace(inputs[0], keys=None, windowing=Windowing.DEFAULT, grouped=False)
        after = replace(
            after,
            pending=any(i.pending for i in inputs),
            bounded=all(i.bounded for i in inputs),
            late_possible=any(i.late_possible for i in inputs),
        )
        return replace(after, schema=None if schemas is None else self.late_schema(schemas, inputs))

    def late_schema(self, schemas: Sequence[pa.Schema], inputs: Sequence[CollectionType]) -> pa.Schema:
        """Return the fields of late records: which input, the record as a struct of that name, how late."""
        fields: list[tuple[str, pa.DataType]] = [("input", pa.string())]
        for name, schema in zip(self.names, schemas, strict=True):
            fields.append((name, pa.struct([(f.name, decoded_type(f.type)) for f in schema])))
        return pa.schema([*fields, *self.bounds(inputs), ("late_by", LATE_TYPE)])


def check_windows(op: JoiningOp, inputs: Sequence[CollectionType], what: str) -> None:
    """Check that inputs that meet in windows have the same, and that these fire.

    Raises:
        WindowingError: saying which windows differ, or why nothing would come out.
    """
    windowing = inputs[0].windowing
    for name, other in zip(op.names, inputs, strict=True):
        if other.windowing != windowing:
            raise WindowingError(
                f"input {op.names[0]!r} has window {windowing}, but input {name!r} has {other.windowing}",
                hint="put the same Window before it on all inputs",
            )
    if isinstance(windowing.window, Global) and not all(i.bounded for i in inputs):
        ttl = ", or Join(..., ttl='1h') for pairs at most so far apart" if what == "join" else ""
        raise WindowingError(
            f"a {what} over the global window of inputs that never end would keep every record for ever, "
            "for a match can always still come",
            hint="put Window(Tumbling('60s')) or another window on all inputs; or use IntervalJoin(on=..., "
            f"lower='-5m', upper='0s'){ttl}",
        )
    if isinstance(windowing.window, Session) and windowing.lateness_us:
        raise WindowingError(
            f"a {what} over session windows takes no allowed lateness, for a late record could merge "
            "sessions whose results are out",
            hint="leave allowed_lateness out and read .late, or use tumbling windows or IntervalJoin",
        )
    for name, given in zip(op.names, inputs, strict=True):
        for bound, _ in () if given.grouped or given.schema is None else op.bounds(inputs):
            if bound in given.schema.names:
                raise PipelineError(
                    f"field {bound!r} of input {name!r} has the name of a window field of the result",
                    hint=f"rename it before: Select(old_{bound}={bound!r}, ...)",
                )
    if not windowing.by_default:
        raise WindowingError(
            f"a {what} gives results when the watermark passes the end of a window, and takes no trigger "
            f"such as {windowing.trigger}",
            hint="leave trigger out of the Window before it",
        )
    if windowing.timestamp != "end_of_window":
        raise WindowingError(
            f"results of a {what} have the time of the end of their window, not {windowing.timestamp!r}",
            hint="leave timestamp out of Window",
        )


def check_timed(op: JoiningOp, inputs: Sequence[CollectionType], what: str) -> None:
    """Raise a ``WindowingError`` when an input has no event times."""
    for name, found in zip(op.names, inputs, strict=True):
        if not found.timed:
            raise WindowingError(
                f"{what} needs event times, but input {name!r} has none",
                hint="set time_field on the source, or put WithTimestamps before it",
            )


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
                field.side == position or (renamed and field.field in _names(inputs[position]))
            ):
                needed.add(field.field)
        return frozenset(needed)


def _names(collection: CollectionType) -> list[str]:
    return collection.schema.names if collection.schema is not None else []


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
