"""One observer that stands for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.engine.observer import SILENT

if TYPE_CHECKING:
    from pulse.engine.observer import Observer


class FanOut:
    """Tells every observer the same, in the order given.

    Args:
        observers: who is told.
    """

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers

    def received(self, step: str, records: int) -> None:
        """Records came into a step."""
        for observer in self._observers:
            observer.received(step, records)

    def emitted(self, step: str, records: int) -> None:
        """Records came out of a step."""
        for observer in self._observers:
            observer.emitted(step, records)

    def dropped(self, step: str, reason: str, records: int) -> None:
        """Records will not come out."""
        for observer in self._observers:
            observer.dropped(step, reason, records)

    def watermark(self, step: str, time: int) -> None:
        """The input watermark of a step moved."""
        for observer in self._observers:
            observer.watermark(step, time)

    def processed(self, step: str, seconds: float) -> None:
        """A step took this long for one bundle."""
        for observer in self._observers:
            observer.processed(step, seconds)

    def state(self, step: str, records: int) -> None:
        """A step holds this many records in state."""
        for observer in self._observers:
            observer.state(step, records)

    def written(self, sink: str, size: int, seconds: float) -> None:
        """A sink wrote a bundle."""
        for observer in self._observers:
            observer.written(sink, size, seconds)

    def queue(self, edge: str, rows: int) -> None:
        """This many records wait on an edge."""
        for observer in self._observers:
            observer.queue(edge, rows)


def fan_out(*observers: Observer) -> Observer:
    """Return one observer for any number of them.

    Example:
        >>> from pulse.engine.observer import SILENT, NullObserver
        >>> one = NullObserver()
        >>> fan_out() is SILENT, fan_out(one) is one, type(fan_out(one, one)).__name__
        (True, True, 'FanOut')
    """
    if not observers:
        return SILENT
    return observers[0] if len(observers) == 1 else FanOut(*observers)
