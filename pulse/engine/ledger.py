"""The ledger: where every record that entered a step has gone.

For every step and at every moment: ``received = passed + filtered + late + errored + held + dropped``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from pulse.errors import PulseInternalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(slots=True)
class StepLedger:
    """Counts of records of one step.

    Args:
        received: records that came in.
        passed: records that went on, by themselves or as part of a result.
        filtered: records that the step left out by design.
        late: records that came too late for every window of theirs.
        errored: records that the step could not process.
        held: records that are in state now.
        dropped: records that found no room while channels overflowed.
        emitted: records that came out on the main output; not part of the balance, for a step may make
            many of one, or one of many.
    """

    received: int = 0
    passed: int = 0
    filtered: int = 0
    late: int = 0
    errored: int = 0
    held: int = 0
    emitted: int = 0
    dropped: int = 0

    @property
    def balance(self) -> int:
        """Records that are unaccounted for; 0 always.

        Example:
            >>> StepLedger(received=3, passed=1, late=2).balance
            0
        """
        gone = self.passed + self.filtered + self.late + self.errored + self.dropped
        return self.received - gone - self.held

    def add(self, other: StepLedger) -> None:
        """Add the counts of another ledger of the same step."""
        for f in fields(StepLedger):
            setattr(self, f.name, getattr(self, f.name) + getattr(other, f.name))

    def copy(self) -> StepLedger:
        """Return a copy that later counting does not change."""
        return StepLedger(*(getattr(self, f.name) for f in fields(self)))

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


class Ledger(dict[str, StepLedger]):
    """The ledgers of all steps, by step name."""

    def check(self) -> None:
        """Raise ``PulseInternalError`` when a step does not balance."""
        for name, step in self.items():
            if step.balance:
                raise PulseInternalError(
                    f"the ledger of step {name!r} does not balance: {step.balance} of {step.received} "
                    f"records are unaccounted for ({step.as_dict()})"
                )

    @classmethod
    def total(cls, ledgers: Iterable[Mapping[str, StepLedger]]) -> Ledger:
        """Add up the ledgers of replicas.

        Example:
            >>> Ledger.total([{"a": StepLedger(received=1)}, {"a": StepLedger(received=2)}])["a"].received
            3
        """
        total = cls()
        for ledger in ledgers:
            for name, step in ledger.items():
                total.setdefault(name, StepLedger()).add(step)
        return total
