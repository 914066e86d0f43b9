"""Counting along edges: what one step emits, those that read it receive."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from pulse.engine.observer import NullObserver
from pulse.errors import PulseInternalError
from pulse.graph.ops import MAIN
from pulse.model.bundle import Bundle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.engine.stage import Emission
    from pulse.graph.plan import Plan


class EdgeCounts(NullObserver):
    """An observer that counts what steps emit and receive.

    Example:
        >>> counts = EdgeCounts()
        >>> counts.emitted("a", 2)
        >>> counts.out["a.main"]
        2
    """

    def __init__(self) -> None:
        self.out: Counter[str] = Counter()
        self.into: Counter[str] = Counter()

    def received(self, step: str, records: int) -> None:
        """Count records that came into a step."""
        self.into[step] += records

    def emitted(self, step: str, records: int) -> None:
        """Count records that came out of a step on its main output."""
        self.out[f"{step}.{MAIN}"] += records

    def sent(self, emissions: Iterable[Emission]) -> None:
        """Count records that came out of a stage on another output of some step."""
        for port, message in emissions:
            if port is not None and port.tag != MAIN and isinstance(message, Bundle):
                self.out[f"{port.step}.{port.tag}"] += len(message)

    def snapshot(self) -> Any:
        """Return the counts as plain data."""
        return dict(self.out), dict(self.into)

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave."""
        self.out, self.into = Counter(state[0]), Counter(state[1])

    def check(self, plan: Plan) -> None:
        """Raise ``PulseInternalError`` when a step received other than what those before it emitted."""
        for node in plan.graph:
            sent = sum(self.out[f"{port.step}.{port.tag}"] for port in node.inputs)
            if node.inputs and sent != self.into[node.name]:
                raise PulseInternalError(
                    f"step {node.name!r} received {self.into[node.name]} records, "
                    f"but {', '.join(map(str, node.inputs))} emitted {sent}"
                )
