"""Event times: the column and the value answer alike, and errors say what is wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.errors import PipelineError
from pulse.model.event_time import EventTime
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME, format_time

FORMATS = st.sampled_from(
    [None, "ms", "s", "us", "ns", "iso", "%Y-%m-%d %H:%M:%S", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S.%f"]
)
ZONES = st.sampled_from([None, "UTC", "Europe/Berlin", "America/New_York"])
OFFSETS = st.sampled_from(["", "Z", "z", "+00:00", "+02:00", "-23:59", "+0530", "+24:00", "+02:60"])


@st.composite
def spelled(draw: st.DrawFn) -> str:
    moment = draw(st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)))
    text = draw(
        st.sampled_from(
            [moment.isoformat(), moment.isoformat(" "), moment.isoformat()[:19], moment.date().isoformat()]
        )
    )
    text += draw(st.sampled_from(["", "", ".5", ".123456789", ",25"]))
    return text + draw(OFFSETS)


TEXTS = st.one_of(
    spelled(),
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda t: t.strftime("%Y-%m-%d %H:%M:%S")),
    st.dates(date(1000, 1, 1)).map(lambda t: t.strftime("%d/%m/%Y")),
    st.sampled_from(
        [
            "",
            " ",
            "2024-02-30T00:00:00Z",
            "2024-03-31T02:30:00",
            "2024-10-27T02:30:00",
            "24:00",
            "20240101",
            "2024-01-01T24:00:00",
            "1/2/2024",
            " 1/2/2024",
            "2024-01-01 00:00:60",
            "2024-01-01T00:00:00Zx",
        ]
    ),
    st.text(max_size=12),
)


def same(spec: EventTime, column: pa.Array[Any], values: list[Any]) -> None:
    """Compare ``parse_column`` with ``parse_value`` of each value, reasons included."""
    times, bad, reason = spec.parse_column(column)
    for row, value in enumerate(values):
        expected, why = one(spec, value)
        assert bad[row] == (expected is None), (value, why)
        if expected is None:
            assert reason(row) == why
        else:
            assert times[row] == expected, value


def one(spec: EventTime, value: Any) -> tuple[int | None, str]:
    try:
        return spec.parse_value(value), ""
    except ValueError as error:
        return None, str(error)


@settings(max_examples=300, deadline=None)
@given(FORMATS, ZONES, st.lists(st.none() | TEXTS, max_size=6))
def test_texts_in_a_column_are_read_as_one_by_one(
    layout: str | None, zone: str | None, values: list[str | None]
) -> None:
    spec = EventTime("ts", layout, zone)
    same(spec, pa.array(values, pa.string()), values)
    rows = spec.parse_values(values)
    assert rows.bad.tolist() == spec.parse_column(pa.array(values, pa.string())).bad.tolist()


@settings(max_examples=200, deadline=None)
@given(
    FORMATS, st.lists(st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-(10**6), 10**6), max_size=6)
)
def test_integers_in_a_column_are_read_as_one_by_one(layout: str | None, values: list[int | None]) -> None:
    same(EventTime("ts", layout), pa.array(values, pa.int64()), values)


@settings(max_examples=100, deadline=None)
@given(FORMATS, st.lists(st.none() | st.integers(0, 2**64 - 1), max_size=6))
def test_unsigned_integers_too(layout: str | None, values: list[int | None]) -> None:
    same(EventTime("ts", layout), pa.array(values, pa.uint64()), values)


@settings(max_examples=200, deadline=None)
@given(FORMATS, st.lists(st.none() | st.floats() | st.floats(-1e12, 1e12), max_size=6))
def test_floats_in_a_column_are_read_as_one_by_one(layout: str | None, values: list[float | None]) -> None:
    same(EventTime("ts", layout), pa.array(values, pa.float64()), values)


@settings(max_examples=100, deadline=None)
@given(ZONES, st.lists(st.none() | st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)), max_size=6))
def test_timestamps_without_a_zone_take_the_declared_one(
    zone: str | None, values: list[datetime | None]
) -> None:
    spec = EventTime("ts", None, zone)
    same(spec, pa.array(values, pa.timestamp("us")), values)
    assert spec.parse_values(values).bad.tolist() == [value is None for value in values]


def test_every_kind_of_value_names_the_same_moment() -> None:
    moment = datetime(2024, 5, 1, 12, tzinfo=UTC)
    micros = 1_714_564_800_000_000
    for spec, value in (
        (EventTime("ts"), micros // 1000),
        (EventTime("ts", "s"), micros // 1_000_000),
        (EventTime("ts", "s"), micros / 1_000_000),
        (EventTime("ts", "us"), micros),
        (EventTime("ts", "ns"), micros * 1000),
        (EventTime("ts"), "2024-05-01T14:00:00+02:00"),
        (EventTime("ts", "iso", "Europe/Berlin"), "2024-05-01T14:00:00"),
        (EventTime("ts", "%d.%m.%Y %H"), "01.05.2024 12"),
        (EventTime("ts"), moment),
        (EventTime("ts"), moment.astimezone(timezone(timedelta(hours=9)))),
        (EventTime("ts"), np.int64(micros // 1000)),
    ):
        assert spec.parse_value(value) == micros, (spec, value)
    for unit in ("s", "ms", "us", "ns"):
        column = pa.array([moment]).cast(pa.timestamp(unit, "UTC"))
        assert EventTime("ts").parse_column(column).times.tolist() == [micros]
    assert EventTime("ts").parse_column(pa.array([date(2024, 5, 1)])).times.tolist() == [
        micros - 12 * 3600 * 10**6
    ]
    words = pa.array([1, 2, 1]).dictionary_encode()
    assert EventTime("ts").parse_column(words).times.tolist() == [1000, 2000, 1000]


def test_the_edges_of_time_are_event_times_and_what_lies_beyond_is_not() -> None:
    spec = EventTime("ts", "us")
    inside = spec.parse_column(pa.array([MIN_EVENT_TIME, MAX_EVENT_TIME]))
    assert not inside.bad.any()
    assert [format_time(t) for t in inside.times.tolist()] == [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
    ]
    assert spec.parse_column(pa.array([MIN_EVENT_TIME - 1, MAX_EVENT_TIME + 1])).bad.all()


@pytest.mark.parametrize(
    ("spec", "value", "reason"),
    [
        (EventTime("ts"), None, "event time 'ts' is null or missing"),
        (EventTime("ts"), "noon", "event time 'ts' 'noon' is not an ISO 8601 time"),
        (EventTime("ts", "%Y"), "noon", "event time 'ts' 'noon' is not of the form '%Y'"),
        (EventTime("ts", "iso"), 5, "event time 'ts' 5 is not a text, as time_format 'iso' asks for"),
        (EventTime("ts"), True, "event time 'ts' True is not a number, a text or a timestamp"),
        (EventTime("ts"), [1], "event time 'ts' [1] is not a number, a text or a timestamp"),
        (EventTime("ts"), 10**18, "event time 'ts' 1000000000000000000 is outside the years 1 to 9999"),
        (EventTime("ts"), float("nan"), "event time 'ts' nan is outside the years 1 to 9999"),
    ],
)
def test_a_value_that_is_no_event_time_says_why(spec: EventTime, value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match="event time") as caught:
        spec.parse_value(value)
    assert str(caught.value) == reason
    parsed = spec.parse_values([value])
    assert parsed.bad.tolist() == [True]
    assert parsed.reason(0) == reason


def test_unknown_formats_and_zones_are_refused_at_once() -> None:
    with pytest.raises(PipelineError, match="time format 'mss' is not one of ms, s, us, ns, iso") as caught:
        EventTime("ts", "mss")
    assert caught.value.hint == "did you mean 'ms'?"
    with pytest.raises(PipelineError, match="time zone 'Mars/Base' is not known"):
        EventTime("ts", time_zone="Mars/Base")
