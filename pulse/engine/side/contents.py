"""The contents of one side input, window by window, until no record can need them any more."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

import numpy as np

from pulse.engine.operators.function import call_each
from pulse.engine.side.views import ViewBuilder
from pulse.engine.windowing.assign import WindowAssigner, WindowMapping
from pulse.engine.windowing.late import saturating_add
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.engine.operator import StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.side import View
    from pulse.model.bundle import Bundle, Windows


class SideContents:
    """Gathers the records of a side input and gives their view once their window is complete.

    A window is complete when the watermark of the side has passed its end: it holds every pane that has come
    by then. What comes later is late: views never change, so no outcome depends on who was first.

    Args:
        view: how the function sees it.
        side: the type of the side input.
        lateness: allowed lateness of the main input, microseconds: for so long its records may ask.
        context: the step's context.
    """

    def __init__(self, view: View, side: CollectionType, lateness: int, context: StepContext) -> None:
        self.name = view.name
        self.context = context
        self.builder = ViewBuilder(view)
        self.assigner = WindowAssigner(side.windowing)
        self.mapping = WindowMapping(side.windowing)
        self.lateness = lateness
        self.mark = MIN_TIME
        self.over = MIN_TIME
        """No main record needs a window that was over, lateness included, before this."""
        self.entries: dict[int, list[Any]] = {}
        self.ends: list[tuple[int, int]] = []
        """A heap of the end and start of each window that holds something."""
        self.built: dict[int, Any] = {}

    def add(self, bundle: Bundle) -> None:
        """Take records of the side."""
        ledger = self.context.ledger
        bundle = self.assigner.assign(bundle)
        ledger.received += len(bundle)
        assert bundle.windows is not None  # noqa: S101 - just assigned
        ends = bundle.windows.ends
        late = ends <= np.maximum(bundle.watermarks, self.mark)
        if late.any():
            ledger.late += int(late.sum())
            self.context.observer.dropped(self.context.name, "late", int(late.sum()))
            bundle = bundle.take(~late)
        entries, good = call_each(self.builder.entry, bundle.rows, bundle, self.context)
        kept = bundle if good is None else bundle.take(good)
        assert kept.windows is not None  # noqa: S101 - as before
        unneeded = saturating_add(kept.windows.ends, self.lateness) <= self.over
        rows = zip(
            entries,
            kept.windows.starts.tolist(),
            kept.windows.ends.tolist(),
            unneeded.tolist(),
            strict=True,
        )
        for entry, start, end, gone in rows:
            if gone:
                ledger.passed += 1
                continue
            if start not in self.entries:
                self.entries[start] = []
                heappush(self.ends, (end, start))
            self.entries[start].append(entry)
            ledger.held += 1

    def view(self, end: int) -> Any:
        """Return the view for main windows that end at a time; it is built once for each window.

        Raises:
            RecordError: when a singleton is not one record.
        """
        windows = self.mapping.of(np.array([end], np.int64))
        start, stop = int(windows.starts[0]), int(windows.ends[0])
        if start not in self.built:
            found = self.builder.build(self.entries.get(start, ()), start, stop)
            if start in self.entries:
                self.built[start] = found
            return found
        return self.built[start]

    def forget(self, mark: int) -> None:
        """Forget the windows that no record from here on can need.

        Args:
            mark: the watermark of the main input, not past any record that waits.
        """
        self.over = max(self.over, mark)
        while self.ends and (self.over == MAX_TIME or self.ends[0][0] <= self.over - self.lateness):
            _, start = heappop(self.ends)
            gone = len(self.entries.pop(start))
            self.built.pop(start, None)
            self.context.ledger.held -= gone
            self.context.ledger.passed += gone

    def needed(self, windows: Windows) -> Any:
        """Return, for each window of the main input, the watermark at which its side is complete."""
        return self.mapping.of(windows.ends).ends

    def snapshot(self) -> Any:
        """Return the state as plain data."""
        return {
            "mark": self.mark,
            "over": self.over,
            "windows": [(end, start, list(self.entries[start])) for end, start in sorted(self.ends)],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what ``snapshot`` gave."""
        self.mark, self.over = state["mark"], state["over"]
        self.entries = {start: list(entries) for _, start, entries in state["windows"]}
        self.ends = [(end, start) for end, start, _ in state["windows"]]
        self.built = {}
