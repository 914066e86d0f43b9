"""A record on its way with an event time of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Timestamped:
    """What a ``DoFn`` yields to give a record another event time than that of the record it came from.

    Args:
        value: the record; a ``Tagged`` record has it inside: ``Tagged("tag", Timestamped(value, time))``.
        time: its event time, microseconds since the epoch or a datetime. A time behind the watermark makes
            the record late for the windows after.

    Example:
        >>> Timestamped({"n": 1}, 5_000_000)
        Timestamped(value={'n': 1}, time=5000000)
    """

    value: Any
    time: int | datetime
