"""``pulse run --state-dir`` and ``pulse checkpoint``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Invoke


def test_a_run_leaves_checkpoints_that_can_be_listed(pulse: Invoke, project: Path) -> None:
    assert pulse("run", "p.toml", "--state-dir", "state").exit_code == 0
    listed = pulse("checkpoint", "ls", "state").stdout
    assert listed.startswith("1  20")
    assert listed.endswith("  p  finished  watermark end of time\n")
    (found,) = json.loads(pulse("checkpoint", "ls", "state", "--json").stdout)
    assert (found["number"], found["pipeline"], found["finished"], found["problem"]) == (1, "p", True, None)
    verified = pulse("checkpoint", "verify", "state")
    assert (verified.exit_code, verified.stdout, verified.stderr) == (0, "1: whole\n", "1 whole, 0 damaged\n")
    again = pulse("run", "p.toml", "--state-dir", "state")
    assert "warning: the run in state is over, so there is nothing to do; --fresh starts over" in again.stderr
    assert pulse("run", "p.toml", "--state-dir", "state", "--fresh").exit_code == 0
    assert len((project / "out.jsonl").read_text().splitlines()) == 2


def test_damage_is_shown(pulse: Invoke, project: Path) -> None:
    pulse("run", "p.toml", "--state-dir", "state")
    (project / "state" / "00000001" / "manifest.json").write_text("{}")
    problem = "manifest.json is not that of a checkpoint"
    assert pulse("checkpoint", "ls", "state").stdout == f"1  damaged: {problem}\n"
    verified = pulse("checkpoint", "verify", "state")
    assert (verified.exit_code, verified.stdout, verified.stderr) == (
        1,
        f"1: {problem}\n",
        "0 whole, 1 damaged\n",
    )
    again = pulse("run", "p.toml", "--state-dir", "state")
    assert again.exit_code == 1
    assert "error: no checkpoint in 'state' can be used: checkpoint 1 (manifest.json is not" in again.stderr


def test_an_empty_state_directory_is_no_error(pulse: Invoke, project: Path) -> None:
    (project / "state").mkdir()
    assert pulse("checkpoint", "ls", "state").stderr == "no checkpoint in state\n"
    absent = pulse("checkpoint", "ls", "none")
    assert (absent.exit_code, absent.stderr) == (1, "error: there is no state directory 'none'\n")


def test_the_config_may_name_the_directory(pulse: Invoke, project: Path) -> None:
    with (project / "p.toml").open("a") as file:
        file.write('[runtime]\nstate_dir = "kept"\ncheckpoint_interval = "1m"\n')
    assert pulse("run", "p.toml").exit_code == 0
    assert (project / "kept" / "00000001").is_dir()


@pytest.mark.parametrize(
    "options",
    [("--fresh",), ("--from-checkpoint", "1"), ("--allow-state-loss", "x"), ("--checkpoint-interval", "1s")],
)
def test_options_without_a_directory_are_refused(pulse: Invoke, options: tuple[str, ...]) -> None:
    result = pulse("run", "p.toml", *options)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {options[0]} needs a state directory: --state-dir DIR\n")


def test_other_refusals(pulse: Invoke) -> None:
    result = pulse("run", "p.toml", "--state-dir", "state", "--runner", "deterministic")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (
        2,
        "error: the deterministic runner keeps no state on disk",
    )
    result = pulse("run", "p.toml", "--state-dir", "state", "--checkpoint-interval", "soon")
    assert "checkpoint_interval 'soon' is not a duration" in result.stderr


def test_standard_output_is_said_to_be_at_least_once(pulse: Invoke) -> None:
    result = pulse("run", "p.toml", "--state-dir", "state", "--set", "sink.path=-")
    assert "writes to standard output, which cannot be taken back: after a crash, what came" in result.stderr
    assert len(result.stdout.splitlines()) == 2
