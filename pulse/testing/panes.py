"""One grouping under test, plain data in and plain data out: what outside transcripts of panes run against.

The shape is that of ``adapter_api.py`` in the conformance data: an adapter makes a session, to which
elements, watermarks and processing time are given, and which returns the panes that each of them caused.
Behind it is a pipeline that a runner plays as a script; one unit of the transcript is one microsecond.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from pulse.errors import PipelineError
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME
from pulse.model.triggers import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Never,
    OrFinally,
    Repeatedly,
    Trigger,
)
from pulse.model.windows import Global, Session, Sliding, Tumbling, WindowKind
from pulse.runners.deterministic import DeterministicRunner
from pulse.runners.trio_runner import TrioRunner
from pulse.testing.stream import TestStream
from pulse.transforms.core import Pipeline
from pulse.transforms.grouping import GroupByKey, KeyBy, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.runners.result import Outcome, RunResult

Element: TypeAlias = "tuple[Any, Any, int]"
"""Key, value and event time of one element."""

_COMBINERS = {"eow": "end_of_window", "earliest": "earliest", "latest": "latest"}
_TRANSFORMED = "_transformed"
_SEVERAL: dict[str, type[Trigger]] = {"any": AfterAny, "all": AfterAll, "each": AfterEach}
_ALL_STEPS = range(1_000_000)


class Spec(NamedTuple):
    """What is grouped how, as ``group_by_key`` takes it.

    Args:
        window: ``("fixed", 10)``, ``("sliding", 10, 5)``, ``("session", 10)``, ``("global",)``, ...
        trigger: ``("default",)``, ``("watermark", early, late)``, ``("count", 3)``, ...
        mode: ``"accumulating"`` or ``"discarding"``.
        combiner: ``"eow"``, ``"earliest"``, ``"latest"`` or ``"earliest_transformed"``.
        allowed_lateness: in units.
    """

    window: Sequence[Any]
    trigger: Sequence[Any]
    mode: str
    combiner: str
    allowed_lateness: int


@dataclass(frozen=True)
class Adapter:
    """Makes groupings for transcripts.

    Args:
        runner: which runner plays them.
        one_by_one: whether every element comes in a bundle of its own.
        restore_each_step: whether everything is lost and restored from a checkpoint after each step of the
            run; only with the deterministic runner.

    Example:
        >>> grouping = adapter.group_by_key(
        ...     window=("fixed", 10),
        ...     trigger=("default",),
        ...     mode="discarding",
        ...     combiner="eow",
        ...     allowed_lateness=0,
        ... )
        >>> grouping.push([("k", 1, 3), ("k", 2, 5)])
        []
        >>> [(p["window"], p["values"], p["timestamp"], p["timing"]) for p in grouping.advance_watermark(10)]
        [((0, 10), [1, 2], 9, 'ON_TIME')]
    """

    runner: Literal["deterministic", "trio"] = "deterministic"
    one_by_one: bool = False
    restore_each_step: bool = False
    capabilities = frozenset(
        {"sessions", "pane_index", "transformed_ts", "snapshot", "processing_time", "dropped"}
    )

    def with_options(self, **options: Any) -> Adapter:
        """Return an adapter that differs in some of its arguments."""
        return replace(self, **options)

    def group_by_key(
        self,
        *,
        window: Sequence[Any],
        trigger: Sequence[Any],
        mode: str,
        combiner: str,
        allowed_lateness: int,
    ) -> Grouping:
        """Return a grouping to which nothing has happened yet."""
        return Grouping(self, Spec(window, trigger, mode, combiner, allowed_lateness))

    def restore(self, snap: bytes, **spec: Any) -> Grouping:
        """Return a grouping as it was when ``snapshot`` was called; it goes on from restored checkpoints."""
        able = self.runner == "deterministic"
        adapter = replace(self, restore_each_step=True) if able else self
        found = adapter.group_by_key(**spec)
        found.events = [tuple(event) for event in json.loads(snap)]
        return found

    def play(self, pipeline: Pipeline) -> RunResult:
        """Run a pipeline as the arguments say."""
        if self.runner == "trio":
            return TrioRunner(panes=True).run(pipeline, collect=True)
        if self.restore_each_step:
            return DeterministicRunner(crash_at=_ALL_STEPS, checkpoint_every=1, panes=True).run(pipeline)
        return DeterministicRunner(panes=True).run(pipeline)


class Grouping:
    """One grouping by key, under test.

    Args:
        adapter: how it is run.
        spec: what is grouped how.
    """

    def __init__(self, adapter: Adapter, spec: Spec) -> None:
        self.adapter = adapter
        self.spec = spec
        self.events: list[tuple[str, Any]] = []
        self._dropped = 0

    def push(self, elements: Sequence[Element]) -> list[dict[str, Any]]:
        """Add elements, as one bundle, and return the panes that they cause."""
        return self._after("push", elements)

    def advance_watermark(self, t: int) -> list[dict[str, Any]]:
        """Move the watermark and return the panes that this causes; one that goes back changes nothing."""
        return self._after("wm", t)

    def advance_processing_time(self, delta: int) -> list[dict[str, Any]]:
        """Move processing time on and return the panes that this causes."""
        return self._after("clock", delta)

    def finish(self) -> list[dict[str, Any]]:
        """Return the panes that come when the watermark reaches the end of time."""
        return self.steps()[-1]

    def snapshot(self) -> bytes:
        """Return what has happened so far."""
        return json.dumps(self.events).encode()

    def dropped(self) -> int:
        """Return how many elements were dropped, as too late or because their window was closed."""
        self.steps()
        return self._dropped

    def add(self, kind: str, given: Any) -> None:
        """Add what happens without playing it yet.

        Args:
            kind: ``"push"``, ``"wm"`` or ``"clock"``.
            given: the elements, the watermark, or how far processing time moves on.
        """
        if kind == "push":
            elements = [list(element) for element in given]
            bundles = [[e] for e in elements] if self.adapter.one_by_one else [elements]
            self.events += [("push", bundle) for bundle in bundles]
        else:
            self.events.append((kind, given))

    def _after(self, kind: str, given: Any) -> list[dict[str, Any]]:
        before = len(self.events)
        self.add(kind, given)
        return [pane for step in self.steps()[before : len(self.events)] for pane in step]

    def steps(self) -> list[list[dict[str, Any]]]:
        """Play all that has happened, and return the panes of each event, and those of the end of time."""
        stream = TestStream(schema="any")
        mark = None
        for kind, given in self.events:
            if kind == "push":
                records = [{"key": key, "value": value} for key, value, _ in given]
                stream.elements(records, time=[time for _, _, time in given])
            elif kind == "clock":
                stream.processing_time(given)
            else:
                mark = given if mark is None else max(mark, given)
                stream.watermark(mark)
        pipeline = Pipeline("transcript")
        grouped = pipeline | stream | KeyBy("key") | _window(self.spec) | "group" >> GroupByKey()
        result = self.adapter.play(pipeline)
        books = result.ledger["group"]
        self._dropped = books.late + books.filtered
        return [[_pane(outcome) for outcome in step] for step in result.steps(grouped)]


def _window(spec: Spec) -> Window:
    shift = timedelta(0)
    if spec.window[0] == "fixed_shifted_ts" and spec.combiner.endswith(_TRANSFORMED):
        shift = _units(spec.window[2])
    return Window(
        _kind(spec.window),
        trigger=_trigger(spec.trigger),
        accumulation=spec.mode,  # type: ignore[arg-type]
        timestamp=_COMBINERS[spec.combiner.removesuffix(_TRANSFORMED)],  # type: ignore[arg-type]
        timestamp_shift=shift,
        allowed_lateness=_units(spec.allowed_lateness),
        allow_unsafe=True,
    )


def _units(count: int) -> timedelta:
    return timedelta(microseconds=count)


def _kind(window: Sequence[Any]) -> WindowKind:
    kind, *numbers = window
    if kind == "global":
        return Global()
    lengths = list(map(_units, numbers))
    if kind == "session":
        return Session(*lengths)
    if kind in ("fixed", "fixed_shifted_ts"):
        return Tumbling(*(lengths if kind == "fixed" else lengths[:1]))
    if kind == "sliding":
        return Sliding(*lengths)
    raise PipelineError(f"window {kind!r} is not one of global, fixed, fixed_shifted_ts, sliding, session")


def _trigger(trigger: Sequence[Any] | None) -> Trigger | None:
    """Return the trigger that nested tuples describe; None for the default one."""
    if trigger is None or trigger[0] == "default":
        return None
    kind, *given = trigger
    simple: dict[str, Any] = {
        "never": Never,
        "always": lambda: Repeatedly(AfterCount(1)),
        "count": AfterCount,
        "processing_time": lambda delay: AfterProcessingTime(_units(delay)),
    }
    if kind in simple:
        return simple[kind](*given)  # type: ignore[no-any-return]
    parts = [_trigger(part) for part in given]
    if kind == "watermark":
        return AfterWatermark(*parts)
    found = [AfterWatermark() if part is None else part for part in parts]
    if kind == "repeatedly":
        return Repeatedly(*found)
    if kind == "or_finally":
        return OrFinally(*found)
    if kind not in _SEVERAL:
        raise PipelineError(f"trigger {kind!r} is not known; triggers: {', '.join([*simple, *_SEVERAL])}")
    return _SEVERAL[kind](*found)


def _pane(outcome: Outcome) -> dict[str, Any]:
    """Return a pane as plain data; the global window is that of all times that a record can have."""
    window, pane = outcome.window, outcome.pane
    assert window is not None  # noqa: S101 - a grouping gives every result its window
    assert pane is not None  # noqa: S101 - and says which firing it is
    return {
        "key": outcome.record["key"],
        "window": (max(window[0], MIN_EVENT_TIME), min(window[1], MAX_EVENT_TIME + 1)),
        "values": [record["value"] for record in outcome.record["values"]],
        "timestamp": outcome.time,
        "timing": pane.timing.upper(),
        "index": pane.index,
        "nonspeculative_index": pane.nonspeculative_index,
        "is_first": pane.is_first,
        "is_last": pane.is_last,
    }


adapter = Adapter()
"""The adapter that outside harnesses load as ``pulse.testing.panes:adapter``."""
