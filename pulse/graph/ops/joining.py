"""What all joins are: steps over several keyed inputs, and what these inputs must be."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa

from pulse.errors import PipelineError, WindowingError
from pulse.graph.ops.base import LATE, Op
from pulse.graph.ops.grouping import LATE_TYPE, WINDOW_FIELDS
from pulse.model.aggregates.types import decoded_type
from pulse.model.windows import Global, Session, Windowing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.graph.collection import CollectionType, Fields


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
        own = [] if given.grouped else names_of(given)
        for bound in [bound for bound, _ in op.bounds(inputs) if bound in own]:
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


def names_of(collection: CollectionType) -> list[str]:
    """Return the names of the fields, as far as they are known."""
    return collection.schema.names if collection.schema is not None else []
