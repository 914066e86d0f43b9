"""The other commands, and what all of them promise."""

from __future__ import annotations

import json
import runpy
import tomllib
from typing import TYPE_CHECKING

import click

from pulse import __version__
from pulse.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from click.testing import Result

    Invoke = Callable[..., Result]


def test_every_option_has_an_environment_variable_that_help_shows(pulse: Invoke) -> None:
    for name, command in cli.commands.items():
        text = " ".join(pulse(name, "--help").stdout.split())
        assert "Exit codes: 0 done" in text
        for param in command.params:
            if isinstance(param, click.Option):
                assert str(param.envvar).startswith("PULSE_"), (name, param.name)
                assert param.show_envvar
                assert str(param.envvar) in text
                assert param.help


def test_help_documents_the_exit_codes(pulse: Invoke) -> None:
    result = pulse("--help")
    assert result.exit_code == 0
    text = " ".join(result.stdout.split())
    assert "1 failed or aborted by a second Ctrl-C, 2 wrong usage, config or pipeline" in text
    assert pulse("--version").stdout == f"pulse {__version__}\n"


def test_without_a_command_help_is_shown_and_it_is_wrong_usage(pulse: Invoke) -> None:
    result = pulse()
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: pulse [OPTIONS] COMMAND")


def test_check_prints_the_schemas(pulse: Invoke) -> None:
    result = pulse("check", "p.toml")
    assert result.exit_code == 0
    assert result.stdout == "Read(jsonl(in.jsonl)): sniffed\n  ts    int64\n  word  string\n"
    assert result.stderr == "p.toml is right: 5 steps\n"


def test_check_of_any_fields(pulse: Invoke, project: Path) -> None:
    (project / "p.toml").write_text(
        '[source]\nkind = "file"\npath = "in.jsonl"\nschema = "any"\n[sink]\nkind = "file"\n'
    )
    assert pulse("check", "p.toml").stdout.endswith("  any fields\n")


def test_check_writes_schemas(pulse: Invoke, project: Path) -> None:
    result = pulse("check", "p.toml", "--write-schema")
    assert result.stderr.splitlines()[-1] == "wrote schema at p.toml:2"
    config = tomllib.loads((project / "p.toml").read_text())
    assert config["source"]["schema"] == {"ts": "int64", "word": "string"}
    assert pulse("check", "p.toml").stdout.startswith("Read(jsonl(in.jsonl)): declared\n")
    assert pulse("run", "p.toml").exit_code == 0


def test_check_does_not_write_into_python(pulse: Invoke) -> None:
    result = pulse("check", "a_module:pipeline", "--write-schema")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (
        2,
        "error: --write-schema writes into a config file, not into Python",
    )


def test_check_finds_what_run_would(pulse: Invoke) -> None:
    result = pulse("check", "p.toml", "--set", "ops.agg=avg", "--set", "ops.agg_field=word")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: p.toml:10: step 'Aggregate(avg=mean(word))': ")


def test_graph_in_every_text_form(pulse: Invoke, project: Path) -> None:
    assert pulse("graph", "p.toml").stdout.startswith('digraph "p" {')
    assert pulse("graph", "p.toml", "--dot").stdout == pulse("graph", "p.toml").stdout
    assert pulse("graph", "p.toml", "--mermaid").stdout.startswith("flowchart")
    assert json.loads(pulse("graph", "p.toml", "--json").stdout)
    assert json.loads(pulse("graph", "p.toml", "--json", "--optimized", "--parallelism", "2").stdout)
    for name, form in (("g.dot", "--dot"), ("g.mmd", "--mermaid"), ("g.json", "--json")):
        assert pulse("graph", "p.toml", "-o", name).exit_code == 0
        assert (project / name).read_text() == pulse("graph", "p.toml", form).stdout


def test_graph_of_a_form_that_is_not_offered(pulse: Invoke) -> None:
    result = pulse("graph", "p.toml", "-o", "g.bmp")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: format 'bmp' is not one of svg, png")


def test_explain_tells_the_plan(pulse: Invoke) -> None:
    result = pulse("explain", "p.toml", "--parallelism", "2")
    assert result.exit_code == 0
    assert "KeyBy(word)" in result.stdout
    assert "\x1b" not in result.stdout


def test_schema_is_json(pulse: Invoke) -> None:
    schema = json.loads(pulse("schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_new_project_runs(pulse: Invoke, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = pulse("new", "words")
    assert result.exit_code == 0
    assert result.stderr.splitlines()[-1] == "now: cd words && pulse run pipeline.toml"
    monkeypatch.chdir(project / "words")
    assert pulse("check", "pipeline.toml").exit_code == 0
    done = pulse("run", "pipeline.toml", "--json")
    assert (done.exit_code, json.loads(done.stdout)["errors"]) == (0, 1)
    assert len((project / "words/out/views.jsonl").read_text().splitlines()) == 5
    assert "words" in (project / "words/README.md").read_text()
    test = runpy.run_path(str(project / "words/tests/test_pipeline.py"))
    (project / "other").mkdir()
    test["test_views_are_counted_per_page_and_minute"](project / "other", monkeypatch)


def test_a_new_project_overwrites_nothing(pulse: Invoke, project: Path) -> None:
    (project / "words").mkdir()
    assert pulse("new", "words").exit_code == 0
    result = pulse("new", "words")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: 'words' exists and is not an empty directory\nhint: choose another name\n",
    )
