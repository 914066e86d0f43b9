"""Running an aggregation in the engine and by the reference, and comparing what comes out."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pulse.model import aggregates as agg
from pulse.model.aggregates import CombineFn
from pulse.model.watermarks import BoundedOutOfOrderness, EndOnly, FromFunction
from pulse.model.windows import Global
from pulse.runners.deterministic import DeterministicRunner
from pulse.transforms.core import Pipeline
from pulse.transforms.elementwise import Map
from pulse.transforms.ends import Read
from pulse.transforms.grouping import Aggregate, KeyBy, Window
from tests.support import reference as ref
from tests.support.events import Events

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SCHEMA = {"k": "string", "n": "int64", "x": "double", "s": "string"}


class Joined(CombineFn):
    """Joins texts; the order in which parts are merged shows in the result."""

    def create(self) -> list[str]:
        return []

    def add(self, accumulator: list[str], value: Any) -> list[str]:
        accumulator.append(str(value))
        return accumulator

    def merge(self, a: list[str], b: list[str]) -> list[str]:
        a.extend(b)
        return a

    def extract(self, accumulator: list[str]) -> str:
        return "".join(accumulator)


AGGREGATES: Mapping[str, tuple[Any, ref.Fold]] = {
    "count": (agg.count(), ref.count()),
    "count_n": (agg.count("n"), ref.count_of("n")),
    "sum_n": (agg.sum("n"), ref.sum_of("n")),
    "sum_x": (agg.sum("x"), ref.sum_of("x")),
    "mean_n": (agg.mean("n"), ref.mean_of("n")),
    "mean_x": (agg.mean("x"), ref.mean_of("x")),
    "min_n": (agg.min("n"), ref.min_of("n")),
    "max_s": (agg.max("s"), ref.max_of("s")),
    "distinct_n": (agg.count_distinct("n"), ref.distinct_of("n")),
    "first_s": (agg.first("s"), ref.first_of("s")),
    "last_n": (agg.last("n"), ref.last_of("n")),
    "collect_n": (agg.collect("n"), ref.collect_of("n")),
    "top_n": (agg.top_k("n", 2), ref.top_of("n", 2)),
    "stddev_x": (agg.stddev("x"), ref.stddev_of("x")),
    "joined": (agg.combine(Joined(), "s"), ref.of("s", lambda values: "".join(map(str, values)))),
    "folded": (
        agg.combine(Joined()),
        lambda items: "".join(str({k: i.record[k] for k in SCHEMA}) for i in items),
    ),
}


@dataclass(frozen=True)
class Case:
    """An aggregation over events.

    Args:
        records: with the fields of ``SCHEMA``.
        times: event times.
        window: the window.
        aggregates: names in ``AGGREGATES``.
        keyed: whether by ``k``, or over all.
        delay: None for end-only, else the bound of out-of-orderness; a function for a strategy of its own.
    """

    records: Sequence[dict[str, Any]]
    times: Sequence[int]
    window: Any = field(default_factory=Global)
    aggregates: Sequence[str] = ("count",)
    keyed: bool = True
    lateness: int = 0
    discarding: bool = False
    timestamp: Any = "end_of_window"
    delay: int | Callable[[int, int], int] | None = None

    @property
    def names(self) -> list[str]:
        return list(self.aggregates)


def expected(case: Case) -> ref.Reference:
    """Aggregate one by one."""
    if case.delay is None:
        marks = ref.end_only(case.times)
    elif callable(case.delay):
        marks = ref.from_function(case.delay)(case.times)
    else:
        marks = ref.bounded(case.delay)(case.times)
    folds = [AGGREGATES[name][1] for name in case.names]
    machine = ref.Reference(
        case.window, ["k"] if case.keyed else [], folds, case.lateness, case.discarding, case.timestamp
    )
    return machine.run(case.records, case.times, marks)


@dataclass(frozen=True)
class Outcome:
    """What a run gave."""

    results: list[ref.Result]
    late: list[ref.Late]
    ledger: Any


def strategy(case: Case) -> Any:
    if case.delay is None:
        return EndOnly()
    if callable(case.delay):
        return FromFunction(case.delay)
    return BoundedOutOfOrderness(f"{case.delay}us")


def run(case: Case, *, rows: bool = False, block: int = 1000, trigger: Any = None, **options: Any) -> Outcome:
    """Aggregate with the engine."""
    pipeline = Pipeline("case")
    source = Events(case.records, case.times, schema=SCHEMA, block=block)
    events = pipeline | Read(source, watermarks=strategy(case))
    if rows:
        events = events | Map(lambda record: record, schema=SCHEMA)
    if case.keyed:
        events = events | KeyBy("k")
    events = events | Window(
        case.window,
        allowed_lateness=f"{case.lateness}us",
        accumulation="discarding" if case.discarding else "accumulating",
        timestamp=case.timestamp,
        trigger=trigger,
    )
    results = events | "agg" >> Aggregate(**{name: AGGREGATES[name][0] for name in case.names})
    found = DeterministicRunner(**options).run(pipeline)
    windowed = not isinstance(case.window, Global)
    late = [
        ref.Late(
            {name: row[name] for name in SCHEMA if name in row},
            (micros(row["window_start"]), micros(row["window_end"])),
            row["late_by"] // type(row["late_by"])(microseconds=1),
        )
        for row in found.records(results.late)
    ]
    return Outcome(
        [
            ref.Result(
                (row["k"],) if case.keyed else (),
                (micros(row["window_start"]), micros(row["window_end"]))
                if windowed
                else (ref.FIRST, ref.LAST),
                time,
                tuple(row[name] for name in case.names),
            )
            for row, time in found.timed(results)
        ],
        late,
        found.ledger,
    )


def micros(moment: datetime) -> int:
    return round((moment - EPOCH).total_seconds() * 1_000_000)


def check(case: Case, outcome: Outcome) -> None:
    """Assert that a run gave what the reference gives, the panes of each key in order."""
    wanted = expected(case)
    assert _by_key(outcome.results) == _by_key(wanted.results)
    assert sorted(map(_late, outcome.late)) == sorted(map(_late, wanted.late))
    step = outcome.ledger["agg"]
    assert step.late == len(wanted.late)
    assert step.filtered == wanted.filtered
    assert step.received == len(case.records)
    assert all(each.held == 0 for each in outcome.ledger.values())


def _late(late: ref.Late) -> str:
    return str((late.window, late.late_by, sorted(late.record.items())))


def _by_key(results: Sequence[ref.Result]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for result in results:
        values = tuple(_Close(value) if isinstance(value, float) else value for value in result.values)
        found[result.key].append((result.window, result.time, values))
    return dict(found)


class _Close:
    """A float that is equal to another up to rounding."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Close):
            return False
        a, b = self.value, other.value
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-6) or (math.isnan(a) and math.isnan(b))

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return repr(self.value)
