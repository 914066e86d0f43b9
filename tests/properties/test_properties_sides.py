"""Side inputs: what a record sees depends on elements, times and watermarks, and on nothing else."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from pulse import AsList, DeterministicRunner, Map, Pipeline, Read, TrioRunner, Window, count
from pulse.model.time import MAX_TIME, MIN_TIME
from pulse.model.watermarks import BoundedOutOfOrderness, EndOnly
from pulse.model.windows import Calendar, Global, Tumbling
from pulse.transforms.grouping import Aggregate
from tests.properties.strategies import aligned, sessions, thorough
from tests.support.definitions import windows_of
from tests.support.events import Events

DAY = 86_400_000_000


class Stream(NamedTuple):
    times: list[int]
    delay: int | None
    block: int

    def marks(self):
        """The watermark before each record."""
        if self.delay is None:
            return [MIN_TIME] * len(self.times)
        highest = [MIN_TIME, *self.times]
        return [MIN_TIME if i == 0 else max(highest[1 : i + 1]) - self.delay for i in range(len(self.times))]

    def read(self):
        strategy = EndOnly() if self.delay is None else BoundedOutOfOrderness(f"{self.delay}us")
        events = Events(list(enumerate(self.times)), self.times, block=self.block)
        return Read(events, watermarks=strategy)


streams = st.builds(
    Stream,
    st.lists(st.integers(-20, 40), max_size=12),
    st.none() | st.integers(0, 15),
    st.integers(1, 5),
)
deterministic = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 1000),
        "bundle_size": st.none() | st.integers(1, 3),
        "fuse": st.booleans(),
        "parallelism": st.integers(1, 2),
        "checkpoint_every": st.integers(1, 5),
        "crash_at": st.lists(st.integers(1, 40), max_size=3),
    }
)


def wanted(main, side, windows, lateness):
    """What each record sees, in order; and how many pairs of record and window are too late."""
    window, side_window = windows
    contents = {}
    for record, mark in zip(enumerate(side.times), side.marks(), strict=True):
        for bounds in windows_of(side_window, record[1]):
            if mark < bounds[1]:
                contents.setdefault(bounds, []).append(record)
    seen, late = [], 0
    for record, mark in zip(enumerate(main.times), main.marks(), strict=True):
        for _, end in windows_of(window, record[1]):
            if end != MAX_TIME and mark >= end + lateness:
                late += 1
                continue
            found = windows_of(side_window, end - 1)[:1]
            seen.append((record, contents.get(found[0], []) if found else []))
    return seen, late


def run(runner, main, side, windows, lateness):
    window, side_window = windows
    pipeline = Pipeline("sides")
    accumulation = "accumulating" if lateness else None
    left = (
        pipeline
        | "main" >> main.read()
        | Window(window, allowed_lateness=f"{lateness}us", accumulation=accumulation)
    )
    right = pipeline | "side" >> side.read() | "side windows" >> Window(side_window)
    out = left | "call" >> Map(lambda record, side: (record, list(side)), sides={"side": AsList(right)})
    result = runner(pipeline)
    step = result.ledger["call"]
    assert step.held == 0
    return result.records(out), step.late - _late_on_side(side, side_window)


def _late_on_side(side, window):
    pairs = zip(side.times, side.marks(), strict=True)
    return sum(mark >= end for time, mark in pairs for _, end in windows_of(window, time))


pairs_of_windows = st.one_of(
    st.tuples(aligned(calendar=False) | sessions, st.just(Global())),
    st.tuples(
        (aligned(calendar=False) | sessions).filter(lambda w: not isinstance(w, Global)),
        aligned(calendar=False),
    ),
)


@thorough
@given(streams, streams, pairs_of_windows, st.sampled_from([0, 0, 5]), deterministic)
def test_what_records_see_is_a_function_of_the_streams(main, side, windows, lateness, way):
    def runner(pipeline):
        return DeterministicRunner(**way).run(pipeline)

    assert run(runner, main, side, windows, lateness) == wanted(main, side, windows, lateness)


@thorough
@given(streams, streams, pairs_of_windows, st.integers(1, 3))
def test_the_trio_runner_with_narrow_channels_gives_the_same(main, side, windows, rows):
    def runner(pipeline):
        return TrioRunner(channel_rows=rows).run(pipeline, collect=True)

    assert run(runner, main, side, windows, 0) == wanted(main, side, windows, 0)


@thorough
@given(streams, streams, st.integers(1, 15), deterministic)
def test_records_that_waited_are_not_late_for_the_windows_after(main, side, size, way):
    window = Tumbling(f"{size}us")
    pipeline = Pipeline("sides")
    left = pipeline | "main" >> main.read() | Window(window)
    right = pipeline | "side" >> side.read() | "side windows" >> Window(window)
    seen = left | "call" >> Map(lambda record, side: {"n": len(side)}, sides={"side": AsList(right)})
    out = seen | "count" >> Aggregate(n=count())
    result = DeterministicRunner(**way).run(pipeline)
    assert result.ledger["count"].late == 0
    expected = {}
    for time, mark in zip(main.times, main.marks(), strict=True):
        ((_, end),) = windows_of(window, time)
        if mark < end:
            expected[end] = expected.get(end, 0) + 1
    assert [record["n"] for record in result.records(out)] == [expected[end] for end in sorted(expected)]


def test_calendar_windows_are_matched_too():
    times = [0, DAY // 2, DAY, 40 * DAY]
    main, side = Stream(times, None, 2), Stream(times, None, 3)
    windows = Calendar("day", "UTC"), Calendar("month", "UTC")
    found, late = run(lambda p: DeterministicRunner().run(p), main, side, windows, 0)
    seen = [[time // DAY for _, time in records] for _, records in found]
    assert (seen, late) == ([[0, 0, 1]] * 3 + [[40]], 0)
