"""The state of every window of every key under a trigger, and the index of what is due when."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from pulse.model.time import MAX_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.engine.triggers import Marks
    from pulse.engine.windowing.pane_results import Key

Span: TypeAlias = "tuple[int, int]"
"""A window: start and end, microseconds."""

AT_END, AT_CLEANUP = 0, 1
"""What is due: the end of a window comes before its cleanup, when both come at one time."""


@dataclass(slots=True)
class WindowState:
    """One window of one key.

    Args:
        start: its start, microseconds.
        end: its end.
        accumulators: one per aggregate.
        marks: what its triggers remember.
        fresh: records that no firing has given yet.
        held: records that count as held in this window.
        hold: the event time that the next result will have, from its records; None: the end of the window.
        index: how many times it has fired.
        nonspeculative: how many times without early firings.
        finished: whether its trigger has finished.
        due: the processing time for which it is in the index; None: none.
        number: its place in the order in which windows were opened, in which those due at one time come up.
    """

    start: int
    end: int
    accumulators: list[Any]
    marks: Marks = field(default_factory=dict)
    fresh: int = 0
    held: int = 0
    hold: int | None = None
    index: int = 0
    nonspeculative: int = 0
    finished: bool = False
    due: int | None = None
    number: int = 0

    @property
    def span(self) -> Span:
        """Start and end."""
        return self.start, self.end


class WindowStates:
    """The windows of all keys, found by key, by the watermark, and by processing time.

    Args:
        lateness: allowed lateness, microseconds.
    """

    def __init__(self, lateness: int) -> None:
        self.lateness = lateness
        self.keys: dict[Key, dict[Span, WindowState]] = {}
        self._by_time: list[tuple[int, int, int, Key, Span]] = []
        self._by_clock: list[tuple[int, int, Key, Span]] = []
        self._count = 0

    def __iter__(self) -> Iterator[tuple[Key, WindowState]]:
        for key, windows in self.keys.items():
            for state in windows.values():
                yield key, state

    def __len__(self) -> int:
        return sum(map(len, self.keys.values()))

    def get(self, key: Key, span: Span) -> WindowState | None:
        """Return the state of a window; None when it has none."""
        windows = self.keys.get(key)
        return None if windows is None else windows.get(span)

    def overlapping(self, key: Key, span: Span) -> list[WindowState]:
        """Return the windows of a key that overlap another, by their start."""
        start, end = span
        found = [s for s in self.keys.get(key, {}).values() if s.start < end and start < s.end]
        return sorted(found, key=lambda state: state.start)

    def put(self, key: Key, state: WindowState, watermark: int) -> None:
        """Add a window, and have it come up at its end, if that is ahead, and when its time is over."""
        self.keys.setdefault(key, {})[state.span] = state
        self._count += 1
        state.number = self._count
        if state.end > watermark:
            heapq.heappush(self._by_time, (state.end, AT_END, state.number, key, state.span))
        heapq.heappush(self._by_time, (self.over(state.end), AT_CLEANUP, state.number, key, state.span))
        if state.due is not None:
            self._push_due(key, state, state.due)

    def remove(self, key: Key, state: WindowState) -> None:
        """Forget a window."""
        windows = self.keys[key]
        del windows[state.span]
        if not windows:
            del self.keys[key]

    def over(self, end: int) -> int:
        """Return when a window takes no more records."""
        return min(end + self.lateness, MAX_TIME)

    def wait_until(self, key: Key, state: WindowState, due: int) -> None:
        """Have a window come up at a processing time."""
        if state.due != due:
            state.due = due
            self._push_due(key, state, due)

    def _push_due(self, key: Key, state: WindowState, due: int) -> None:
        heapq.heappush(self._by_clock, (due, state.number, key, state.span))

    def take_due(self, watermark: int) -> Iterator[tuple[int, Key, WindowState]]:
        """Return what a watermark makes due, in order of time: what it is, the key and the window."""
        queue = self._by_time
        while queue and queue[0][0] <= watermark:
            _, what, number, key, span = heapq.heappop(queue)
            state = self.get(key, span)
            if state is not None and state.number == number:
                yield what, key, state

    def take_clocked(self, now: int) -> Iterator[tuple[Key, WindowState]]:
        """Return the windows that are due by processing time, in order."""
        queue = self._by_clock
        while queue and queue[0][0] <= now:
            due, number, key, span = heapq.heappop(queue)
            state = self.get(key, span)
            if state is not None and (state.due, state.number) == (due, number):
                state.due = None
                yield key, state

    @property
    def due(self) -> int | None:
        """The next processing time at which a window comes up."""
        queue = self._by_clock
        while queue:
            due, number, key, span = queue[0]
            state = self.get(key, span)
            if state is not None and (state.due, state.number) == (due, number):
                return due
            heapq.heappop(queue)
        return None
