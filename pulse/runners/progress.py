"""How far a run has got."""

from __future__ import annotations

from dataclasses import dataclass

from pulse.model.time import MIN_TIME


@dataclass(frozen=True, slots=True)
class Progress:
    """A look at a running pipeline.

    Args:
        seconds: since the start.
        records_in: records that the sources gave.
        records_out: records that the sinks took.
        bytes_in: bytes read.
        bytes_total: bytes there are to read; None when that is not known.
        watermark: the lowest watermark of the sources, microseconds.
        late: records that came too late.
        errored: records that a step could not process.
    """

    seconds: float
    records_in: int
    records_out: int
    bytes_in: int
    bytes_total: int | None
    watermark: int = MIN_TIME
    late: int = 0
    errored: int = 0
