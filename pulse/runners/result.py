"""What a run gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from pulse.engine.ledger import Ledger
from pulse.errors import PipelineError
from pulse.graph.compile import collector_name
from pulse.graph.logical import Port
from pulse.graph.ops import LATE
from pulse.model.time import MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulse.io.base import Writer
    from pulse.io.sinks import Collect
    from pulse.model.panes import Pane
    from pulse.runners.execution import Machines


class Outcome(NamedTuple):
    """A record of a collection, with the times that go with it.

    Args:
        record: the record.
        time: its event time, microseconds.
        window: the window it was grouped in, as (start, end) in microseconds; None when it was not.
        pane: which firing of that window it belongs to; None where that is not known.
    """

    record: Any
    time: int
    window: tuple[int, int] | None = None
    pane: Pane | None = None


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
        sources: names of the steps that read.
        sinks: names of the steps that write.
        turns: how many records each sink had got after each event of the scripts that were played.
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
    turns: tuple[Mapping[str, int], ...] = ()

    def records(self, collection: Any) -> list[Any]:
        """Return the records of a collection that nothing else consumed, in the order in which they came."""
        return list(self._of(collection).records)

    def timed(self, collection: Any) -> list[tuple[Any, int]]:
        """Return the records of a collection with the event time of each, in microseconds."""
        found = self._of(collection)
        return list(zip(found.records, found.times, strict=True))

    def panes(self, collection: Any) -> list[Outcome]:
        """Return the records of a collection with event time, window and pane."""
        found = self._of(collection)
        return list(map(Outcome, found.records, found.times, found.windows, found.panes))

    def late_records(self, collection: Any) -> list[Any]:
        """Return the records that came too late for the windows of the step that made a collection.

        Each is the original record with ``window_start``, ``window_end`` and ``late_by``.
        """
        port = collection if isinstance(collection, Port) else collection.port
        return self.records(Port(port.step, LATE))

    def steps(self, collection: Any) -> list[list[Outcome]]:
        """Return what came out in a collection at each event of the script that a ``TestStream`` played.

        One list per event, and one more for what came when everything that was still open had ended.

        Raises:
            PipelineError: when no script was played.
        """
        if not self.turns:
            raise PipelineError(
                "the run played no script, so there are no steps", hint="read from a TestStream"
            )
        port = collection if isinstance(collection, Port) else collection.port
        panes, name = self.panes(port), collector_name(port)
        counts = [0, *(turn[name] for turn in self.turns)]
        return [panes[start:stop] for start, stop in pairwise(counts)]

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

    @property
    def dropped(self) -> int:
        """Records that found no room while channels overflowed, over all steps."""
        return sum(step.dropped for step in self.ledger.values())


def make_result(
    machines: Machines,
    collected: Mapping[Port, Collect],
    writers: Iterable[Writer],
    *,
    seconds: float,
    bytes_in: int,
    turns: tuple[Mapping[str, int], ...],
    interrupted: bool = False,
    trace: tuple[str, ...] = (),
) -> RunResult:
    """Return the outcome of a run that is over; the ledger must balance.

    Args:
        machines: the machines of the run.
        collected: the collectors of what nothing else read.
        writers: the writers of the sinks.
        seconds: how long it took.
        bytes_in: bytes read by the sources.
        turns: see ``RunResult``.
        interrupted: see ``RunResult``.
        trace: see ``RunResult``.

    Raises:
        PulseInternalError: when the ledger does not balance.
    """
    ledger = machines.ledger
    ledger.check()
    late = {collector_name(port) for port in collected if port.tag == LATE}
    return RunResult(
        collected=collected,
        ledger=ledger,
        seconds=seconds,
        bytes_in=bytes_in,
        bytes_out=sum(sink.bytes for sink in machines.sinks.values()),
        written=tuple(name for writer in writers for name in writer.written),
        watermark=machines.watermark,
        interrupted=interrupted,
        trace=trace,
        sources=tuple(source.name for source in machines.sources.values()),
        sinks=tuple(sink.name for sink in machines.sinks.values() if sink.name not in late),
        turns=turns,
    )
