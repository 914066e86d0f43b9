"""What a run gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulse.engine.ledger import Ledger
from pulse.errors import PipelineError
from pulse.graph.logical import Port
from pulse.model.time import MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.io.sinks import Collect


@dataclass(frozen=True)
class RunResult:
    """The outcome of a run.

    Args:
        collected: the records of the collections that nothing else consumed, where they were asked for.
        ledger: where the records of every step went.
        seconds: how long it took, by the wall clock.
        bytes_in: bytes read by the sources.
        bytes_out: bytes written by the sinks.
        written: what the sinks have made visible, such as paths.
        watermark: the lowest watermark of the sources at the end, microseconds.
        interrupted: whether the run was asked to stop before its end.
        trace: the schedule that the deterministic runner took.
    """

    collected: Mapping[Port, Collect] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    seconds: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0
    written: tuple[str, ...] = ()
    watermark: int = MIN_TIME
    interrupted: bool = False
    trace: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()

    def records(self, collection: Any) -> list[Any]:
        """Return the records of a collection that nothing else consumed, in the order in which they came."""
        return list(self._of(collection).records)

    def timed(self, collection: Any) -> list[tuple[Any, int]]:
        """Return the records of a collection with the event time of each, in microseconds."""
        found = self._of(collection)
        return list(zip(found.records, found.times, strict=True))

    def _of(self, collection: Any) -> Collect:
        port = collection if isinstance(collection, Port) else collection.port
        if port not in self.collected:
            known = ", ".join(str(p) for p in self.collected) or "none"
            raise PipelineError(
                f"collection {port} was not collected; collected: {known}",
                hint="only collections that nothing else reads are collected; "
                "add Write(Collect()) to look at another",
            )
        return self.collected[port]

    @property
    def records_in(self) -> int:
        """Records that the sources gave, bad ones included."""
        return sum(self.ledger[name].received for name in self.sources)

    @property
    def records_out(self) -> int:
        """Records that the sinks took."""
        return sum(self.ledger[name].received for name in self.sinks)

    @property
    def late(self) -> int:
        """Records that came too late, over all steps."""
        return sum(step.late for step in self.ledger.values())

    @property
    def errored(self) -> int:
        """Records that a step could not process, over all steps."""
        return sum(step.errored for step in self.ledger.values())
