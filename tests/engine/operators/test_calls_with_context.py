"""Functions that ask where a record stands in time, and fields that say it."""

from dataclasses import replace

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse import (
    Aggregate,
    AsList,
    Calendar,
    Create,
    DeterministicRunner,
    FlatMap,
    Map,
    ParDo,
    Pipeline,
    RecordContext,
    Session,
    Sliding,
    Span,
    Tagged,
    Timestamped,
    TrioRunner,
    Tumbling,
    Window,
    WithMetadata,
    count,
)
from pulse.model.bundle import Windows
from pulse.model.do_fn import DoFn
from pulse.model.panes import Pane, Panes
from pulse.model.time import MIN_TIME, to_datetime
from pulse.model.watermarks import BoundedOutOfOrderness
from pulse.model.windows import Windowing
from tests.properties.strategies import aligned, thorough
from tests.support.definitions import windows_of
from tests.support.operators import columns, operator, outputs, rows

SECOND = 1_000_000


def context(record, ctx):
    return ctx


def run(pipeline, collection, **options):
    return DeterministicRunner(**options).run(pipeline).records(collection)


def test_the_context_of_a_record_without_windows():
    p = Pipeline()
    watermarks = BoundedOutOfOrderness("2s")
    source = p | Create([1, 2], times=[5 * SECOND, 6 * SECOND], watermarks=watermarks)
    out = source | Map(context, context=True)
    expected = [RecordContext(5 * SECOND, MIN_TIME), RecordContext(6 * SECOND, 3 * SECOND)]
    for size in (None, 1):
        assert run(p, out, bundle_size=size) == expected


def test_the_context_of_a_result():
    p = Pipeline()
    counts = p | Create([{"n": 1}], times=[1]) | Window(Tumbling("10s")) | Aggregate(n=count())
    out = counts | Map(context, context=True)
    expected = [RecordContext(10 * SECOND - 1, MIN_TIME, Span(0, 10 * SECOND), Pane())]
    assert run(p, out) == expected
    assert TrioRunner().run(p, collect=True).records(out) == expected


def test_a_record_opens_a_session_of_its_own():
    p = Pipeline()
    out = p | Create([1], times=[5]) | Window(Session("10us")) | Map(context, context=True)
    assert [found.window for found in run(p, out)] == [Span(5, 15)]


def test_records_in_a_gap_between_windows_are_filtered():
    p = Pipeline()
    windowed = p | Create([1, 2], times=[1, 7]) | Window(Sliding("5us", "10us"))
    out = windowed | "seen" >> Map(context, context=True)
    result = DeterministicRunner().run(p)
    assert [found.window for found in result.records(out)] == [Span(0, 5)]
    assert result.ledger["seen"].filtered == 1


class Stamp(DoFn):
    def process(self, record, ctx, *, add):
        yield Tagged("moved", Timestamped(record, to_datetime(ctx.time + add[0])))


def test_a_do_fn_takes_a_context_and_sides_and_stamps_tagged_records():
    p = Pipeline()
    source = p | Create([1], times=[5])
    step = source | ParDo(
        Stamp(), outputs=["moved"], context=True, sides={"add": AsList(p | "add" >> Create([10]))}
    )
    assert DeterministicRunner().run(p).timed(step["moved"]) == [(1, 15)]


def test_a_time_names_the_window_of_a_result():
    class Move(DoFn):
        def process(self, record):
            yield Timestamped(record, 25 * SECOND)

    p = Pipeline()
    counts = p | Create([{"n": 1}], times=[1]) | Window(Tumbling("10s")) | Aggregate(n=count())
    out = counts | ParDo(Move()) | Map(context, context=True)
    assert run(p, out)[0].window == Span(20 * SECOND, 30 * SECOND)


def test_a_failed_record_is_shown_without_what_goes_with_it():
    p = Pipeline()
    out = p | Create([7]) | FlatMap(lambda r, ctx: 1 / 0, context=True, on_error="dead_letter")
    (failed,) = DeterministicRunner().run(p).records(out.errors)
    assert (failed["record"], failed["error"]) == ("7", "ZeroDivisionError: division by zero")


METADATA_OP = WithMetadata().op
TYPED = {"n": "int64"}


@pytest.mark.parametrize("make", [rows, columns])
def test_fields_of_a_late_pane(make):
    step = operator(METADATA_OP, TYPED, windowing=Windowing(Tumbling("10us")), grouped=True)
    bundle = make([{"n": 1}], [9], 12)
    pane = Panes.of([Pane("late", 2, 1, is_first=False, is_last=True)])
    windows = Windows(bundle.times - 9, bundle.times + 1)
    found = outputs(step, replace(bundle, panes=pane, windows=windows))["main"]
    assert found == [
        {
            "n": 1,
            "time": to_datetime(9),
            "watermark": to_datetime(12),
            "window_start": to_datetime(0),
            "window_end": to_datetime(10),
            "timing": "late",
            "index": 2,
            "nonspeculative_index": 1,
            "is_first": False,
            "is_last": True,
        }
    ]


@pytest.mark.parametrize("make", [rows, columns])
def test_what_a_record_does_not_have_is_null(make):
    found = outputs(operator(METADATA_OP, TYPED), make([{"n": 1}], [9]))["main"]
    known = {name: value for name, value in found[0].items() if value is not None}
    assert known == {"n": 1, "time": to_datetime(9)}


def test_the_types_of_the_fields_are_known():
    p = Pipeline()
    out = p | Create([{"n": 1}], times=[0]) | WithMetadata("watermark", timing="pane")
    assert out.schema.types[1:] == [pa.timestamp("us", "UTC"), pa.string()]
    assert out.schema.names == ["n", "watermark", "pane"]


@thorough
@given(st.lists(st.integers(-30, 30), max_size=20), aligned(calendar=False), st.integers(1, 4), st.booleans())
def test_windows_as_fields_and_in_the_context_are_those_of_the_definition(times, window, size, fuse):
    p = Pipeline()
    windowed = p | Create([{"t": time} for time in times], times=times) | Window(window)
    fields = windowed | WithMetadata("window_start", "window_end")
    seen = windowed | FlatMap(lambda r, ctx: [(r["t"], ctx.window)], context=True)
    result = DeterministicRunner(seed=size, bundle_size=size, fuse=fuse).run(p)
    expected = [(time, bounds) for time in times for bounds in windows_of(window, time)]
    moments = [
        (r["t"], r["window_start"] and (_micros(r["window_start"]), _micros(r["window_end"])))
        for r in result.records(fields)
    ]
    known = [(time, None if bounds[0] == MIN_TIME else bounds) for time, bounds in expected]
    assert moments == known
    assert result.records(seen) == known


def _micros(moment):
    return (moment - to_datetime(0)) // (to_datetime(1) - to_datetime(0))


def test_days_of_a_time_zone_as_fields():
    p = Pipeline()
    windowed = p | Create([{"n": 1}], times=[0]) | Window(Calendar("day", "Europe/Berlin"))
    out = windowed | WithMetadata("window_start")
    assert run(p, out)[0]["window_start"].isoformat() == "1969-12-31T23:00:00+00:00"
