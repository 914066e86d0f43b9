"""Calling a person's function with more than the record: side inputs, its place in time, a life cycle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pulse.errors import WindowingError
from pulse.graph.ops.base import LATE, OnError, Op
from pulse.graph.ops.elementwise import PYTHON_COST, FunctionOp
from pulse.graph.ops.grouping import late_type
from pulse.model.do_fn import DoFn
from pulse.model.windows import Calendar, Global, Session, Sliding, Tumbling

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.graph.collection import CollectionType, Fields

ViewKind: TypeAlias = Literal["singleton", "list", "map", "multimap"]
Getter: TypeAlias = "tuple[str, ...] | Callable[[Any], Any] | None"


class Missing(Enum):
    """Stands for a default that was not given: None is a default as good as another."""

    MISSING = "missing"


MISSING = Missing.MISSING


@dataclass(frozen=True)
class View:
    """How a function sees a side input.

    Args:
        name: the keyword argument it becomes.
        kind: one record, a list, a dict by key, or a dict of lists by key.
        key: fields, or a function of the record; None: the records are pairs of key and value.
        value: a field, or a function of the record; None: the whole record.
        default: what a singleton is when there is no record.
    """

    name: str
    kind: ViewKind
    key: Getter = None
    value: Getter = None
    default: Any = MISSING

    def check(self, side: CollectionType, main: CollectionType) -> None:
        """Check that a side can be seen so, and that its windows are complete at some time.

        Raises:
            UnknownField: for a field that the side does not have.
            WindowingError: when no window of the side goes with one of the main input, or it is never over.
        """
        for getter in (self.key, self.value):
            if isinstance(getter, tuple):
                side.check_fields(frozenset(getter))
        window = side.windowing.window
        if isinstance(window, Session):
            raise WindowingError(
                f"side input {self.name!r} has session windows, which no window of the main input maps onto",
                hint="put Window(Tumbling(...)), another aligned window or Window(Global()) on the side",
            )
        if isinstance(window, Global):
            if not side.bounded:
                raise WindowingError(
                    f"side input {self.name!r} never ends and has the global window, so it would never be "
                    "complete and the main input would wait for ever",
                    hint="put Window(Tumbling('60s')) on both, bound the source, or join the two by key with "
                    "a table that changes",
                )
        elif isinstance(main.windowing.window, Global):
            raise WindowingError(
                f"side input {self.name!r} has windows ({window}), but the main input has the global one, "
                "which ends when time does",
                hint="put a Window on the main input, or Window(Global()) on the side",
            )


@dataclass(frozen=True)
class CallOp(Op):
    """Call a function with each record and whatever else it asked for.

    The first input is the main one; the others are the side inputs, one for each view. In overlapping windows
    that no grouping has given yet, the function is called once for each window of a record, and what it
    returns is in that window.

    Args:
        call: the function, its shape (map, flat_map or filter) and what comes out of it.
        views: the side inputs.
        context: whether it takes a ``RecordContext`` as its second argument.
        on_error: what happens to a record that it raises on.
    """

    call: FunctionOp
    views: tuple[View, ...] = ()
    context: bool = False
    on_error: OnError = "fail"

    runs_on = "rows"

    @property
    def keeps_records(self) -> bool:  # type: ignore[override]
        """A filter hands on what it got."""
        return self.call.keeps_records

    @property
    def reads_panes(self) -> bool:  # type: ignore[override]
        """Whether the function is told the pane."""
        return self.context

    def label(self) -> str:
        return self.call.label()

    def outputs(self) -> tuple[str, ...]:
        return (*super().outputs(), *self.call.tags, *((LATE,) if self.views else ()))

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        main, *sides = inputs
        for view, side in zip(self.views, sides, strict=True):
            view.check(side, main)
        after = self.call.infer([main])
        after = in_one_window(after) if self.views or self.context else after
        function = self.call.function
        if isinstance(function, DoFn) and type(function).finish_bundle is not DoFn.finish_bundle:
            window = after.windowing.window
            if after.grouped and not isinstance(window, Tumbling | Calendar | Global):
                raise WindowingError(
                    f"finish_bundle of {type(function).__name__} would emit records whose window is not "
                    f"known: a time does not name one of {window}",
                    hint="put a Window in front of the step, or yield everything from process",
                )
        return after

    def infer_output(self, tag: str, inputs: Sequence[CollectionType]) -> CollectionType:
        return late_type(inputs[0]) if tag == LATE else super().infer_output(tag, inputs)

    def needs(self, wanted: Fields) -> Fields:
        del wanted
        return None

    def changes(self) -> Fields:
        return self.call.changes()

    def cost(self) -> int:
        return PYTHON_COST


def in_one_window(before: CollectionType) -> CollectionType:
    """Return the type of records that are in one window each, and carry it when their time does not tell.

    Example:
        >>> from pulse.graph.collection import CollectionType
        >>> from pulse.model.windows import Windowing
        >>> kinds = Tumbling("10s"), Sliding("10s", "5s")
        >>> [in_one_window(CollectionType(None, windowing=Windowing(kind))).grouped for kind in kinds]
        [False, True]
    """
    return replace(before, grouped=True) if isinstance(before.windowing.window, Sliding) else before
