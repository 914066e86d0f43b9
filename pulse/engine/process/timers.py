"""Timers that wait: at most one per window, key, name and tag, by the order of their times."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple, TypeAlias

from pulse.state.values import from_plain, to_plain

Which: TypeAlias = tuple[Any, str, str]
"""A timer within its window: key, name, tag."""

MOST_STALE = 1024
"""So many more than twice the timers that wait may stand in the heap."""


class Timer(NamedTuple):
    """A timer that was set.

    Args:
        at: when it fires, microseconds.
        number: tells it from every other, and orders those of one time by when they were set.
        output: the event time of what comes of it.
        holds: whether the watermark waits for that time.
    """

    at: int
    number: int
    output: int
    holds: bool


class Timers:
    """The timers of one time domain.

    What is overwritten or cleared stays in the heaps until its turn comes, and is passed over then.

    Example:
        >>> timers = Timers()
        >>> timers.set(0, ("k", "flush", ""), 10, 10)
        >>> timers.set(0, ("k", "flush", ""), 20, 20).at
        10
        >>> timers.first, timers.take(15), len(timers)
        (20, None, 1)
        >>> timers.take(20)
        (0, ('k', 'flush', ''), Timer(at=20, number=2, output=20, holds=False))
    """

    def __init__(self) -> None:
        self.windows: dict[int, dict[Which, Timer]] = {}
        self.count = 0
        self._heap: list[tuple[int, int, int, Which]] = []
        self._held: list[tuple[int, int, int, Which]] = []
        self.number = 0

    def __len__(self) -> int:
        return self.count

    def set(self, start: int, which: Which, at: int, output: int, *, holds: bool = False) -> Timer | None:
        """Set a timer and return the one that it replaces."""
        self.number += 1
        return self.put(start, which, Timer(at, self.number, output, holds))

    def put(self, start: int, which: Which, timer: Timer | None) -> Timer | None:
        """Put a timer, or none, in the place of one; return what was there."""
        live = self.windows.get(start)
        before = None if live is None else live.pop(which, None)
        if timer is not None:
            self.windows.setdefault(start, {})[which] = timer
            self._push(timer, start, which)
        elif live is not None and not live:
            del self.windows[start]
        self.count += (timer is not None) - (before is not None)
        return before

    def _push(self, timer: Timer, start: int, which: Which) -> None:
        if len(self._heap) > 2 * self.count + MOST_STALE:
            # A timer that every record of a key sets again would leave one behind for every record.
            self._heap, self._held = [], []
            for each, live in self.windows.items():
                for name, waiting in live.items():
                    self._heap.append((waiting.at, waiting.number, each, name))
                    if waiting.holds:
                        self._held.append((waiting.output, waiting.number, each, name))
            heapify(self._heap)
            heapify(self._held)
            return
        heappush(self._heap, (timer.at, timer.number, start, which))
        if timer.holds:
            heappush(self._held, (timer.output, timer.number, start, which))

    @property
    def first(self) -> int | None:
        """When the next timer fires."""
        return self._head(self._heap)

    @property
    def hold(self) -> int | None:
        """The earliest time at which a timer holds the watermark."""
        return self._head(self._held) if self._held else None

    def take(self, limit: int) -> tuple[int, Which, Timer] | None:
        """Remove and return the first timer that fires by a time, with its window."""
        first = self.first
        if first is None or first > limit:
            return None
        _, _, start, which = heappop(self._heap)
        timer = self.put(start, which, None)
        assert timer is not None  # noqa: S101 - the head of the heap is live
        return start, which, timer

    def drop(self, start: int) -> None:
        """Forget the timers of a window."""
        self.count -= len(self.windows.pop(start, ()))

    def _head(self, heap: list[tuple[int, int, int, Which]]) -> int | None:
        while heap:
            at, number, start, which = heap[0]
            timer = self.windows.get(start, {}).get(which)
            if timer is not None and timer.number == number:
                return at
            heappop(heap)
        return None

    def snapshot(self) -> list[Any]:
        """Return the timers by when they were set, as plain data."""
        found = [(start, *each) for start, live in self.windows.items() for each in live.items()]
        found.sort(key=lambda each: each[2].number)
        return [[start, to_plain(key, "key"), name, tag, *timer] for start, (key, name, tag), timer in found]

    def restore(self, saved: list[Any]) -> None:
        """Take back what ``snapshot`` gave; forgets all else."""
        self.windows, self.count, self.number, self._heap, self._held = {}, 0, 0, [], []
        for start, key, name, tag, *timer in saved:
            self.put(start, (from_plain(key), name, tag), Timer(*timer))
            self.number = timer[1]
