"""Alignment of sources: one that is too far ahead of the slowest is held back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.errors import PipelineError
from pulse.model.time import MAX_TIME, MIN_TIME, Duration, micros

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulse.runners.execution import Machines


class Alignment:
    """Says which splits must wait for slower ones.

    Splits that are idle or over do not count, so the slowest of the others never waits: nothing can stand
    still for ever. A split that has promised nothing yet counts as the slowest there is.

    Args:
        machines: the machines of the run.
        max_drift: how far the watermark of a split may be ahead, microseconds; None: as far as it likes.
    """

    def __init__(self, machines: Machines, max_drift: int | None) -> None:
        self.machines = machines
        self.max_drift = max_drift

    def holds(self, source: str, split: int, quiet: Collection[tuple[str, int]]) -> bool:
        """Return whether a split must not be read now.

        Args:
            source: name of the source.
            split: the split.
            quiet: splits that had nothing to read when they were asked last.
        """
        if self.max_drift is None:
            return False
        mark = self._mark(source, split)
        slowest = min(
            (
                self._mark(name, index)
                for name, machine in self.machines.sources.items()
                for index, state in enumerate(machine.splits)
                if not state.ended and (name, index) not in quiet
            ),
            default=MAX_TIME,
        )
        return mark > MIN_TIME and mark - slowest > self.max_drift

    def _mark(self, source: str, split: int) -> int:
        return self.machines.sources[source].splits[split].generator.current


def drift(max_drift: Duration | None) -> int | None:
    """Return a bound of drift between sources in microseconds.

    Raises:
        PipelineError: when it is negative.
    """
    if max_drift is None:
        return None
    found = micros(max_drift, name="max_drift")
    if found < 0:
        raise PipelineError(f"max_drift {max_drift!r} is negative", hint="leave it out for no bound")
    return found
