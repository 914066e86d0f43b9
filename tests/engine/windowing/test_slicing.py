"""Where slices and windows begin and end."""

from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pulse.engine.windowing.slicing import slicing_of
from pulse.model.time import MAX_EVENT_TIME, MAX_TIME, MIN_EVENT_TIME, MIN_TIME, from_datetime
from pulse.model.windows import Calendar, Global, Sliding, Tumbling, Windowing
from tests.support.reference import held, windows_of

HOUR = 3_600_000_000


def us(*times):
    return np.array(times, np.int64)


def slicing(window, *, carried=False):
    return slicing_of(Windowing(window), carried=carried)


def shapes():
    yield from (Tumbling("10us"), Tumbling("7us", offset="3us"), Tumbling("1us"))
    for size, slide in ((10, 5), (10, 3), (15, 4), (5, 5), (5, 7), (1, 9), (35, 10)):
        for offset in (0, slide - 1):
            yield Sliding(f"{size}us", f"{slide}us", offset=f"{offset}us")


@pytest.mark.parametrize("window", list(shapes()), ids=str)
def test_the_windows_of_a_slice_are_those_of_each_of_its_times(window):
    cut = slicing(window)
    times = np.arange(-60, 60)
    slices = cut.slices(times)
    gap = cut.in_gap(slices)
    for time, slice_, in_gap in zip(times, slices, gap if gap is not None else [False] * 120, strict=True):
        naive = windows_of(window, int(time))
        assert bool(naive) is not bool(in_gap)
        if naive:
            starts = cut.windows(us(slice_))
            assert list(zip(starts.tolist(), cut.ends(starts).tolist(), strict=True)) == naive
            assert cut.first_ends(us(slice_))[0] == naive[0][1]
            assert cut.last_starts(us(slice_))[0] == naive[-1][0]
            assert cut.last_ends(us(slice_))[0] == naive[-1][1]


@pytest.mark.parametrize("window", list(shapes()), ids=str)
def test_over_before_is_the_first_slice_still_needed(window):
    cut = slicing(window)
    slices = np.unique(cut.slices(np.arange(-80, 80)))
    gap = cut.in_gap(slices)
    slices = slices if gap is None else slices[~gap]
    for watermark in range(-30, 30):
        bound = cut.over_before(watermark)
        for slice_ in slices[(slices > -40) & (slices < 40)]:
            still_needed = bool(cut.last_ends(us(slice_))[0] > watermark)
            assert (slice_ >= bound) is np.bool_(still_needed)
        assert min(watermark, bound) == held(window, watermark)


@pytest.mark.parametrize(
    "window", [Tumbling("10us"), Sliding("10us", "3us"), Calendar("day"), Global()], ids=str
)
def test_the_ends_of_time_are_over_before_themselves(window):
    cut = slicing(window)
    assert cut.over_before(MIN_TIME) == MIN_TIME
    assert cut.over_before(MAX_TIME) == MAX_TIME
    assert MIN_TIME <= cut.over_before(MIN_TIME + 1) <= MAX_TIME


def test_the_global_window_holds_every_time_and_ends_with_time():
    cut = slicing(Global())
    slices = cut.slices(us(MIN_TIME, -5, 0, MAX_EVENT_TIME))
    assert set(slices.tolist()) == {MIN_TIME}
    assert cut.ends(slices).tolist() == [MAX_TIME] * 4
    assert cut.over_before(5) == MIN_TIME


def test_windows_that_records_carry_are_taken_as_they_are():
    cut = slicing(Sliding("10us", "3us"), carried=True)
    assert not cut.overlapping
    assert cut.windows(us(3, 6, 3)).tolist() == [3, 6]
    assert cut.ends(us(3, 6)).tolist() == [13, 16]
    assert cut.over_before(12) == 3
    assert cut.over_before(13) == 4


ZONES = {
    "Europe/Berlin": 2024,  # an hour forward in March, back in October
    "America/Sao_Paulo": 2018,  # midnight of 2018-11-04 does not exist
    "Africa/Cairo": 2024,  # nor does that of 2024-04-26
    "America/Havana": 2024,  # midnight of 2024-11-03 happens twice
    "Pacific/Apia": 2011,  # 2011-12-30 does not exist at all
    "Asia/Kathmandu": 2024,  # off by a quarter of an hour
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("unit", ["day", "week", "month", "year"])
def test_calendar_windows_are_local_days_weeks_months_and_years(unit, zone):
    random = Random(unit + zone)
    window = Calendar(unit, zone)
    start = from_datetime(datetime(ZONES[zone], 1, 1, tzinfo=UTC))
    times = [start + random.randrange(366 * 24) * HOUR + random.choice([0, 1, -1]) for _ in range(60)]
    cut = slicing(window)
    slices = cut.slices(us(*times))
    ends = cut.ends(slices)
    for time, begin, end in zip(times, slices.tolist(), ends.tolist(), strict=True):
        assert (begin, end) == windows_of(window, time)[0]
        assert begin <= time < end


def local(zone, *moment):
    return from_datetime(datetime(*moment, tzinfo=ZoneInfo(zone)))


def test_a_day_without_midnight_begins_when_the_clock_jumps():
    cut = slicing(Calendar("day", "America/Sao_Paulo"))
    first = local("America/Sao_Paulo", 2018, 11, 4, 1)  # the first instant of that day is 01:00
    assert cut.slices(us(first - 1, first, first + 1)).tolist() == [
        local("America/Sao_Paulo", 2018, 11, 3),
        first,
        first,
    ]
    assert int(cut.ends(us(first))[0]) - first == 23 * HOUR


def test_a_day_with_two_midnights_begins_at_the_first():
    cut = slicing(Calendar("day", "America/Havana"))
    first = local("America/Havana", 2024, 11, 3)
    assert cut.slices(us(first, first + HOUR)).tolist() == [first, first]
    assert int(cut.ends(us(first))[0]) - first == 25 * HOUR


def test_the_days_of_a_change_last_23_and_25_hours():
    cut = slicing(Calendar("day", "Europe/Berlin"))
    spring, autumn = local("Europe/Berlin", 2024, 3, 31), local("Europe/Berlin", 2024, 10, 27)
    assert ((cut.ends(us(spring, autumn)) - us(spring, autumn)) // HOUR).tolist() == [23, 25]


@pytest.mark.parametrize("unit", ["week", "month", "year"])
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
def test_calendar_windows_at_the_ends_of_the_calendar_reach_beyond(unit, zone):
    cut = slicing(Calendar(unit, zone))
    for time in (MAX_EVENT_TIME, MIN_EVENT_TIME, MAX_EVENT_TIME - 10 * 24 * HOUR):
        slices = cut.slices(us(time))
        assert slices[0] <= time < cut.ends(slices)[0]
        assert cut.over_before(time) == slices[0]


def test_bounds_once_met_are_extended_both_ways():
    cut = slicing(Calendar("month", "Europe/Berlin"))
    middle = local("Europe/Berlin", 2024, 6, 15)
    before = cut.slices(us(middle)).tolist()
    year = timedelta(days=370) // timedelta(microseconds=1)
    cut.slices(us(middle + year))
    cut.slices(us(middle - year))
    assert cut.slices(us(middle)).tolist() == before == [local("Europe/Berlin", 2024, 6, 1)]
