"""A week of earthquakes and a year of taxi rides through the command line, against plain Python.

The data is in the folder that PULSE_SHARED names, and no part of the project.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.examples.plain import (
    DAY,
    END,
    HOUR,
    MINUTE,
    NEVER,
    SECOND,
    SHARED,
    Sessions,
    bounds,
    grouped,
    lines,
    micros,
    run,
    sliding,
    with_watermarks,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

DATA = SHARED / "data"

pytestmark = [
    pytest.mark.skipif(
        not DATA.is_dir(), reason="PULSE_SHARED does not name the folder of the seed and the real data sets"
    ),
    pytest.mark.usefixtures("clean_folder"),
]


QUAKES = DATA / "usgs_earthquakes" / "earthquakes.jsonl"


def quake_config(time: str, window: str, aggregates: str, key: str = "") -> str:
    return (
        f'[source]\nkind = "file"\npath = "{QUAKES}"\ntime_field = "time"\n'
        f"[time]\n{time}\n"
        f'[[step]]\ntype = "window"\n{window}\n'
        f'{key}[[step]]\nname = "quakes"\ntype = "aggregate"\naggregates = {{ {aggregates} }}\n'
        '[[sink]]\nkind = "file"\npath = "out.jsonl"\n'
        '[[sink]]\ninput = "quakes.late"\nkind = "file"\npath = "late.jsonl"\n'
    )


@pytest.mark.parametrize(("bound", "lateness"), [(3600, 2 * 86_400), (600, 0), (7 * 86_400, 0)])
def test_earthquakes_per_day_with_lateness(bound: int, lateness: int) -> None:
    summary = run(
        quake_config(
            f'max_out_of_orderness = "{bound}s"\nallowed_lateness = "{lateness}s"\n'
            'accumulation = "accumulating"',
            'window = "calendar"\nunit = "day"',
            'n = "count()", strongest = "max(mag)"',
        )
    )
    records = lines(QUAKES)
    fired, late = [], 0
    days: dict[int, list[dict[str, Any]]] = {}
    watermark = NEVER
    times = [r["time"] * 1000 for r in records]
    for record, (time, mark) in zip(records, with_watermarks(times, bound * SECOND), strict=True):
        fired += due(days, watermark, mark)
        watermark = mark
        start = time // DAY * DAY
        if mark >= start + DAY + lateness * SECOND:
            late += 1
            continue
        days.setdefault(start, []).append(record)
        if mark >= start + DAY:
            fired.append(firing(start, days[start]))
    fired += due(days, watermark, END)
    assert [(bounds(r)[0], r["n"], r["strongest"]) for r in lines("out.jsonl")] == fired
    assert summary["late"] == late == len(lines("late.jsonl"))
    assert (late == 0) == (bound == 7 * 86_400)


def due(days: dict[int, list[dict[str, Any]]], before: int, after: int) -> list[tuple[int, int, Any]]:
    return [firing(start, days[start]) for start in sorted(days) if before < start + DAY <= after]


def firing(start: int, records: Sequence[dict[str, Any]]) -> tuple[int, int, Any]:
    return start, len(records), max(r["mag"] for r in records if r["mag"] is not None)


@pytest.mark.parametrize("lateness", [0, 6 * 3600])
def test_earthquake_swarms_are_sessions_per_network(lateness: int) -> None:
    summary = run(
        quake_config(
            f'max_out_of_orderness = "2h"\nallowed_lateness = "{lateness}s"\naccumulation = "accumulating"',
            'window = "session"\ngap = "90m"',
            'n = "count()"',
            '[[step]]\ntype = "key_by"\nfields = ["net"]\n',
        )
    )
    plain = Sessions(90 * MINUTE, lateness * SECOND)
    records = lines(QUAKES)
    marked = with_watermarks((r["time"] * 1000 for r in records), 2 * HOUR)
    for record, (time, mark) in zip(records, marked, strict=True):
        plain.add(record["net"], time, mark)
    plain.advance(END)
    assert sorted((r["net"], *bounds(r), r["n"]) for r in lines("out.jsonl")) == sorted(plain.fired)
    assert summary["late"] == plain.late > 0


def test_earthquakes_per_local_day() -> None:
    run(
        f'[source]\nkind = "file"\npath = "{QUAKES}"\ntime_field = "time"\n'
        '[[step]]\ntype = "window"\nwindow = "calendar"\nunit = "day"\ntime_zone = "America/Anchorage"\n'
        '[[step]]\ntype = "aggregate"\naggregates = { n = "count()", deepest = "max(depth_km)" }\n'
        '[sink]\nkind = "file"\npath = "out.jsonl"\n'
    )
    days: dict[int, list[float]] = defaultdict(list)
    for record in lines(QUAKES):
        # Nine hours behind UTC: daylight saving began weeks later.
        days[(record["time"] * 1000 - 9 * HOUR) // DAY * DAY + 9 * HOUR].append(record["depth_km"])
    expected = {(start, start + DAY): (len(depths), max(depths)) for start, depths in days.items()}
    assert {bounds(r): (r["n"], r["deepest"]) for r in lines("out.jsonl")} == expected


@pytest.mark.parametrize("bound", ["", '[time]\nmax_out_of_orderness = "0s"\n'])
def test_taxi_passengers_in_sliding_windows(bound: str) -> None:
    path = DATA / "nab_nyc_taxi" / "nyc_taxi.csv"
    summary = run(
        f'[source]\nkind = "file"\npath = "{path}"\ntime_field = "timestamp"\n{bound}'
        '[[step]]\ntype = "window"\nwindow = "sliding"\nsize = "6h"\nslide = "30m"\n'
        '[[step]]\ntype = "aggregate"\n'
        'aggregates = { total = "sum(value)", mean = "mean(value)", n = "count()" }\n'
        '[sink]\nkind = "csv"\npath = "out.csv"\n'
    )
    with path.open(newline="") as file:
        rides = [(None, micros(row["timestamp"]), int(row["value"])) for row in csv.DictReader(file)]
    found = grouped(rides, sliding(6 * HOUR, 30 * MINUTE))
    expected = {window: (sum(v), sum(v) / len(v), len(v)) for (_, window), v in found.items()}
    with Path("out.csv").open(newline="") as file:
        rows = {bounds(r): (int(r["total"]), float(r["mean"]), int(r["n"])) for r in csv.DictReader(file)}
    assert set(rows) == set(expected)
    for window, (total, mean, n) in expected.items():
        assert rows[window] == (total, pytest.approx(mean, rel=1e-9), n)
    assert summary["late"] == 0
