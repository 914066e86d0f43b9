"""Scripts as sources: timed records, watermarks, idleness and processing time, played in one order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from pulse.errors import ConnectorError
from pulse.io.base import Block, ClockMove, Decoded, End, Idle, Json, PacedReader, Reader, ReadRequest, Source
from pulse.io.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

MAIN_INPUT = "main"
"""Name of the input of a script that has one."""


@dataclass(frozen=True, slots=True)
class Elements:
    """Records of one input with their event times, in microseconds."""

    input: str
    records: tuple[Any, ...]
    times: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Promise:
    """The watermark of one input, microseconds."""

    input: str
    time: int


@dataclass(frozen=True, slots=True)
class ProcessingTime:
    """Processing time goes on by so many microseconds."""

    by: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """One input has nothing to say until it speaks again."""

    input: str


@dataclass(frozen=True, slots=True)
class Close:
    """One input is over."""

    input: str


Event: TypeAlias = Elements | Promise | ProcessingTime | Quiet | Close
Played: TypeAlias = Elements | Promise | ProcessingTime | Quiet | Close | End


@dataclass(frozen=True)
class Script:
    """Events in order. What has no end of its own ends after the last of them.

    Args:
        inputs: names of the inputs.
        events: what happens.
    """

    inputs: tuple[str, ...]
    events: tuple[Event, ...]

    def of(self, name: str) -> list[tuple[int, Played]]:
        """Return what concerns one input, with places in the script: its own events, and processing time.

        Example:
            >>> Script(("a", "b"), (Promise("a", 5), Promise("b", 5), Close("a"))).of("a")
            [(0, Promise(input='a', time=5)), (2, Close(input='a'))]
        """
        found: list[tuple[int, Played]] = [
            (place, event)
            for place, event in enumerate(self.events)
            if isinstance(event, ProcessingTime) or event.input == name
        ]
        if not any(isinstance(event, Close) for _, event in found):
            # One after the other, in the order of the inputs.
            found.append((len(self.events) + self.inputs.index(name), End()))
        return found

    def records(self, name: str) -> tuple[list[Any], list[int]]:
        """Return all records of one input, and their event times."""
        elements = [e for e in self.events if isinstance(e, Elements) and e.input == name]
        return [r for e in elements for r in e.records], [t for e in elements for t in e.times]


@dataclass(frozen=True, eq=False)
class ScriptSource(Source):
    """One input of a script.

    Args:
        script: the script.
        name: the input.
        memory: its records.
        ends: whether the pipeline may count on its end, as on that of a file.
    """

    script: Script = field(repr=False)
    name: str
    memory: Memory = field(repr=False)
    ends: bool = True

    paced = True
    numbered = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "bounded", self.ends)
        object.__setattr__(self, "layouts", self.memory.layouts)

    @classmethod
    def of(
        cls, script: Script, name: str, schema: pa.Schema | str | None = None, *, bounded: bool = True
    ) -> ScriptSource:
        """Return an input of a script; the schema is what its records show when none is given."""
        records, times = script.records(name)
        return cls(script, name, Memory(records, times=times, schema=schema), bounded)

    @property
    def label(self) -> str:
        """``script`` with the name of the input."""
        return f"script({self.name})"

    def declared_schema(self) -> pa.Schema | None:
        """Return the schema that was declared."""
        return self.memory.declared_schema()

    def sniff_schema(self) -> pa.Schema | None:
        """Return the declared schema, or the one that holds all records."""
        return self.memory.sniff_schema()

    def open(self, split: str, request: ReadRequest, position: Json = None) -> ScriptReader:
        """Open the script at its start, or after the events that were played."""
        played = 0 if position is None else position
        events = self.script.of(self.name)
        if not isinstance(played, int) or not 0 <= played <= len(events):
            raise ConnectorError(f"{position!r} is not a position in {self.label}")
        reader = self.memory.open(split, request)
        return ScriptReader(events, len(self.script.events) + 1, reader, played)


class ScriptReader(PacedReader):
    """Plays the events of one input.

    Args:
        events: what concerns the input, with places in the whole script.
        turns: how many events the whole script has, its end included.
        memory: decodes the records of the input.
        played: how many of the events have been played.
    """

    def __init__(
        self, events: Sequence[tuple[int, Played]], turns: int, memory: Reader, played: int = 0
    ) -> None:
        self._events = events
        self._turns = turns
        self._memory = memory
        self._played = played
        self._records = sum(len(e.records) for _, e in events[:played] if isinstance(e, Elements))

    @property
    def turn(self) -> int | None:
        """The place of the next event."""
        return self._events[self._played][0] if self._played < len(self._events) else None

    @property
    def turns(self) -> int:
        """How many events the whole script has, its end included."""
        return self._turns

    def play(self) -> Block | Idle | ClockMove | End:
        """Play the next event; after the last there is only the end."""
        if self._played == len(self._events):
            return End()
        event = self._events[self._played][1]
        self._played += 1
        if isinstance(event, ProcessingTime):
            return ClockMove(event.by)
        if isinstance(event, Quiet):
            return Idle()
        if isinstance(event, Elements):
            return self._block(len(event.records), None)
        if isinstance(event, Promise):
            return self._block(0, event.time)
        return End()

    def _block(self, count: int, promise: int | None) -> Block:
        start = self._records
        self._records += count
        return Block((start, start + count, promise), self._played, "script", count * 256, start)

    def decode(self, block: Block) -> Decoded:
        """Turn a range of the records into what was asked for, with the watermark promised after them."""
        start, stop, promise = block.payload
        decoded = self._memory.decode(replace(block, payload=(start, stop)))
        if start == stop:
            decoded = replace(decoded, times=np.empty(0, np.int64))
        return replace(decoded, watermark=promise)

    def position(self) -> Json:
        """Return how many of the events have been played."""
        return self._played
