"""What every step of a logical graph says of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa

from pulse.graph.collection import CollectionType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.graph.collection import Fields

MAIN = "main"
LATE = "late"
ERRORS = "errors"

OnError = Literal["fail", "skip", "dead_letter"]
RunsOn = Literal["columns", "rows", "any"]

ERROR_SCHEMA = pa.schema(
    [("record", pa.string()), ("error", pa.string()), ("step", pa.string()), ("position", pa.string())]
)
"""A record that could not be processed, as it stands in an ``.errors`` collection."""


class Op(ABC):
    """A step: frozen data that says what it does, what it needs, and what comes out.

    Subclasses are frozen dataclasses. The machine that executes a step is another type, in ``pulse.engine``.
    """

    runs_on: ClassVar[RunsOn] = "any"
    """The layout in which it works; ``any`` means both, without converting."""

    keeps_records: ClassVar[bool] = False
    """Whether every record that comes out is one that went in, unchanged (filters, windows, keys)."""

    reads_panes: ClassVar[bool] = False
    """Whether it looks at which firing of its window a record is."""

    on_error: OnError = "fail"
    """What happens to a record that the step cannot process."""

    @abstractmethod
    def label(self) -> str:
        """Return what the step is, such as ``Filter(score > 1)``; names derive from it."""

    @abstractmethod
    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        """Return the type of the main output; raise a ``PipelineError`` when the inputs do not fit."""

    @abstractmethod
    def needs(self, wanted: Fields) -> Fields:
        """Return the input fields needed so that the wanted output fields can be made."""

    def outputs(self) -> tuple[str, ...]:
        """Return the tags of its outputs, the main one first."""
        return (MAIN, ERRORS) if self.on_error == "dead_letter" else (MAIN,)

    def infer_output(self, tag: str, inputs: Sequence[CollectionType]) -> CollectionType:
        """Return the type of any output."""
        if tag == ERRORS:
            first = inputs[0] if inputs else self.infer(inputs)
            return CollectionType(
                ERROR_SCHEMA, bounded=first.bounded, timed=first.timed, late_possible=first.late_possible
            )
        return self.infer(inputs)

    def changes(self) -> Fields:
        """Return the fields whose values it may change or add; None when that cannot be known."""
        return frozenset()

    def cost(self) -> int:
        """Return a rough cost per record: 1 is a cheap kernel, 100 a Python function."""
        return 1
