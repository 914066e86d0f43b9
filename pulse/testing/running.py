"""Running a pipeline in many ways, which must all give the same."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from pulse.errors import PipelineError
from pulse.runners.deterministic import DeterministicRunner
from pulse.runners.result import Outcome, RunResult
from pulse.runners.trio_runner import TrioRunner
from pulse.testing.compare import differences, table
from pulse.testing.matchers import Matcher, checked_matcher
from pulse.testing.rehearsal import Rehearsal, rehearse
from pulse.transforms.core import PCollection, Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import TracebackType

SEEDS = 3
"""Schedules that are tried, unless a test asks for more."""


SEEDS_VARIABLE = "PULSE_SEEDS"
"""Environment variable with another number; ``pytest --pulse-seeds N`` sets it."""


@dataclass(frozen=True)
class Way:
    """One way of running a pipeline.

    Args:
        name: says how.
        runner: does it.
    """

    name: str
    runner: DeterministicRunner | TrioRunner

    def run(self, rehearsal: Rehearsal) -> RunResult:
        """Run a pipeline."""
        if isinstance(self.runner, TrioRunner):
            return self.runner.run(rehearsal, collect=True)
        return self.runner.run(rehearsal)


def ways(seeds: int) -> Iterator[Way]:
    """Yield ways of running: plain; per seed in pieces, with replicas, not fused, with crashes; trio.

    Example:
        >>> [way.name for way in ways(1)][:2]
        ['plain', 'seed 1, bundles of at most 1, 2 replicas, crashes']
    """
    yield Way("plain", DeterministicRunner())
    for seed in range(1, seeds + 1):
        size, replicas, fuse = (1, 3, 10)[seed % 3 - 1], 1 + seed % 2, seed % 2 == 0
        crashing = DeterministicRunner(
            seed,
            bundle_size=size,
            parallelism=replicas,
            crash_at="random",
            crashes=3,
            checkpoint_every=1 + seed % 5,
            fuse=fuse,
        )
        copies = f"{replicas} replica{'s' if replicas > 1 else ''}"
        yield Way(f"seed {seed}, bundles of at most {size}, {copies}, crashes", crashing)
    yield Way("trio runner", TrioRunner())
    yield Way("trio runner, 2 replicas, not fused", TrioRunner(parallelism=2, fuse=False))


def run_test(pipeline: Pipeline | Callable[[Pipeline], Any], *, seeds: int | None = None) -> RunResult:
    """Run a pipeline in many ways and return the result, which must be the same each time.

    It runs on the deterministic runner with several seeds, bundles cut at random, replicas, and crashes from
    which it is restored, and on the trio runner. Sinks are replaced by collectors: nothing is written.

    Args:
        pipeline: a pipeline, or a function that builds one onto the ``Pipeline`` it is given.
        seeds: how many schedules to try; left out: ``pytest --pulse-seeds``, the
            environment variable ``PULSE_SEEDS``, or 3.

    Raises:
        AssertionError: when a way gives other records, event times, windows or panes than the first; the
            order of records does not count, nor what is still open of it within one event of a script.
        PipelineError: when the pipeline is wrong.

    Example:
        >>> from pulse import Aggregate, Create, KeyBy, count
        >>> p = Pipeline()
        >>> counts = p | Create([{"k": "a"}, {"k": "a"}]) | KeyBy("k") | Aggregate(n=count())
        >>> run_test(p).records(counts)
        [{'k': 'a', 'n': 2}]
    """
    return Runs(pipeline).run(seeds)


class Runs:
    """Runs of one pipeline in many ways.

    Args:
        pipeline: a pipeline, a rehearsal of one, or a function that builds one.
    """

    written: Mapping[str, list[Outcome]]
    """What each sink would have written in the first run."""

    def __init__(self, pipeline: Pipeline | Rehearsal | Callable[[Pipeline], Any]) -> None:
        if isinstance(pipeline, Rehearsal):
            self.rehearsal = pipeline
            return
        if not isinstance(pipeline, Pipeline):
            if not callable(pipeline):
                raise PipelineError(f"run_test takes a pipeline or a function, not {type(pipeline).__name__}")
            built = Pipeline("test")
            pipeline(built)
            pipeline = built
        self.rehearsal = rehearse(pipeline)

    def run(self, seeds: int | None = None) -> RunResult:
        """Run in all ways, compare, and return the result of the first; see ``run_test``."""
        plain, *others = ways(_seeds(seeds))
        first = plain.run(self.rehearsal)
        wanted = self._shown(first)
        self.written = {name: self.rehearsal.outcomes(name) for name in self.rehearsal.written}
        for way in others:
            found = self._shown(way.run(self.rehearsal))
            for name, records in found.items():
                rows = differences(records, wanted[name])
                if rows:
                    raise AssertionError(
                        f"{name} depends on how the pipeline is run; {way.name} differs from the plain run:\n"
                        f"{table(rows)}"
                    )
        return first

    def _shown(self, result: RunResult) -> dict[str, list[Any]]:
        """Return what came out by collection and sink, each record with all that belongs to it."""
        found: dict[str, list[Any]] = {}
        for port in result.collected:
            if result.turns:
                steps = enumerate(result.steps(port))
                found[str(port)] = [{"event": i, **_fields(o)} for i, step in steps for o in step]
            else:
                found[str(port)] = [_fields(outcome) for outcome in result.panes(port)]
        for name in self.rehearsal.written:
            found[name] = [_fields(outcome) for outcome in self.rehearsal.outcomes(name)]
        return found


def _seeds(given: int | None) -> int:
    text = os.environ.get(SEEDS_VARIABLE) or str(SEEDS)
    if given is None and not text.isdigit():
        raise PipelineError(f"environment variable {SEEDS_VARIABLE}={text!r} is not a number of seeds")
    seeds = int(text) if given is None else given
    if seeds < 0:
        raise PipelineError(f"seeds {seeds} is negative", hint="0 tries the plain ways only")
    return seeds


def _fields(outcome: Outcome) -> dict[str, Any]:
    return {k: v for k, v in outcome._asdict().items() if v is not None or k == "record"}


def assert_that(actual: Any, matcher: Matcher, *, of: PCollection | None = None) -> None:
    """Assert what a collection holds.

    Args:
        actual: a collection, whose pipeline is then run as ``run_test`` does (inside ``with TestPipeline()``:
            at its end, once for all assertions); a ``RunResult``; or a list of records.
        matcher: ``equal_to([...])``, ``contains_in_any_order([...])``, ``contains(...)``, ``is_empty()``,
            ``every(condition)``, ``in_window(start, end, [...])`` or ``in_panes("late", [...])``.
        of: which collection of a ``RunResult``; may be left out when only one was collected.

    Raises:
        AssertionError: with a table of missing and unexpected records.

    Example:
        >>> from pulse import Create, Map
        >>> from pulse.testing import equal_to
        >>> with TestPipeline() as p:
        ...     assert_that(p | Create([1, 2]) | Map(lambda n: n * n), equal_to([1, 4]))
    """
    matcher = checked_matcher(matcher)
    if isinstance(actual, PCollection):
        if isinstance(actual.pipeline, TestPipeline) and actual.pipeline.open:
            actual.pipeline.assertions.append((actual, matcher))
            return
        _judge(run_test(actual.pipeline).panes(actual), matcher, str(actual.port))
    elif hasattr(actual, "panes"):
        collection = of or _only(actual)
        _judge(actual.panes(collection), matcher, str(getattr(collection, "port", collection)))
    else:
        _judge(_outcomes(actual), matcher, "the list")


def _judge(outcomes: list[Outcome], matcher: Matcher, name: str) -> None:
    problem = matcher.problem(outcomes)
    if problem is not None:
        raise AssertionError(f"{name}: {problem}")


def _only(result: RunResult) -> Any:
    main = [port for port in result.collected if port.tag == "main"]
    if len(main) == 1:
        return main[0]
    names = ", ".join(map(str, main)) or "none"
    raise PipelineError(
        f"the result has {len(main)} collections: {names}", hint="say which: assert_that(result, ..., of=c)"
    )


def _outcomes(records: Any) -> list[Outcome]:
    return [each if isinstance(each, Outcome) else Outcome(each, 0) for each in records]


class TestPipeline(Pipeline):
    """A pipeline that is run, in all the ways of ``run_test``, when its ``with`` block ends."""

    __test__ = False

    def __init__(self, name: str = "test", *, seeds: int | None = None) -> None:
        super().__init__(name)
        self.seeds = seeds
        self.open = False
        self.assertions: list[tuple[PCollection, Matcher]] = []

    def __enter__(self) -> Self:
        self.open = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.open = False
        if error is None:
            result = run_test(self, seeds=self.seeds)
            for collection, matcher in self.assertions:
                _judge(result.panes(collection), matcher, str(collection.port))
