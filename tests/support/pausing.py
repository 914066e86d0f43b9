"""A source with silences between its records, for tests of idleness and of the clock."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulse.io.base import Block, End, Idle, Reader, Source
from pulse.io.memory import Memory

SECOND = 1_000_000


@dataclass(frozen=True, eq=False)
class Pausing(Source):
    """Records with silences between them: ``None`` is a moment in which there is nothing to read.

    Args:
        entries: event times of records, or None.
        retry_after: how long each silence is, microseconds.
        key: field ``k`` of the records.
        polls: filled with the event times in the order in which they were read.
    """

    entries: tuple[int | None, ...]
    retry_after: int = SECOND
    key: str = "a"
    polls: list[int] = field(default_factory=list)

    numbered = False

    @property
    def memory(self) -> Memory:
        times = [time for time in self.entries if time is not None]
        return Memory([{"k": self.key, "t": time} for time in times], times=times)

    @property
    def label(self):
        return "pausing"

    def declared_schema(self):
        return self.memory.sniff_schema()

    def sniff_schema(self):
        return self.memory.sniff_schema()

    def open(self, split, request, position=None):
        return PausingReader(self, self.memory.open(split, request), position or 0)


class PausingReader(Reader):
    def __init__(self, source, reader, position):
        self.source, self.reader, self.next = source, reader, position

    def poll(self):
        entries = self.source.entries
        if self.next == len(entries):
            return End()
        entry = entries[self.next]
        self.next += 1
        if entry is None:
            return Idle(self.source.retry_after)
        self.source.polls.append(entry)
        start = sum(each is not None for each in entries[: self.next - 1])
        return Block((start, start + 1), self.next, "pausing", 1, start)

    def decode(self, block):
        return self.reader.decode(block)

    def close(self):
        self.reader.close()
