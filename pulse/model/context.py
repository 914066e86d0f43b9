"""What a function may know of a record beside the record itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pulse.model.panes import Pane


class Span(NamedTuple):
    """A stretch of event time, ``[start, end)``, microseconds since the epoch."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class RecordContext:
    """Where a record stands in time: the second argument of functions that ask for it (``context=True``).

    Args:
        time: its event time, microseconds since the epoch, UTC.
        watermark: the watermark in force just before it.
        window: its window; None in the global window.
        pane: which firing of its window it is a result of; None before any grouping.

    Example:
        >>> RecordContext(5, 3, Span(0, 10)).window.end
        10
    """

    time: int
    watermark: int
    window: Span | None = None
    pane: Pane | None = None
