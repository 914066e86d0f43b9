"""Timers as a running process sees them: ``set``, ``set_after``, ``clear``."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from pulse.model.time import Duration, format_time, from_datetime, micros

if TYPE_CHECKING:
    from pulse.engine.process.call import Call
    from pulse.engine.process.context import ProcessContext
    from pulse.engine.process.timers import Timers, Which

_delay = lru_cache(maxsize=256)(micros)


def instant(time: int | datetime) -> int:
    """Return a point in time in microseconds.

    Example:
        >>> from datetime import UTC
        >>> instant(5), instant(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
        (5, 1000000)
    """
    if isinstance(time, datetime):
        return from_datetime(time)
    if isinstance(time, int) and not isinstance(time, bool):
        return time
    raise TypeError(f"time {time!r} is {type(time).__name__}, but must be microseconds (int) or a datetime")


class TimerHandle:
    """A declared timer, for the key and window at hand.

    Args:
        name: its name.
        timers: the timers of its domain.
        call: the call at hand.
        context: what the process sees, which knows the key and the time.
    """

    def __init__(self, name: str, timers: Timers, call: Call, context: ProcessContext) -> None:
        self._name, self._timers, self._call, self._context = name, timers, call, context

    def set(self, at: int | datetime, *, tag: str = "", hold: int | datetime | None = None) -> None:
        """Set the timer, in place of what it was set to.

        Args:
            at: when it fires: microseconds or a datetime. A time that has passed fires right after the call.
            tag: tells timers of one name apart; the callback sees it as ``ctx.tag``.
            hold: event time of what the timer will emit; the output watermark waits for it until then.

        Raises:
            ValueError: when the window is over by then, or ``hold`` is before the record or timer at hand, or
                after the timer.
        """
        self._set(instant(at), tag, None if hold is None else instant(hold))

    def set_after(self, delay: Duration, *, tag: str = "", hold: int | datetime | None = None) -> None:
        """Set the timer to fire some time after the record or timer at hand.

        Args:
            delay: how long after.
            tag: tells timers of one name apart.
            hold: event time of what the timer will emit.
        """
        self.set(self._start() + _delay(delay, name=f"delay of timer {self._name!r}"), tag=tag, hold=hold)

    def clear(self, tag: str = "") -> None:
        """Forget that the timer was set."""
        self._put(self._which(tag), self._timers.put(self._call.start, self._which(tag), None))

    def _start(self) -> int:
        return self._context.time

    def _set(self, at: int, tag: str, hold: int | None) -> None:
        raise NotImplementedError

    def _which(self, tag: str) -> Which:
        return self._context.key, self._name, tag

    def _put(self, which: Which, before: Any) -> None:
        journal = self._call.journal
        if journal is not None:
            journal.append(partial(self._timers.put, self._call.start, which, before))

    def _earliest(self) -> int:
        output = self._call.output_time
        return self._context.time if output is None else output

    def _check_hold(self, hold: int | None, latest: int) -> None:
        if hold is not None and not self._earliest() <= hold <= latest:
            raise ValueError(
                f"timer {self._name!r} cannot hold {format_time(hold)}: it may hold from "
                f"{format_time(self._earliest())}, the time of the record or timer at hand, to "
                f"{format_time(latest)}"
            )


class EventHandle(TimerHandle):
    """An event-time timer."""

    def _set(self, at: int, tag: str, hold: int | None) -> None:
        call = self._call
        last = call.last_time
        if at > last:
            raise ValueError(
                f"timer {self._name!r} at {format_time(at)} lies after {format_time(last)}, the last moment "
                "of the window and its lateness, when state and timers expire"
            )
        output = max(at, self._earliest())
        self._check_hold(hold, output)
        which = self._which(tag)
        kept = output if hold is None else hold
        self._put(which, self._timers.set(call.start, which, at, kept, holds=hold is not None))
        call.soonest = min(call.soonest, at)
        if at <= self._context.watermark:
            call.attention = True


class ProcessingHandle(TimerHandle):
    """A processing-time timer."""

    def _start(self) -> int:
        return self._context.processing_time

    def _set(self, at: int, tag: str, hold: int | None) -> None:
        call, context = self._call, self._context
        self._check_hold(hold, call.last_time)
        which = self._which(tag)
        output = self._earliest() if hold is None else hold
        self._put(which, self._timers.set(call.start, which, at, output, holds=hold is not None))
        if at <= context.processing_time or context.ended:
            call.attention = True
