"""Definitions written out as they stand, for tests that compare."""

from pulse.model.time import MAX_TIME, MIN_TIME
from pulse.model.windows import Session, Sliding, Tumbling


def windows_of(window, time):
    """The windows of a time, by the definition."""
    match window:
        case Tumbling():
            start = (time - window.offset_us) // window.size_us * window.size_us + window.offset_us
            return [(start, start + window.size_us)]
        case Sliding():
            first = time - window.size_us + 1
            starts = [s for s in range(first, time + 1) if (s - window.offset_us) % window.slide_us == 0]
            return [(start, start + window.size_us) for start in starts]
        case Session():
            return [(time, time + window.gap_us)]
        case _:
            return [(MIN_TIME, MAX_TIME)]
