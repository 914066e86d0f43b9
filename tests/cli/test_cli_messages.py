"""What the command says about configs that are nearly right, and of a Ctrl-C before the run has begun."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    Invoke = Callable[..., Result]

STEPS = """\
[[source]]
kind = "file"
path = "in.jsonl"
time_field = "ts"

[[step]]
name = "minutes"
type = "window"
window = "tumbling"
size = "60s"

[[step]]
type = "key_by"
fields = ["word"]

[[step]]
type = "aggregate"
aggregates = { n = "count()" }

[[sink]]
kind = "file"
path = "out.jsonl"
"""


def test_check_looks_for_the_file_of_a_declared_schema(project: Path, pulse: Invoke) -> None:
    config = (project / "p.toml").read_text()
    config = config.replace("[window]", 'schema = { ts = "int64", word = "string" }\n[window]')
    (project / "p.toml").write_text(config.replace("in.jsonl", "on.jsonl"))
    done = pulse("check", "p.toml")
    assert done.exit_code == 1
    assert "p.toml:1: " in done.stderr
    assert "'on.jsonl' does not exist" in done.stderr


def test_set_reaches_into_lists(project: Path, pulse: Invoke) -> None:
    (project / "s.toml").write_text(STEPS)
    done = pulse("run", "s.toml", "--set", "sink.path=other.jsonl")
    assert done.exit_code == 2
    assert "hint: sink is a list: write --set sink.0.path=..." in done.stderr
    done = pulse("run", "s.toml", "--set", "step.size=1s")
    assert "hint: step is a list: write --set step.minutes.size=..." in done.stderr
    done = pulse("run", "s.toml", "--set", "sink.0.path=other.jsonl", "--set", "step.minutes.size=1ms")
    assert done.exit_code == 0, done.stderr
    assert len((project / "other.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize("kind", ["timestamp_ms", "timestamp[ms]", "timestamp(millis)"])
def test_a_wrong_time_type_is_told_the_right_ones(kind: str, project: Path, pulse: Invoke) -> None:
    config = (project / "p.toml").read_text()
    (project / "p.toml").write_text(config.replace("[window]", f'schema = {{ ts = "{kind}" }}\n[window]'))
    done = pulse("check", "p.toml")
    assert done.exit_code == 2
    assert "hint: write timestamp, timestamp(ms), timestamp(us, Europe/Berlin)" in done.stderr


def test_median_is_told_its_name(project: Path, pulse: Invoke) -> None:
    (project / "s.toml").write_text(STEPS.replace("count()", "median(ts)"))
    done = pulse("check", "s.toml")
    assert done.exit_code == 2
    assert "hint: write approx_median(field)" in done.stderr


def test_top_k_takes_the_name_of_the_rank(project: Path, pulse: Invoke) -> None:
    last = 'type = "top_k"\nk = 1\nby = "ts"\nrank = "place"'
    config = STEPS.replace('type = "aggregate"\naggregates = { n = "count()" }', last)
    (project / "s.toml").write_text(config)
    assert pulse("run", "s.toml").exit_code == 0
    assert '"place":1' in (project / "out.jsonl").read_text()


def test_the_first_interrupt_before_the_run_ends_it_in_order(project: Path) -> None:
    (project / "early.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    (project / "s.toml").write_text(STEPS.replace('fields = ["word"]', 'function = "early:key"'))
    command = [sys.executable, "-m", "pulse.cli.main", "run", "s.toml"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert done.stderr == "interrupted before the run began: nothing was written\n"
    assert not (project / "out.jsonl").exists()
