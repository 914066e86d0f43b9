"""A record on its way to a named output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Tagged:
    """What a ``FlatMap`` function yields to send a record to another output than the main one.

    Args:
        tag: name of the output.
        value: the record.
    """

    tag: str
    value: Any
