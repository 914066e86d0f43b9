"""The call of a person's code that is being made: what cells, timers and the context work on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pulse.model.panes import Pane
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from pulse.model.panes import Panes

Entry: TypeAlias = list[Any]
"""The state of a key and window: the value of each cell, then, for those with a time to live, when each was
last written and when that is looked at next."""

Undo: TypeAlias = Callable[[], object]


class _Empty:
    """The value of a cell that holds nothing."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "EMPTY"


EMPTY: Final = _Empty()

_NO_PANE = Pane()


class _Outside(list[Any]):
    """Stands for the entry while no record and no timer is being processed."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("state belongs to a key: it can be used only while process or on_timer runs")

    __getitem__ = __setitem__ = _refuse


OUTSIDE: Final = _Outside()


class Call:
    """One object per machine, moved from call to call.

    Attributes:
        entry: the state of the key and window.
        start: start of the window.
        end: end of the window; set when it is asked for, by ``ends``.
        row: the place of the record in its bundle.
        output_time: the earliest event time of what comes of a timer; None for a record, whose own it is.
        dropped: whether the record is left out by design.
        attention: whether something must be looked at when the call is over.
        journal: how to take back what the call has changed; None when nothing is ever taken back.
        watched: whether cells must tell of changes before they make them.
        soonest: no event-time work is due before this watermark.
    """

    __slots__ = (
        "attention",
        "dropped",
        "ends",
        "entry",
        "journal",
        "last_times",
        "output_time",
        "panes",
        "row",
        "soonest",
        "start",
        "touch",
        "watched",
    )

    def __init__(self, *, journaling: bool, touch: Callable[[Entry, int], None] | None = None) -> None:
        self.entry: Entry = OUTSIDE
        self.start = MIN_TIME
        self.row = 0
        self.output_time: int | None = None
        self.panes: Panes | None = None
        self.ends: dict[int, int] = {}
        self.last_times: dict[int, int] = {}
        self.dropped = self.attention = False
        self.journal: list[Undo] | None = [] if journaling else None
        self.touch = touch
        self.watched = journaling or touch is not None
        self.soonest = MAX_TIME

    def changes(self, index: int, undo: Undo | None = None) -> None:
        """Take note that a cell is about to change, and how that is taken back."""
        entry = self.entry
        if self.journal is not None:
            self.journal.append(undo or partial(entry.__setitem__, index, entry[index]))
        if self.touch is not None:
            self.touch(entry, index)

    def take_back(self) -> None:
        """Undo what the call has changed."""
        for undo in reversed(self.journal or ()):
            undo()

    @property
    def end(self) -> int:
        """The end of the window."""
        return self.ends[self.start]

    @property
    def last_time(self) -> int:
        """The last event time that a timer or a result of the window may have."""
        return self.last_times[self.start]

    @property
    def pane(self) -> Pane:
        """The pane of the record."""
        return _NO_PANE if self.panes is None or self.output_time is not None else self.panes[self.row]
