"""The deterministic runner, for tests: one thread, a seeded schedule, a virtual clock, crashes on demand."""

from __future__ import annotations

from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from pulse.engine.observer import SILENT, Observer
from pulse.errors import PipelineError
from pulse.graph.compile import CompileOptions
from pulse.model.arguments import placed
from pulse.runners.alignment import drift
from pulse.runners.prepare import prepare
from pulse.runners.result import RunResult, make_result
from pulse.runners.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pulse.model.time import Duration

CRASH_WITHIN = 12
"""With random crashes, each comes at most this many steps of the schedule after the one before."""


@placed
class DeterministicRunner:
    """Runs a pipeline in one thread, the same way every time for one seed.

    Processing time is virtual: it starts at 0 and goes on only as a ``TestStream`` says or, when nothing else
    can happen, to the next time that something waits for.

    Args:
        seed: chooses which ready step goes next.
        bundle_size: cut every bundle at random into pieces of at most this many records; None: as they come.
        parallelism: replicas of keyed steps.
        crash_at: steps of the schedule at which everything is lost and restored from the last checkpoint;
            ``"random"``: steps chosen by the seed.
        crashes: how many random crashes.
        checkpoint_every: take a checkpoint, in memory, every so many steps; 0: never.
        observer: told of what happens.
        max_drift: how far the watermark of a source may be ahead of the slowest; None: as it likes.
        without: names of optimiser rules to leave out.
        fuse: whether steps are fused.
        panes: whether every result says which firing of its window it is, also where no step looks at that.

    Example:
        >>> from pulse import Create, Filter, Pipeline
        >>> p = Pipeline()
        >>> big = p | Create([{"n": 1}, {"n": 5}]) | Filter("n > 2")
        >>> result = DeterministicRunner(seed=1).run(p)
        >>> result.records(big), result.ledger["Filter(n > 2)"].filtered
        ([{'n': 5}], 1)
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        bundle_size: int | None = None,
        parallelism: int = 1,
        crash_at: Collection[int] | Literal["random"] = (),
        crashes: int = 1,
        checkpoint_every: int = 0,
        observer: Observer = SILENT,
        max_drift: Duration | None = None,
        without: Collection[str] = (),
        fuse: bool = True,
        panes: bool = False,
    ) -> None:
        if bundle_size is not None and bundle_size < 1:
            raise PipelineError(f"bundle_size {bundle_size} is not at least 1")
        if parallelism < 1:
            raise PipelineError(f"parallelism {parallelism} is not at least 1")
        if crashes < 1:
            raise PipelineError(f"crashes {crashes} is not at least 1", hint="leave crash_at out for none")
        if isinstance(crash_at, str) and crash_at != "random":
            raise PipelineError(f"crash_at {crash_at!r} is neither 'random' nor step numbers")
        self.seed = seed
        self.bundle_size = bundle_size
        self.crash_at = crash_at if isinstance(crash_at, str) else frozenset(crash_at)
        self.random_crashes = crashes
        self.checkpoint_every = checkpoint_every
        self.observer = observer
        self.max_drift = drift(max_drift)
        self.options = CompileOptions(parallelism, without, fuse, panes)

    def run(self, pipeline: Any) -> RunResult:
        """Run a pipeline to its end and return what came out.

        Raises:
            PipelineError: when the graph is wrong, or a source never ends.
            RecordError: when a step fails on a record and its policy is ``fail``.
        """
        started = perf_counter()
        plan, collected = prepare(pipeline, self.options, collect=True)
        schedule = Schedule(
            plan,
            seed=self.seed,
            bundle_size=self.bundle_size,
            transactional=bool(self.crash_at or self.checkpoint_every),
            checkpoint_every=self.checkpoint_every,
            crashes=self._crashes(),
            observer=self.observer,
            max_drift=self.max_drift,
        )
        schedule.run()
        return make_result(
            schedule.machines,
            collected,
            schedule.writers.values(),
            seconds=perf_counter() - started,
            bytes_in=schedule.bytes_in,
            turns=schedule.playback.log(),
            trace=tuple(schedule.trace),
        )

    def _crashes(self) -> Callable[[int], bool]:
        """Return what says after which steps of a run it crashes."""
        if not isinstance(self.crash_at, str):
            return self.crash_at.__contains__
        random = Random(self.seed)  # noqa: S311 - a schedule, not a secret
        steps: set[int] = set()
        step = 0
        for _ in range(self.random_crashes):
            step += random.randint(1, CRASH_WITHIN)
            steps.add(step)
        return steps.__contains__
