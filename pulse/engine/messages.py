"""What travels on an edge between two stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pulse.model.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Watermark:
    """No later record on this edge has an event time below ``time`` (microseconds)."""

    time: int


@dataclass(frozen=True, slots=True)
class IdleInput:
    """This edge has nothing to say for now: it leaves the minimum until something comes again."""


@dataclass(frozen=True, slots=True)
class EndOfInput:
    """Nothing more comes on this edge."""


@dataclass(frozen=True, slots=True)
class Barrier:
    """What came before on this edge belongs to a checkpoint, and what comes after does not."""

    number: int


Message: TypeAlias = Bundle | Watermark | IdleInput | EndOfInput | Barrier
