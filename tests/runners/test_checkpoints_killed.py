"""Real processes killed at any moment: the same command, started again, gives the output of a quiet run.

The long version, some hundred runs: ``PULSE_CRASH_RUNS=200 pytest tests/runners/test_checkpoints_killed.py``
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parents[2]
RUNS = int(os.environ.get("PULSE_CRASH_RUNS", "0"))
KILLS = 3
SIZE = 40_000
SHORT = [("tumbling", 1), ("timers", 2), ("letters", 1), ("bids", 2)]
LONG = [
    (name, parallelism)
    for name in (
        *("tumbling", "sliding", "session", "triggered", "timers", "intervals", "joined", "letters", "sided"),
        *("merged", "bids"),
    )
    for parallelism in (1, 2)
]
CASES = [(*LONG[n % len(LONG)], n) for n in range(RUNS)] or [(*case, 0) for case in SHORT]


def write_input(folder: Path, size: int) -> None:
    random = Random(7)
    with (folder / "in.jsonl").open("w") as file:
        for n in range(size):
            record = {
                "ts": n * 20 + random.randint(0, 5000),
                "k": f"k{random.randint(0, 50)}",
                "v": random.randint(0, 99),
            }
            file.write(json.dumps(record) + "\n")


def start(name: str, folder: Path, *options: str) -> subprocess.Popen[str]:
    command = "bids" if name == "bids" else f"run_{name}"
    arguments = ["run", f"tests.support.crash_pipelines:{command}", *options]
    return subprocess.Popen(
        [sys.executable, "-m", "pulse.cli.main", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str], within: float | None = None) -> tuple[int, str]:
    """Wait for a process; kill it when it takes longer than some seconds after it has said that it runs."""
    said = ""
    assert process.stderr is not None
    if within is not None:
        said = process.stderr.readline()
    try:
        _, errors = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        _, errors = process.communicate()
    return process.returncode, said + errors


def output(folder: Path) -> dict[str, list[Any]]:
    """Return what a run has written, in an order that does not depend on when it came."""
    found: dict[str, list[Any]] = {
        path.name: sorted(path.read_text().splitlines()) for path in folder.glob("out.*.jsonl")
    }
    parts = sorted((folder / "parts").glob("*.parquet"))
    if parts:
        found["parts"] = sorted(str(row) for path in parts for row in pq.read_table(path).to_pylist())
    return found


@pytest.mark.parametrize(("name", "parallelism", "seed"), CASES)
def test_killed_runs_lose_and_repeat_nothing(tmp_path: Path, name: str, parallelism: int, seed: int) -> None:
    quiet, folder = tmp_path / "quiet", tmp_path / "killed"
    for each in (quiet, folder):
        each.mkdir()
        write_input(each, SIZE)
    code, errors = finish(start(name, quiet))
    assert code == 0, errors
    random, said = Random(f"{name} {seed}"), []
    options = ["--state-dir", "state", "--checkpoint-interval", "30ms", "--parallelism", str(parallelism)]
    for _ in range(KILLS):
        code, errors = finish(start(name, folder, *options), within=random.uniform(0.1, 0.7))
        assert code in (0, -9), errors
        said.append(errors)
    code, errors = finish(start(name, folder, *options))
    assert code == 0, errors
    assert output(folder) == output(quiet), [*said, errors]
    left = [path.name for path in folder.rglob("*.tmp")]
    assert not left


def test_a_stopped_run_goes_on(tmp_path: Path) -> None:
    quiet, folder = tmp_path / "quiet", tmp_path / "stopped"
    for each in (quiet, folder):
        each.mkdir()
        write_input(each, 4 * SIZE)
    process = start("tumbling", folder, "--state-dir", "state", "--checkpoint-interval", "1h")
    assert process.stderr is not None
    process.stderr.readline()
    while not (folder / "state" / "lock").exists():
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    code, errors = finish(process)
    assert code == 0, errors
    assert finish(start("tumbling", quiet))[0] == 0
    code, errors = finish(start("tumbling", folder, "--state-dir", "state"))
    assert code == 0, errors
    assert "resuming from checkpoint 1 in state" in errors
    assert output(folder) == output(quiet)
