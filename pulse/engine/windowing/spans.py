"""The windows of each record, as spans of time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from pulse.engine.windowing.late import saturating_add

if TYPE_CHECKING:
    from pulse.engine.windowing.slicing import Slicing
    from pulse.engine.windowing.window_state import Span
    from pulse.model.bundle import Bundle, Int64s


class RecordSpans(ABC):
    """Says which windows records are in."""

    merging: bool = False
    """Whether windows of a key that overlap become one."""

    @abstractmethod
    def spans(self, bundle: Bundle) -> list[list[Span]]:
        """Return the windows of each record, by their start; none for a record in a gap."""

    def places(self, bundle: Bundle) -> Int64s | None:
        """Return what orders the records of a window before their order of arrival; None: nothing does."""
        del bundle
        return None

    def first_open(self, watermark: int) -> int:
        """Return the start of the first window that is not over, whether it holds records or not."""
        return watermark


class AlignedSpans(RecordSpans):
    """Assigns windows that are the same for every key.

    Args:
        slicing: how the window cuts time.

    Example:
        >>> from pulse.engine.windowing.slicing import SlidingSlicing
        >>> from pulse.model.bundle import Bundle
        >>> from pulse.model.windows import Sliding
        >>> bundle = Bundle([{}, {}], np.array([2, 7]), 0)
        >>> AlignedSpans(SlidingSlicing(Sliding("10us", "5us"))).spans(bundle)
        [[(-5, 5), (0, 10)], [(0, 10), (5, 15)]]
    """

    def __init__(self, slicing: Slicing) -> None:
        self.slicing = slicing

    def spans(self, bundle: Bundle) -> list[list[Span]]:
        slices = self.slicing.assign(bundle)
        unique, which = np.unique(slices, return_inverse=True)
        gap = self.slicing.in_gap(unique)
        if self.slicing.overlapping and len(unique):
            starts = self.slicing.windows(unique)
            ends = self.slicing.ends(starts)
            low = np.searchsorted(ends, unique, side="right").tolist()
            high = np.searchsorted(starts, unique, side="right").tolist()
            every = list(zip(starts.tolist(), ends.tolist(), strict=True))
            found = [every[a:b] for a, b in zip(low, high, strict=True)]
        else:
            ends = self.slicing.ends(unique)
            found = [[span] for span in zip(unique.tolist(), ends.tolist(), strict=True)]
        if gap is not None:
            found = [[] if outside else spans for spans, outside in zip(found, gap.tolist(), strict=True)]
        return [found[i] for i in which.tolist()]

    def places(self, bundle: Bundle) -> Int64s | None:
        # As in bulk, where windows that overlap are put together slice by slice.
        return self.slicing.assign(bundle) if self.slicing.overlapping else None

    def first_open(self, watermark: int) -> int:
        return self.slicing.over_before(watermark)


class SessionSpans(RecordSpans):
    """Assigns each record a window of its own, which lasts for the gap.

    Args:
        gap: the silence that ends a session, microseconds.
    """

    merging = True

    def __init__(self, gap: int) -> None:
        self.gap = gap

    def spans(self, bundle: Bundle) -> list[list[Span]]:
        if bundle.windows is not None:
            starts, ends = bundle.windows.starts, bundle.windows.ends
        else:
            starts, ends = bundle.times, saturating_add(bundle.times, self.gap)
        return [[span] for span in zip(starts.tolist(), ends.tolist(), strict=True)]

    def places(self, bundle: Bundle) -> Int64s | None:
        # Sessions that merge interleave in time, so that no order of arrival is left.
        return bundle.times
