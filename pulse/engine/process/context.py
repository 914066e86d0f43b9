"""What a person's process sees of the record, the key, the time and the window it works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pulse.engine.process.handles import instant
from pulse.errors import did_you_mean
from pulse.graph.ops import MAIN
from pulse.model.time import MAX_TIME, MIN_TIME, format_time

if TYPE_CHECKING:
    from datetime import datetime

    from pulse.engine.clock import Clock
    from pulse.engine.process.call import Call
    from pulse.engine.process.outputs import Outputs
    from pulse.model.panes import Pane


class WindowBounds(NamedTuple):
    """A window: ``[start, end)``, microseconds since the epoch."""

    start: int
    end: int


class ProcessContext:
    """What ``process`` and ``on_timer`` are given as ``ctx``: one object, moved from call to call.

    All times are microseconds since the epoch, UTC. The declared state and timers stand under their names.

    Attributes:
        key: the value of the key field; a tuple of them when there are several.
        time: event time of the record, or the time of the timer.
        tag: the tag of the timer; empty for a record.
        watermark: the watermark in force: no record that comes after has an event time before it.
    """

    def __init__(self, call: Call, outputs: Outputs, clock: Clock) -> None:
        self.key: Any = None
        self.time = self.watermark = MIN_TIME
        self.tag = ""
        self._call, self._outputs, self._clock = call, outputs, clock

    @property
    def window(self) -> WindowBounds:
        """The window of the record or timer; all of time for the global window."""
        return WindowBounds(self._call.start, self._call.end)

    @property
    def processing_time(self) -> int:
        """What the clock of the run shows."""
        return self._clock.now

    @property
    def pane(self) -> Pane:
        """Which firing of an earlier window the record is."""
        return self._call.pane

    @property
    def ended(self) -> bool:
        """Whether the input is over; a timer that always sets itself again should stop then."""
        return self.watermark == MAX_TIME

    def emit(self, record: Any, *, time: int | datetime | None = None, tag: str = MAIN) -> None:
        """Emit a record.

        Args:
            record: the record.
            time: its event time; that of the record or timer at hand when left out.
            tag: the output that it goes to.

        Raises:
            ValueError: for an output that was not declared, or a time before that of the record or timer at
                hand (what comes after may count on the watermark) or when the window is over.
        """
        call = self._call
        earliest = at = self.time if call.output_time is None else call.output_time
        if time is not None:
            at = instant(time)
            if at < earliest:
                raise ValueError(
                    f"output time {format_time(at)} is before {format_time(earliest)}, the time of the "
                    "record or timer at hand; a timer set with hold= may emit from the time that it holds"
                )
            if at > call.last_time:
                raise ValueError(
                    f"output time {format_time(at)} is after {format_time(call.last_time)}, the last moment "
                    "of the window and its lateness"
                )
        self._outputs.add(tag, record, at, call.start)

    def drop(self) -> None:
        """Say that the record at hand is left out by design: it counts as filtered."""
        self._call.dropped = self._call.attention = True

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    else:

        def __getattr__(self, name: str) -> Any:
            # Called only for a name that is not there.
            own = [each for each in vars(self) if each not in RESERVED and not each.startswith("_")]
            meant = did_you_mean(name, [*own, *sorted(RESERVED)])
            listed = ", ".join(own) or "none"
            text = f"ctx has no {name!r}; declared state and timers: {listed}"
            raise AttributeError(f"{text}; {meant}" if meant else text, name=name, obj=self)


RESERVED = frozenset(
    {name for name in vars(ProcessContext) if not name.startswith("_")} | {"key", "time", "tag", "watermark"}
)
"""Names that state and timers cannot have."""
