"""``pulse run``: what it does, says, and how it ends."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from pulse.cli.execution import execute, uses_stdout
from pulse.cli.progress import Silence
from pulse.config import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    Invoke = Callable[..., Result]


def rows(path: Path) -> list[Any]:
    return sorted((row["word"], row["count"]) for row in map(json.loads, path.read_text().splitlines()))


@pytest.fixture(autouse=True)
def own_modules(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(project)):
            del sys.modules[name]


@pytest.mark.parametrize(
    "arguments", [("p.toml",), ("--config", "p.toml"), ("p.toml", "--runner", "deterministic")]
)
def test_run_writes_results_and_says_so(pulse: Invoke, project: Path, arguments: tuple[str, ...]) -> None:
    result = pulse("run", *arguments)
    assert result.exit_code == 0
    assert rows(project / "out.jsonl") == [("a", 2), ("b", 1)]
    assert result.stdout == ""
    start, done, wrote = result.stderr.splitlines()
    assert start == "running p.toml (5 steps)"
    assert done.startswith("done in 0.")
    assert done.endswith("/s), 2 out, 0 late, 0 errors")
    assert ": 3 records in (" in done
    assert wrote == "wrote out.jsonl"


def test_the_config_may_come_from_the_environment(pulse: Invoke, project: Path) -> None:
    assert pulse("run", PULSE_CONFIG="p.toml").exit_code == 0
    assert rows(project / "out.jsonl") == [("a", 2), ("b", 1)]


def test_quiet_says_nothing(pulse: Invoke) -> None:
    result = pulse("run", "p.toml", "-q")
    assert (result.exit_code, result.output) == (0, "")


def test_json_goes_to_stdout(pulse: Invoke) -> None:
    summary = json.loads(pulse("run", "p.toml", "--json").stdout)
    assert {key: summary[key] for key in ("records_in", "records_out", "late", "errors", "written")} == {
        "records_in": 3,
        "records_out": 2,
        "late": 0,
        "errors": 0,
        "written": ["out.jsonl"],
    }
    assert summary["steps"]["KeyBy(word)"]["received"] == 3
    assert summary["interrupted"] is False
    assert summary["watermark"] == "end of time"


def test_stdout_is_for_results_when_a_sink_writes_there(pulse: Invoke) -> None:
    result = pulse("run", "p.toml", "--json", "-q", "--set", "sink.path=-")
    assert [json.loads(line)["count"] for line in result.stdout.splitlines()] == [2, 1]
    assert json.loads(result.stderr)["records_out"] == 2


def test_flags_go_before_variables_before_the_file(pulse: Invoke, project: Path) -> None:
    (project / "p.toml").write_text((project / "p.toml").read_text() + '[runtime]\nrunner = "nope"\n')
    assert pulse("run", "p.toml").exit_code == 2
    text = (project / "p.toml").read_text().replace('"nope"', '"deterministic"')
    (project / "p.toml").write_text(text)
    refused = "error: the deterministic runner is not observed, so there are no metrics to serve\n"
    port = ("run", "p.toml", "-q", "--http-port", "0")
    assert pulse(*port).stderr.startswith(refused)
    assert pulse(*port, PULSE_RUNNER="trio").exit_code == 0
    assert pulse(*port, "--runner", "deterministic").stderr == (
        f"{refused}hint: leave out --http-port, or use --runner trio\n"
    )


def test_overrides(pulse: Invoke, project: Path) -> None:
    assert pulse("run", "p.toml", "--set", "ops.count_by=ts", "--set", "sink.path=n.jsonl").exit_code == 0
    assert len((project / "n.jsonl").read_text().splitlines()) == 3


def test_python_pipelines(pulse: Invoke, project: Path) -> None:
    (project / "mine_module.py").write_text(
        "from pulse import *\n"
        "pipeline = Pipeline('mine')\n"
        "_ = pipeline | Create([{'n': 1}, {'n': 2}]) | Filter('n > 1') | Write(JsonLinesSink('n.jsonl'))\n"
    )
    result = pulse("run", "mine_module:pipeline")
    assert result.exit_code == 0
    assert "running mine_module:pipeline (3 steps)" in result.stderr
    assert (project / "n.jsonl").read_text() == '{"n":2}\n'
    refused = pulse("run", "mine_module:pipeline", "--set", "a=1")
    assert (refused.exit_code, refused.stderr) == (
        2,
        "error: --set changes a config file, and 'mine_module:pipeline' is Python\n",
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run"], 2, "error: missing config\nhint: see pulse run --help\n"),
        (
            ["run", "p.toml", "--config", "p.toml"],
            2,
            "error: give the config as an argument or with --config, not both\nhint: see pulse run --help\n",
        ),
        (
            ["run", "p.toml", "--set", "a"],
            2,
            "error: --set 'a' is not KEY=VALUE, such as window.size=30s\nhint: see pulse run --help\n",
        ),
        (["run", "--parallel"], 2, "error: no such option '--parallel'. Did you mean '--parallelism'?"),
        (["rnu"], 2, "error: no such command 'rnu'"),
        (
            ["run", "none.toml"],
            2,
            "error: config 'none.toml' does not exist\nhint: start with a project of your own: pulse new ",
        ),
        (
            ["run", "p.toml", "--set", "ops.count_by=wrd"],
            2,
            "error: p.toml:10: step 'KeyBy(wrd)': field 'wrd' does not exist; fields: ts, word\nhint: did ",
        ),
        (
            ["run", "no_such_module:pipeline"],
            2,
            "error: function module 'no_such_module' was found neither in ",
        ),
        (["run", "p.toml", "--set", "source.path=no.jsonl"], 1, "error: "),
        (
            ["run", "p.toml", "--parallelism", "0"],
            2,
            "error: invalid value for '--parallelism' (env var: 'PULSE_PARALLELISM'): 0 is not in the range ",
        ),
    ],
)
def test_errors_and_exit_codes(pulse: Invoke, arguments: list[str], code: int, message: str) -> None:
    result = pulse(*arguments, "-q") if arguments[-1] == "p.toml" else pulse(*arguments)
    found = result.stderr.removeprefix("running p.toml (5 steps)\n")
    assert result.exit_code == code
    assert found[: len(message)] == message
    assert "Traceback" not in found


def test_a_bad_record_fails_the_run(pulse: Invoke, project: Path) -> None:
    (project / "in.jsonl").write_text('{"ts": 0, "word": "a"}\nbroken\n')
    result = pulse("run", "p.toml", "-q")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: step 'Read(jsonl(in.jsonl))': ")
    assert "  at: in.jsonl:2\n  record: broken\n" in result.stderr
    assert "hint: choose on_error='skip' or 'dead_letter'" in result.stderr
    assert not (project / "out.jsonl").exists()


@pytest.mark.parametrize("flag", ["--debug", "-v"])
def test_tracebacks_only_when_asked_for(pulse: Invoke, flag: str) -> None:
    result = pulse("run", "p.toml", "--set", "window.size=0s", flag)
    assert result.exit_code == 2
    assert "Traceback (most recent call last)" in result.stderr
    assert result.stderr.splitlines()[-2].startswith(
        "error: --set window.size: window.size: '0s' is not positive"
    )
    again = pulse("run", "p.toml", "--set", "window.size=0s")
    assert "Traceback" not in again.stderr


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ("KeyboardInterrupt", 1, "error: aborted\nhint: what was not committed is dropped\n"),
        ("ValueError('x')", 1, "error: ValueError: x\nhint: run again with --debug to see where\n"),
        ("pulse.StateError('locked')", 1, "error: locked\n"),
        ("pulse.ConfigError('wrong', where='a.toml:1', hint='do')", 2, "error: a.toml:1: wrong\nhint: do\n"),
    ],
)
def test_what_python_raises(pulse: Invoke, project: Path, error: str, code: int, message: str) -> None:
    (project / "raising_module.py").write_text(f"import pulse\ndef make():\n    raise {error}\n")
    result = pulse("run", "raising_module:make")
    assert (result.exit_code, result.stderr.lstrip("\n")) == (code, message)


def test_a_broken_invariant_always_shows_where(pulse: Invoke, project: Path) -> None:
    (project / "raising_module.py").write_text(
        "import pulse\ndef make():\n    raise pulse.PulseInternalError('odd')\n"
    )
    result = pulse("run", "raising_module:make")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert result.stderr.endswith(
        "error: odd\nthis is a defect in pulse: please report it with the pipeline that shows it\n"
    )


def test_log_messages_are_lines_on_stderr(pulse: Invoke) -> None:
    result = pulse("check", "p.toml", "--set", "source.follow=true", "--set", "window.type=tumbling")
    assert result.stderr.startswith(
        "warning: p.toml:1: jsonl(in.jsonl) never ends and max_out_of_orderness is not set"
    )


def test_a_taken_port(pulse: Invoke) -> None:
    result = pulse("run", "p.toml", "--http-port", "0", "--http-host", "192.0.2.1")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: cannot serve on 192.0.2.1:0: ")


def test_results_do_not_depend_on_the_runner(project: Path) -> None:
    loaded = load("p.toml", {"sink.path": "-"})
    assert uses_stdout(loaded)
    assert not uses_stdout(load("p.toml"))
    result = execute(load("p.toml"), Silence(), port=None, host="", quiet=True)
    assert result.records_in == 3
