"""The two commands of the README, part by part: ``.ci/run`` runs them whole, in a fresh environment."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = re.findall(r"^python3 -m venv .*$", (ROOT / "README.md").read_text(), re.MULTILINE)


def test_there_are_two_commands_and_ci_runs_both() -> None:
    assert len(COMMANDS) == 2
    assert "command_of_readme 1" in (ROOT / ".ci/run").read_text()
    assert "command_of_readme 2" in (ROOT / ".ci/run").read_text()


def test_the_extras_that_are_installed_exist() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {extra for command in COMMANDS for extra in re.findall(r"\.\[(\w+)\]", command)}
    assert named
    assert named <= set(project["optional-dependencies"])


def test_what_is_run_after_the_installation_runs(tmp_path: Path) -> None:
    python, script = COMMANDS[0].rpartition("&& ")[2].split()
    assert python == ".venv/bin/python"
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("outputs"))
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert "wrote" in done.stdout or ".parquet" in done.stdout
