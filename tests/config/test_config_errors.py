"""Errors point at the line of the file, say the rule, and give the way out."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    Failure = Callable[..., str]

CASES = tomllib.loads((Path(__file__).parent / "errors.toml").read_text())

GOOD = """\
[source]
kind = "file"
path = "in.jsonl"
time_field = "ts"

[time]
allowed_lateness = "10s"

[window]
type = "tumbling"
size = "60s"

[ops]
count_by = "word"

[sink]
kind = "file"
path = "out.jsonl"
"""

STEPS = """\
[source]
kind = "file"
path = "in.jsonl"
time_field = "ts"

[sink]
kind = "file"

[[step]]
"""


def assert_same(found: str, expected: str) -> None:
    """Compare a message, of which the end may be left out with three dots."""
    if expected.endswith("..."):
        found = found[: len(expected) - 3] + "..."
    assert found == expected


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"ts": 0, "word": "a", "score": 1.5}\n')


@pytest.mark.parametrize("case", CASES["change"], ids=lambda case: case["error"].split("\n")[0])
def test_of_the_short_form(failure: Failure, case: dict[str, str]) -> None:
    assert case["old"] in GOOD
    assert_same(failure(GOOD.replace(case["old"], case["new"], 1)), case["error"])


@pytest.mark.parametrize("case", CASES["steps"], ids=lambda case: case["error"].split("\n")[0])
def test_of_steps(failure: Failure, tmp_path: Path, case: dict[str, str]) -> None:
    assert_same(failure(STEPS + case["text"]), case["error"].replace("FOLDER", str(tmp_path)))


def test_of_python_that_fails_to_load(failure: Failure, tmp_path: Path) -> None:
    (tmp_path / "broken_functions.py").write_text("x = 1\ny = x / 0\n")
    (tmp_path / "needy_functions.py").write_text("import no_such_package\n")
    text = STEPS + 'type = "map"\nfunction = "broken_functions:f"'
    assert failure(text) == (
        "p.toml:11: step.0.function: module 'broken_functions' cannot be imported: ZeroDivisionError: "
        f"division by zero\nhint: look at {tmp_path}/broken_functions.py:2"
    )
    assert failure(text.replace("broken", "needy")).startswith(
        "p.toml:11: step.0.function: module 'needy_functions' cannot be imported: ModuleNotFoundError: No "
        "module named 'no_such_package'\n"
    )


def test_of_a_module_whose_name_is_taken(failure: Failure, tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("")
    assert failure(STEPS + 'type = "map"\nfunction = "click:f"') == (
        f"p.toml:11: step.0.function: module 'click' in {tmp_path} is not the one that is loaded, "
        f"{click.__file__}\n"
        "hint: rename it: one process can hold only one module of a name"
    )


def test_of_several_sources_without_inputs(failure: Failure) -> None:
    two = '[[source]]\nname = "a"\nkind = "file"\npath = "in.jsonl"\n' * 2
    text = two.replace('"a"', '"b"', 1) + '[sink]\nkind = "file"\n'
    assert failure(text) == (
        "p.toml:9: sink: input is missing, and there are 2 sources to choose from\nhint: add: input = 'b'"
    )
    assert failure(text.replace('name = "a"\n', "").replace('name = "b"\n', "")).endswith(
        "there are 2 sources to choose from\nhint: give the sources names"
    )
    assert failure(text + '[ops]\ncount_by = "word"') == (
        "p.toml:11: ops: works on one source, there are 2\nhint: say it in [[step]] tables"
    )


def test_all_that_is_wrong_is_told_at_once(failure: Failure) -> None:
    text = GOOD.replace('"60s"', "60").replace('"10s"', '"ten"').replace('path = "out.jsonl"', "path = 1")
    assert failure(text).splitlines() == [
        "p.toml:7: time.allowed_lateness: value 'ten' is not a duration",
        "p.toml:11: window.size: 60 has no unit",
        "p.toml:18: sink.path: 1 is not a text in quotes",
        "hint: write a timedelta or text such as '10s', '1h30m' or '250ms' (units: us, ms, s, m, h, d, w)",
    ]


def test_of_an_override(failure: Failure) -> None:
    assert failure(GOOD, {"window.size": "sixty"}).startswith(
        "--set window.size: window.size: value 'sixty' is not a duration\n"
    )
    assert failure(GOOD, {"window.sizes": "60s"}) == (
        "--set window.sizes: window.sizes: unknown key; keys here: allow_unsafe, early_every, final_only, gap, "
        "offset, size, slide, time_zone, timestamp, timestamp_shift, trigger, type, unit\n"
        "hint: did you mean 'size'?"
    )


def test_a_secret_from_the_environment_is_not_shown(failure: Failure) -> None:
    text = GOOD.replace('"60s"', '"${WORD}"').replace('"tumbling"', '"${WORD}"')
    found = failure(text, WORD="hunter2")
    assert "hunter2" not in found
    assert "window.size: value '${WORD}' is not a duration" in found
    assert "window.type: '${WORD}' is not one of tumbling" in found
