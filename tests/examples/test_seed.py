"""The files of the first Pulse and real data sets, through the command line, against plain Python.

The expected results are computed here, record by record, from the definitions alone. The data is in the
folder that PULSE_SHARED names, and no part of the project.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pulse.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

SHARED = Path(os.environ.get("PULSE_SHARED", "/nowhere"))
SEED, DATA = SHARED / "seed", SHARED / "data"

pytestmark = pytest.mark.skipif(
    not SEED.is_dir(), reason="PULSE_SHARED does not name the folder of the seed and the real data sets"
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
NEVER = -(2**63)

Window = tuple[int, int]


# -- running ---------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PULSE_") and name != "PULSE_SHARED"]:
        monkeypatch.delenv(name)


def run(config: str, *options: str) -> dict[str, Any]:
    """Run a config through the command line and return its summary."""
    Path("pipeline.toml").write_text(config, encoding="utf-8")
    done = CliRunner().invoke(cli, ["run", "--config", "pipeline.toml", "--json", "-q", *options])
    assert done.exit_code == 0, done.output
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def lines(path: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def micros(text: str) -> int:
    time = datetime.fromisoformat(text)
    return (time.replace(tzinfo=time.tzinfo or UTC) - EPOCH) // timedelta(microseconds=1)


def bounds(row: dict[str, Any]) -> Window:
    return micros(row["window_start"]), micros(row["window_end"])


# -- windows and watermarks, from their definitions ------------------------------------------------------


def tumbling(size: int) -> Callable[[int], list[Window]]:
    return lambda time: [(time // size * size, time // size * size + size)]


def sliding(size: int, slide: int) -> Callable[[int], list[Window]]:
    def windows(time: int) -> list[Window]:
        last = time // slide * slide
        return [(s, s + size) for s in range(last, time - size, -slide)]

    return windows


def grouped(
    records: Iterable[tuple[Any, int, Any]], windows: Callable[[int], list[Window]]
) -> dict[tuple[Any, Window], list[Any]]:
    """Return the values of (key, time, value) by key and window."""
    found: dict[tuple[Any, Window], list[Any]] = defaultdict(list)
    for key, time, value in records:
        for window in windows(time):
            found[key, window].append(value)
    return found


def sessions(records: Iterable[tuple[Any, int, Any]], gap: int) -> dict[tuple[Any, Window], list[Any]]:
    """Return the values of (key, time, value) by key and session."""
    by_key: dict[Any, list[tuple[int, Any]]] = defaultdict(list)
    for key, time, value in records:
        by_key[key].append((time, value))
    found = {}
    for key, timed in by_key.items():
        timed.sort(key=lambda pair: pair[0])
        start, end, values = timed[0][0], timed[0][0], []
        for time, value in timed:
            if values and time >= end:
                found[key, (start, end)] = values
                start, values = time, []
            end, values = time + gap, [*values, value]
        found[key, (start, end)] = values
    return found


def with_watermarks(times: Iterable[int], bound: int) -> Iterator[tuple[int, int]]:
    """Yield each time with the watermark in force just before it."""
    highest = NEVER
    for time in times:
        yield time, max(highest - bound, NEVER)
        highest = max(highest, time)


class Sessions:
    """Sessions of one or more keys with watermarks, one record at a time; fires as accumulating does."""

    def __init__(self, gap: int, lateness: int = 0) -> None:
        self.gap, self.lateness = gap, lateness
        self.open: dict[Any, list[tuple[int, int, int]]] = defaultdict(list)
        self.watermark = NEVER
        self.fired: list[tuple[Any, int, int, int]] = []
        self.late = 0

    def advance(self, watermark: int) -> None:
        before, self.watermark = self.watermark, watermark
        if before == watermark:
            return
        for key, found in list(self.open.items()):
            self.fired += [(key, *s) for s in found if before < s[1] <= watermark]
            kept = [s for s in found if s[1] + self.lateness > watermark]
            if kept:
                self.open[key] = kept
            else:
                del self.open[key]

    def add(self, key: Any, time: int, watermark: int) -> None:
        self.advance(watermark)
        start, end, count = time, time + self.gap, 1
        if end + self.lateness <= watermark:
            self.late += 1
            return
        apart = []
        for s, e, n in self.open[key]:
            if s < end and start < e:
                start, end, count = min(s, start), max(e, end), n + count
            else:
                apart.append((s, e, n))
        self.open[key] = [*apart, (start, end, count)]
        if end <= watermark:
            self.fired.append((key, start, end, count))


# -- the first Pulse's own files -------------------------------------------------------------------------

AGGREGATIONS: dict[str, tuple[str, Callable[[list[Any]], Any]]] = {
    "count": ("count", len),
    "sum": ("sum", sum),
    "avg": ("avg", lambda values: sum(values) / len(values)),
    "distinct": ("distinct_count", lambda values: len(set(values))),
}
WINDOWS: dict[str, tuple[str, Callable[[list[Any]], dict[tuple[Any, Window], list[Any]]]]] = {
    "tumbling": ('type = "tumbling"\nsize = "60s"', lambda records: grouped(records, tumbling(MINUTE))),
    "tumbling day": ('type = "tumbling"\nsize = "1d"', lambda records: grouped(records, tumbling(DAY))),
    "sliding": (
        'type = "sliding"\nsize = "60s"\nslide = "15s"',
        lambda records: grouped(records, sliding(MINUTE, 15 * SECOND)),
    ),
    "sliding uneven": (
        'type = "sliding"\nsize = "100s"\nslide = "30s"',
        lambda records: grouped(records, sliding(100 * SECOND, 30 * SECOND)),
    ),
    "session touching": ('type = "session"\ngap = "30s"', lambda records: sessions(records, 30 * SECOND)),
    "session": ('type = "session"\ngap = "75s"', lambda records: sessions(records, 75 * SECOND)),
}


def seed_config(name: str, data: str) -> str:
    """Return a config of the first Pulse with its paths replaced."""
    text = (SEED / name).read_text(encoding="utf-8")
    text, paths = re.subn(r'^path = ".*"$', f'path = "{SEED / data}"', text, flags=re.MULTILINE)
    text, outputs = re.subn(r'^out_dir = ".*"$', 'out_dir = "out"', text, flags=re.MULTILINE)
    assert (paths, outputs) == (1, 1)
    return text


def parquet(folder: str) -> list[dict[str, Any]]:
    return [
        row
        for path in sorted(Path(folder).rglob("*.parquet"))
        for row in pq.read_table(path, partitioning=None).to_pylist()
    ]


@pytest.mark.parametrize(
    ("name", "data"), [("pipeline.toml", "sliding_avg.jsonl"), ("simple_pipeline.toml", "simple_input.jsonl")]
)
def test_the_configs_of_the_first_pulse(name: str, data: str) -> None:
    summary = run(seed_config(name, data))
    records = [(r.get("word"), micros(r["event_time"]), None) for r in lines(SEED / data)]
    expected = {k: len(v) for k, v in grouped(records, tumbling(MINUTE)).items()}
    start, end = ("window_start", "window_end")
    found = {(r["word"], (micros(str(r[start])), micros(str(r[end])))): r["count"] for r in parquet("out")}
    assert found == expected
    assert summary["records_in"] == len(records)
    assert summary["records_out"] == len(expected)
    assert summary["late"] == summary["errors"] == 0
    days = {f"out/dt={(EPOCH + timedelta(microseconds=w[1] - 1)):%Y-%m-%d}" for _, w in expected}
    assert {str(Path(path).parent) for path in summary["written"]} == days


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("agg", AGGREGATIONS)
def test_the_aggregations_over_the_devices(window: str, agg: str) -> None:
    check_ops("sliding_avg.jsonl", "device", "value", window, agg)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("agg", ["count", "distinct"])
def test_the_aggregations_over_the_texts(window: str, agg: str) -> None:
    check_ops("wordcount.jsonl", "text", "event_time", window, agg)


def check_ops(data: str, key: str, field: str, window: str, agg: str) -> None:
    toml, group = WINDOWS[window]
    result, compute = AGGREGATIONS[agg]
    run(
        f'[source]\nkind = "file"\npath = "{SEED / data}"\ntime_field = "event_time"\n'
        f'[time]\nallowed_lateness = "10s"\n[window]\n{toml}\n'
        f'[ops]\ncount_by = "{key}"\nagg = "{agg}"\nagg_field = "{field}"\n'
        '[sink]\nkind = "file"\npath = "out.jsonl"\n'
    )
    records = [(r[key], micros(r["event_time"]), r[field]) for r in lines(SEED / data)]
    expected = {k: compute(values) for k, values in group(records).items()}
    rows = lines("out.jsonl")
    found = {(row[key], bounds(row)): row[result] for row in rows}
    assert len(rows) == len(found)
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_words_of_the_texts() -> None:
    Path("seed_words.py").write_text('def words(r):\n    return [{"word": w} for w in r["text"].split()]\n')
    run(
        f'[source]\nkind = "file"\npath = "{SEED / "wordcount.jsonl"}"\ntime_field = "event_time"\n'
        '[[step]]\ntype = "flat_map"\nfunction = "seed_words:words"\nschema = { word = "string" }\n'
        '[[step]]\ntype = "window"\nwindow = "sliding"\nsize = "1h"\nslide = "10m"\n'
        '[[step]]\ntype = "key_by"\nfields = ["word"]\n'
        '[[step]]\ntype = "aggregate"\naggregates = { n = "count()" }\n'
        '[sink]\nkind = "file"\npath = "out.jsonl"\n'
    )
    records = [
        (word, micros(r["event_time"]), None)
        for r in lines(SEED / "wordcount.jsonl")
        for word in r["text"].split()
    ]
    expected = {k: len(v) for k, v in grouped(records, sliding(HOUR, 10 * MINUTE)).items()}
    assert {(r["word"], bounds(r)): r["n"] for r in lines("out.jsonl")} == expected


def test_a_sum_of_texts_is_refused() -> None:
    Path("pipeline.toml").write_text(
        f'[source]\nkind = "file"\npath = "{SEED / "wordcount.jsonl"}"\ntime_field = "event_time"\n'
        '[ops]\ncount_by = "text"\nagg = "sum"\nagg_field = "text"\n[sink]\nkind = "file"\npath = "o.jsonl"\n'
    )
    done = CliRunner().invoke(cli, ["run", "pipeline.toml"])
    assert done.exit_code == 2
    assert "pipeline.toml:5" in done.stderr
    assert not Path("o.jsonl").exists()


# -- the access log of a web site ------------------------------------------------------------------------

LOG = DATA / "apache_access_log" / "apache_logs"
LOG_SOURCE = f"""
[source]
kind = "csv"
path = "{LOG}"
columns = ["line"]
delimiter = "\\u0001"
quote = "\\u0002"
schema = {{ line = "string" }}
"""
FUNCTION = r"""
import re

LINE = re.compile(r'(\S+) \S+ \S+ \[([^]]+)\] "[^"]*" (\d+) (\d+|-)')


def request(record):
    host, time, status, size = LINE.match(record["line"]).groups()
    return {"host": host, "time": time, "status": int(status), "bytes": int(size) if size != "-" else None}
"""


def requests() -> list[tuple[str, int, int]]:
    """Return host, time and bytes of each line, by cutting it at blanks."""
    found = []
    for line in LOG.read_text(encoding="utf-8").splitlines():
        parts = line.split(" ")
        time = datetime.strptime(" ".join(parts[3:5]), "[%d/%b/%Y:%H:%M:%S %z]")
        size = re.search(r'" \d{3} (\d+|-)(?: |$)', line)
        assert size is not None
        found.append((parts[0], micros(time.isoformat()), 0 if size[1] == "-" else int(size[1])))
    return found


@pytest.mark.parametrize("bound", [59, 10])
def test_sessions_of_the_access_log(bound: int) -> None:
    module = f"seed_log_{bound}"
    Path(f"{module}.py").write_text(FUNCTION)
    summary = run(
        f"{LOG_SOURCE}"
        f'[[step]]\ntype = "map"\nfunction = "{module}:request"\n'
        'schema = { host = "string", time = "string", status = "int64", bytes = "int64" }\n'
        '[[step]]\ntype = "with_timestamps"\nfield = "time"\ntime_format = "%d/%b/%Y:%H:%M:%S %z"\n'
        f'max_out_of_orderness = "{bound}s"\n'
        '[[step]]\ntype = "window"\nwindow = "session"\ngap = "30s"\n'
        '[[step]]\ntype = "key_by"\nfields = ["host"]\n'
        '[[step]]\nname = "sessions"\ntype = "aggregate"\naggregates = { n = "count()" }\n'
        '[[sink]]\nkind = "file"\npath = "out.jsonl"\n'
        '[[sink]]\ninput = "sessions.late"\nkind = "file"\npath = "late.jsonl"\n'
    )
    plain = Sessions(30 * SECOND)
    records = requests()
    for (host, time, _), (_, mark) in zip(
        records, with_watermarks((r[1] for r in records), bound * SECOND), strict=True
    ):
        plain.add(host, time, mark)
    plain.advance(2**63)
    found = [(r["host"], *bounds(r), r["n"]) for r in lines("out.jsonl")]
    assert sorted(found) == sorted(plain.fired)
    assert summary["records_in"] == len(records) == 10_000
    assert summary["late"] == plain.late == len(lines("late.jsonl"))
    assert (plain.late == 0) == (bound == 59)
    assert sum(n for *_, n in found) == len(records) - plain.late


def test_bytes_per_hour_of_the_access_log() -> None:
    Path("seed_log_hours.py").write_text(FUNCTION)
    run(
        f"{LOG_SOURCE}"
        '[[step]]\ntype = "map"\nfunction = "seed_log_hours:request"\n'
        'schema = { host = "string", time = "string", status = "int64", bytes = "int64" }\n'
        '[[step]]\ntype = "with_timestamps"\nfield = "time"\ntime_format = "%d/%b/%Y:%H:%M:%S %z"\n'
        'max_out_of_orderness = "59s"\n'
        '[[step]]\ntype = "window"\nwindow = "tumbling"\nsize = "1h"\n'
        '[[step]]\ntype = "aggregate"\n'
        'aggregates = { bytes = "sum(bytes)", hosts = "count_distinct(host)" }\n'
        '[sink]\nkind = "file"\npath = "out.jsonl"\n'
    )
    sizes = grouped(((None, time, size) for _, time, size in requests()), tumbling(HOUR))
    hosts = grouped(((None, time, host) for host, time, _ in requests()), tumbling(HOUR))
    expected = {window: (sum(v), len(set(hosts[key, window]))) for (key, window), v in sizes.items()}
    assert {bounds(r): (r["bytes"], r["hosts"]) for r in lines("out.jsonl")} == expected


# -- a week of earthquakes -------------------------------------------------------------------------------

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
    fired += due(days, watermark, 2**63)
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
    plain.advance(2**63)
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


# -- a year of taxi rides --------------------------------------------------------------------------------


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
