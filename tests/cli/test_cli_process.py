"""The command as a process: what it imports, pipes, signals, the server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.request import build_opener

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PULSE = [sys.executable, "-m", "pulse.cli.main"]
HEAVY = (
    "pyarrow",
    "numpy",
    "trio",
    "pydantic",
    "networkx",
    "prometheus_client",
    "rich",
    "orjson",
    "hypercorn",
)

LIVE = """\
[source]
kind = "nexmark"
only = "bid"
live = true
rate = 1000

[window]
type = "tumbling"
size = "1h"

[ops]
count_by = "auction"

[sink]
kind = "file"
path = "out.jsonl"
"""


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"], ["new", "x"], []])
def test_light_commands_import_nothing_heavy(project: Path, arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from pulse.cli.main import cli\n"
        "try:\n"
        f"    cli({arguments!r}, prog_name='pulse')\n"
        "except SystemExit:\n"
        f"    sys.exit(','.join(name for name in {HEAVY!r} if name in sys.modules) or 0)\n"
    )
    done = call(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr


def call(*command: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_from_stdin_to_stdout(project: Path) -> None:
    command = [*PULSE, "run", "p.toml", "--set", "source.path=-", "--set", "sink.path=-"]
    lines = (project / "in.jsonl").read_text()
    done = call(*command, text=lines)
    assert done.returncode == 0, done.stderr
    assert sorted(json.loads(line)["count"] for line in done.stdout.splitlines()) == [1, 2]
    assert done.stderr.splitlines()[0] == "running p.toml (5 steps)"


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*PULSE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def get(address: str) -> bytes:
    with build_opener().open(address) as response:
        found: bytes = response.read()
    return found


def test_the_first_interrupt_finishes_cleanly(project: Path) -> None:
    (project / "live.toml").write_text(LIVE)
    with started("run", "live.toml", "--http-port", "0") as process:
        assert process.stderr is not None
        start = process.stderr.readline()
        assert start.startswith("running live.toml (5 steps), metrics at http://127.0.0.1:")
        address = start.split(" at ")[1].strip()
        health: dict[str, Any] = {}
        while not health.get("records_in"):
            health = json.loads(get(address.replace("/metrics", "/healthz")))
        assert health["status"] == "ok"
        assert health["pipeline"] == "live"
        metrics = get(address).decode()
        assert 'pulse_operator_records_total{operator="KeyBy(auction)",stage="receive"}' in metrics
        assert "pulse_watermark_lag_ms" in metrics
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
        assert process.returncode == 0, stderr
    assert "stopped after" in stderr
    rows = [json.loads(line) for line in (project / "out.jsonl").read_text().splitlines()]
    assert sum(row["count"] for row in rows) >= health["records_in"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_serves_until_a_signal(project: Path, number: signal.Signals) -> None:
    with started("serve", "--port", "0") as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("serving http://127.0.0.1:")
        assert b"pulse_queue_depth 0.0" in get(line.split()[1])
        process.send_signal(number)
        process.communicate(timeout=30)
        assert process.returncode == 0


def test_serve_on_an_address_that_is_not_ours(project: Path) -> None:
    command = [*PULSE, "serve", "--port", "0", "--http-host", "192.0.2.1"]
    done = call(*command)
    assert done.returncode == 1
    assert done.stderr.startswith("error: cannot serve on 192.0.2.1:0: ")
    assert "Traceback" not in done.stderr
