"""Every example runs, says what its docstring says, and gives what its twin in TOML gives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.py"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder with a copy of the examples, in which they run."""
    ignored = shutil.ignore_patterns("__pycache__", "outputs")
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=ignored)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*command: str, **variables: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PULSE_")} | variables
    done = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def example(name: str, *arguments: str, **variables: str) -> str:
    return run(f"examples/{name}.py", *arguments, **variables)


def twin(name: str, *options: str) -> str:
    return run("-m", "pulse.cli.main", "run", f"examples/{name}.toml", *options)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def parquet(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(folder.rglob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]


def test_every_example_has_a_twin_and_says_how_to_run_it() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.toml")) == NAMES
    for name in NAMES:
        text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
        for part in (
            f"Run:    python examples/{name}.py",
            f"Twin:   pulse run examples/{name}.toml",
            "Expect: ",
        ):
            assert part in text, name


def test_wordcount(folder: Path) -> None:
    printed = example("wordcount")
    assert printed.startswith("60 records in, ")
    assert "wrote outputs/wordcount/dt=2024-05-01/part-00000.parquet" in printed
    expected: Counter[tuple[str, str]] = Counter()
    for record in lines((EXAMPLES / "data" / "wordcount.jsonl").read_text(encoding="utf-8")):
        expected.update((record["event_time"][:16], word) for word in record["text"].split())
    found = parquet(folder / "outputs/wordcount")
    assert {(f"{r['window_start']:%Y-%m-%dT%H:%M}", r["word"]): r["count"] for r in found} == expected
    assert len(found) == len(expected)

    shutil.rmtree(folder / "outputs")
    twin("wordcount")
    rows = {tuple(r.values()) for r in found}
    assert {tuple(r.values()) for r in parquet(folder / "outputs/wordcount")} == rows


def test_click_joins(folder: Path) -> None:
    found = lines(example("click_joins"))
    assert [(r["user"], r["ad"], r["price"]) for r in found] == [
        ("ann", "tea", 0.12),
        ("bob", "jam", None),
        ("bob", "tea", 0.15),
    ]
    assert lines(twin("click_joins")) == found


def test_sliding_average(folder: Path) -> None:
    found = lines(example("sliding_average"))
    ends = [r["window_end"] for r in found]
    assert ends == sorted(ends)
    readings = lines((EXAMPLES / "data" / "sensors.jsonl").read_text(encoding="utf-8"))
    for result in found:
        start, end = (datetime.fromisoformat(result[name]) for name in ("window_start", "window_end"))
        values = [
            r["value"]
            for r in readings
            if r["device"] == result["device"] and start <= datetime.fromisoformat(r["event_time"]) < end
        ]
        assert result["readings"] == len(values)
        assert result["average"] == pytest.approx(sum(values) / len(values))
    assert sum(r["readings"] for r in found) == 4 * len(readings)
    assert lines(twin("sliding_average")) == found


def test_silent_sensors(folder: Path) -> None:
    found = lines(example("silent_sensors"))
    assert [(r["sensor"], r["status"], r["silent_s"]) for r in found] == [
        ("south", "silent", 60),
        ("roof", "silent", 60),
        ("south", "back", 160),
        ("cellar", "silent", 60),
        ("cellar", "back", 63),
    ]
    assert lines(twin("silent_sensors")) == found


def test_silences_that_a_heartbeat_ends_before_the_timer_fires(folder: Path) -> None:
    times = ["09:00:00", "10:00:00", "10:00:30", "10:00:28", "10:01:29"]
    beats = [{"time": f"2024-05-01T{time}Z", "sensor": "alone"} for time in times]
    Path("alone.jsonl").write_text("".join(json.dumps(beat) + "\n" for beat in beats), encoding="utf-8")
    found = lines(example("silent_sensors", "alone.jsonl"))
    assert [(r["status"], r["silent_s"]) for r in found] == [("silent", 60), ("back", 3600)]
    assert lines(twin("silent_sensors", "--set", "source.path=alone.jsonl")) == found


def test_every_silence_is_told_where_one_sensor_sends(folder: Path) -> None:
    gaps = [20, 59, 60, 61, 64, 65, 66, 300, 5]
    seconds = [sum(gaps[:i]) for i in range(len(gaps) + 1)]
    start = datetime(2024, 5, 1, tzinfo=UTC)
    beats = [{"time": (start + timedelta(seconds=s)).isoformat(), "sensor": "alone"} for s in seconds]
    Path("alone.jsonl").write_text("".join(json.dumps(beat) + "\n" for beat in beats), encoding="utf-8")
    found = lines(example("silent_sensors", "alone.jsonl"))
    long = [gap for gap in gaps if gap >= 60]
    assert [r["silent_s"] for r in found if r["status"] == "back"] == long
    assert [r["status"] for r in found] == ["silent", "back"] * len(long)


def test_access_log(folder: Path) -> None:
    printed = example("access_log")
    assert printed.splitlines()[-1] == "194 lines, 30 sessions, 0 late, 0 unreadable"
    assert example("access_log", "examples/data/access.log", "59s") == printed
    twin("access_log")
    sessions = lines(Path("outputs/sessions.jsonl").read_text(encoding="utf-8"))
    assert len(sessions) == 30
    assert sum(s["requests"] for s in sessions) == 194
    assert Path("outputs/late.jsonl").read_text(encoding="utf-8") == ""


def test_earthquakes(folder: Path) -> None:
    printed = example("earthquakes").splitlines()
    assert printed[-1] == "120 reports, 2 too late to count"
    counts = [int(line.split()[1]) for line in printed[:-1]]
    assert sum(counts) == 118
    twin("earthquakes")
    last = {day["window_start"]: day for day in lines(Path("outputs/days.jsonl").read_text(encoding="utf-8"))}
    assert [day["quakes"] for _, day in sorted(last.items())] == counts
    late = lines(Path("outputs/late_quakes.jsonl").read_text(encoding="utf-8"))
    assert len(late) == 2
    assert {"place", "window_start", "window_end", "late_by"} <= set(late[0])


def test_csv_to_parquet(folder: Path) -> None:
    printed = example("csv_to_parquet")
    assert printed.startswith("82 lines in, 2 of them bad\n")
    found = parquet(folder / "outputs/orders")
    assert [r["order"] for r in found] == sorted(r["order"] for r in found)
    assert all(r["amount"] > 5 for r in found)
    bad = lines(Path("outputs/orders/bad.jsonl").read_text(encoding="utf-8"))
    assert [(r["position"].rpartition(":")[2], r["step"]) for r in bad] == [
        ("21", "orders"),
        ("51", "orders"),
    ]

    shutil.rmtree(folder / "outputs")
    twin("csv_to_parquet")
    assert parquet(folder / "outputs/orders") == found


def shared() -> str:
    found = os.environ.get("PULSE_SHARED")
    if not found:
        pytest.skip("PULSE_SHARED does not name the folder of the real data sets")
    return found


def test_access_log_of_a_real_site(folder: Path) -> None:
    printed = example("access_log", PULSE_SHARED=shared()).splitlines()
    assert printed[-1] == "10000 lines, 3052 sessions, 0 late, 0 unreadable"


def test_earthquakes_of_a_real_week(folder: Path) -> None:
    printed = example("earthquakes", PULSE_SHARED=shared()).splitlines()
    assert printed[-1].startswith("1707 reports, ")
    late = int(printed[-1].split()[2])
    assert sum(int(line.split()[1]) for line in printed[:-1]) == 1707 - late
