"""Helpers of the command line tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from pulse.cli.main import cli

if TYPE_CHECKING:
    from pathlib import Path

Invoke = Callable[..., Result]

WORDS = """\
[source]
kind = "file"
path = "in.jsonl"
time_field = "ts"

[window]
type = "tumbling"
size = "60s"

[ops]
count_by = "word"

[sink]
kind = "file"
path = "out.jsonl"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a config and its data."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.toml").write_text(WORDS)
    (tmp_path / "in.jsonl").write_text(
        '{"ts": 0, "word": "a"}\n{"ts": 1, "word": "b"}\n{"ts": 2, "word": "a"}\n'
    )
    return tmp_path


@pytest.fixture
def pulse(project: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """Run a command in the project's directory."""

    def invoke(*arguments: str, **environment: Any) -> Result:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(cli, arguments, prog_name="pulse")

    return invoke
