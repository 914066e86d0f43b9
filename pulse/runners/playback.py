"""Playing scripts: one event after the other, each when all that came of those before is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.errors import PulseInternalError
from pulse.io.base import Block, ClockMove, Idle, PacedReader

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.graph.plan import Plan
    from pulse.runners.execution import Emitted, Machines


def is_paced(plan: Plan, source: str) -> bool:
    """Return whether a source of a plan plays a script."""
    op = plan.by_name[source].first.op
    return bool(getattr(op, "source").paced)  # noqa: B009 - the first step of a source stage reads


class Playback:
    """The scripts of a run, and what had come out at each of their events.

    A runner plays an event, lets everything happen that comes of it, moves processing time to ``target`` in
    steps no longer than to what is due next, and then asks for the next one.

    Args:
        machines: the machines of the run; readers are opened where their splits left off.
    """

    def __init__(self, machines: Machines) -> None:
        self.machines = machines
        self.readers: dict[tuple[str, int], PacedReader] = {}
        self.counts: list[dict[str, int]] = []
        self.bytes = 0
        self.target: int | None = None
        for name, source in machines.sources.items():
            if not source.op.source.paced:
                continue
            for index in range(len(source.splits)):
                reader = machines.open_reader(name, index)
                if not isinstance(reader, PacedReader):
                    raise PulseInternalError(f"source {name!r} is paced, but its reader is not")
                self.readers[name, index] = reader

    @property
    def turn(self) -> int | None:
        """The place of the next event; None when all is played."""
        return min((turn for r in self.readers.values() if (turn := r.turn) is not None), default=None)

    @property
    def over(self) -> bool:
        """Whether nothing is left to do, processing time included."""
        return self.target is None and self.turn is None

    def play(self) -> list[Emitted]:
        """Play the next event and return what the sources emit."""
        turn, moves, made = self.turn, 0, []
        self.note(turn)
        for (name, index), reader in self.readers.items():
            if turn is None or reader.turn != turn:
                continue
            machine, found = self.machines.sources[name], reader.play()
            if isinstance(found, ClockMove):
                moves = max(moves, found.by)
            elif isinstance(found, Block):
                self.bytes += found.nbytes
                made.append(self.machines.given(name, machine.accept(index, found, reader.decode(found))))
            elif isinstance(found, Idle):
                made.append(self.machines.given(name, machine.idle(index)))
            else:
                made.append(self.machines.given(name, machine.end(index)))
            machine.splits[index].position = reader.position()
        if moves:
            self.target = self.machines.clock.now + moves
        return made

    def move(self) -> list[Emitted]:
        """Move processing time towards ``target``, no further than to what is due next."""
        if self.target is None:
            return []
        now, due = self.machines.clock.now, self.machines.due
        if due is not None and due <= self.target:
            return self.machines.move_clock(max(due, now))
        target, self.target = self.target, None
        return self.machines.move_clock(target)

    def note(self, turn: int | None) -> None:
        """Note what the sinks have got, as what came of all events before one; None: of all there are."""
        total = max((reader.turns for reader in self.readers.values()), default=0)
        seen = {sink.name: sink.books.received for sink in self.machines.sinks.values()}
        while len(self.counts) < (total if turn is None else min(turn, total - 1)):
            self.counts.append(seen)

    def log(self) -> tuple[Mapping[str, int], ...]:
        """Return how many records each sink had got after each event, once everything is played."""
        self.note(None)
        return tuple(self.counts)

    def close(self) -> None:
        """Close the readers."""
        for reader in self.readers.values():
            reader.close()
