"""How the outside looks in: the engine is observed, it does not report."""

from __future__ import annotations

from typing import Protocol


class Observer(Protocol):
    """Called by the engine once per bundle or event, never per record. Every method may do nothing."""

    def received(self, step: str, records: int) -> None:
        """Records came into a step."""

    def emitted(self, step: str, records: int) -> None:
        """Records came out of a step."""

    def dropped(self, step: str, reason: str, records: int) -> None:
        """Records will not come out: ``late``, ``error`` or ``overflow``."""

    def watermark(self, step: str, time: int) -> None:
        """The input watermark of a step moved to ``time`` (microseconds)."""

    def processed(self, step: str, seconds: float) -> None:
        """A step took this long for one bundle."""

    def state(self, step: str, records: int) -> None:
        """A step holds this many records in state."""

    def written(self, sink: str, size: int, seconds: float) -> None:
        """A sink wrote a bundle of ``size`` bytes in this long."""

    def queue(self, edge: str, rows: int) -> None:
        """This many records wait on an edge."""


class NullObserver:
    """Observes nothing."""

    def received(self, step: str, records: int) -> None: ...

    def emitted(self, step: str, records: int) -> None: ...

    def dropped(self, step: str, reason: str, records: int) -> None: ...

    def watermark(self, step: str, time: int) -> None: ...

    def processed(self, step: str, seconds: float) -> None: ...

    def state(self, step: str, records: int) -> None: ...

    def written(self, sink: str, size: int, seconds: float) -> None: ...

    def queue(self, edge: str, rows: int) -> None: ...


SILENT: Observer = NullObserver()


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
