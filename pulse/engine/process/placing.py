"""Which windows each record belongs to, and which of these are over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pulse.engine.windowing.late import saturating_add
from pulse.engine.windowing.slicing import SlidingSlicing, floor_to

if TYPE_CHECKING:
    from pulse.engine.windowing.slicing import Slicing
    from pulse.model.bundle import Bundle, Int64s, Mask


@dataclass(frozen=True)
class Placed:
    """Records with their windows: one row for each record and window.

    Args:
        rows: the place of each record in its bundle; None when every record has one window.
        starts: start of each window.
        ends: end of each window.
        over: which windows are over, by the record's own watermark, or do not hold their record, which lies
            in a gap; None when there are none such.
        gaps: which records lie in a gap; None when none can.
    """

    rows: Int64s | None
    starts: Int64s
    ends: Int64s
    over: Mask | None
    gaps: Mask | None = None


def place(bundle: Bundle, slicing: Slicing, lateness: int) -> Placed:
    """Return the windows of the records of a bundle, by record and then by start.

    Example:
        >>> from pulse.engine.windowing.slicing import SlidingSlicing
        >>> from pulse.model.bundle import Bundle
        >>> from pulse.model.windows import Sliding
        >>> b = Bundle([None] * 2, np.array([0, 25]), 15)
        >>> found = place(b, SlidingSlicing(Sliding("20us", "10us")), 0)
        >>> found.rows.tolist(), found.starts.tolist(), found.over.tolist()
        ([0, 0, 1, 1], [-10, 0, 10, 20], [True, False, False, False])
    """
    if isinstance(slicing, SlidingSlicing):
        return _place_sliding(bundle, slicing, lateness)
    starts = slicing.assign(bundle)
    ends = slicing.ends(starts)
    over = saturating_add(ends, lateness) <= np.asarray(bundle.watermarks, np.int64)
    return Placed(None, starts, ends, over if over.any() else None)


def _place_sliding(bundle: Bundle, slicing: SlidingSlicing, lateness: int) -> Placed:
    times = bundle.times
    last = floor_to(times, slicing.slide, slicing.offset)
    most = -(-slicing.size // slicing.slide)
    starts = last[:, None] - slicing.slide * np.arange(most - 1, -1, -1)
    holds = starts + slicing.size > times[:, None]
    gaps = np.logical_not(np.any(holds, axis=1, keepdims=True))[:, 0]
    # A record in a gap stands here all the same, for it has a watermark.
    holds[gaps, -1] = True
    rows = np.nonzero(holds)[0]
    ends = starts[holds] + slicing.size
    marks = np.broadcast_to(np.asarray(bundle.watermarks, np.int64), len(bundle))[rows]
    over = (saturating_add(ends, lateness) <= marks) | gaps[rows]
    return Placed(rows, starts[holds], ends, over if over.any() else None, gaps if gaps.any() else None)
