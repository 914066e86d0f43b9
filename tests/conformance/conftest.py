"""What the conformance cases run on: every runner, bundles of any size, restarts, replicas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pulse import DeterministicRunner, TrioRunner

if TYPE_CHECKING:
    from collections.abc import Callable

RUNNERS: dict[str, Callable[[], Any]] = {
    "deterministic": DeterministicRunner,
    "one-record-bundles": lambda: DeterministicRunner(seed=1, bundle_size=1),
    "small-bundles": lambda: DeterministicRunner(seed=2, bundle_size=2, fuse=False),
    "replicas": lambda: DeterministicRunner(seed=3, bundle_size=1, parallelism=2),
    "crashes": lambda: DeterministicRunner(
        seed=4, bundle_size=1, checkpoint_every=3, crash_at=range(4, 100, 9)
    ),
    "trio": TrioRunner,
    "trio-narrow": lambda: TrioRunner(channel_rows=1, parallelism=2),
}


@dataclass
class AnyRunner:
    """A runner of either kind, called in one way; what nothing else reads is collected."""

    name: str
    make: Callable[[], Any]

    @property
    def deterministic(self) -> bool:
        """Whether it is the deterministic one."""
        return not self.name.startswith("trio")

    def run(self, pipeline: Any) -> Any:
        """Run a pipeline to its end; nothing may be left in state."""
        runner = self.make()
        result = runner.run(pipeline) if self.deterministic else runner.run(pipeline, collect=True)
        held = {name: step.held for name, step in result.ledger.items() if step.held}
        assert held == {}, f"records are left in state: {held}"
        return result


@pytest.fixture(params=RUNNERS, ids=str)
def runner(request: pytest.FixtureRequest) -> AnyRunner:
    """Each runner in turn."""
    return AnyRunner(request.param, RUNNERS[request.param])
