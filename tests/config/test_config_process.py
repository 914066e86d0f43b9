"""Steps with state, described in TOML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pulse import DeterministicRunner
from pulse.config import load
from pulse.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """
[source]
kind = "file"
path = "in.jsonl"
time_field = "t"
time_format = "s"

[[step]]
type = "key_by"
fields = ["k"]

"""
TAIL = """
[[sink]]
kind = "file"
path = "out.jsonl"
"""
MODULE = """
from pulse import CombiningState, Process, count

class Numbered(Process):
    n = CombiningState(count)

    def process(self, ctx, record):
        ctx.n.add(1)
        if record["v"] == "bad":
            raise ValueError(record["v"])
        return {**record, "nth": ctx.n.read()}

def odd(record):
    return record["v"] == "in"
"""
RECORDS = [(0, "a", "in"), (1, "a", "x"), (2, "a", "in"), (3, "b", "bad"), (300, "a", "x")]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numbered_of_toml.py").write_text(MODULE)
    records = [json.dumps({"t": t, "k": k, "v": v}) for t, k, v in RECORDS]
    (tmp_path / "in.jsonl").write_text("\n".join(records) + "\n")

    def run(step: str, tail: str = "") -> list[Any]:
        (tmp_path / "p.toml").write_text(HEAD + step + TAIL + tail)
        DeterministicRunner().run(load("p.toml").pipeline)
        return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]

    return run


@pytest.mark.parametrize(
    ("step", "field", "expected"),
    [
        ("type = 'process'\nprocess = 'numbered_of_toml:Numbered'\non_error = 'skip'", "nth", [1, 2, 3, 4]),
        ("type = 'deduplicate'\nfields = ['k', 'v']\nwithin = '1m'", "t", [0, 1, 3, 300]),
        ("type = 'sessionize_by'\nstarts = \"v == 'in'\"", "session", [1, 1, 2, 1, 2]),
        ("type = 'sessionize_by'\nstarts_function = 'numbered_of_toml:odd'", "session", [1, 1, 2, 1, 2]),
        ("type = 'sessionize_by'\nends = \"v == 'x'\"\noutput = 'part'", "part", [1, 1, 2, 1, 2]),
        ("type = 'rate_limit'\nn = 2\nper = '1m'", "t", [0, 1, 3, 300]),
        ("type = 'detect_gap'\nafter = '1m'", "records", [3, 1, 1]),
    ],
)
def test_steps_with_state(run: Any, step: str, field: str, expected: list[int]) -> None:
    assert [record[field] for record in run(f"[[step]]\n{step}\n")] == expected


def test_records_above_a_limit_are_an_output(run: Any, tmp_path: Path) -> None:
    excess = "\n[[sink]]\nkind = 'file'\npath = 'excess.jsonl'\ninput = 'limit.excess'\n"
    step = "[[step]]\nname = 'limit'\ntype = 'rate_limit'\nn = 2\nper = '1m'\nexcess = 'output'\n"
    assert len(run(step, excess)) == 4
    assert [json.loads(line)["t"] for line in (tmp_path / "excess.jsonl").read_text().splitlines()] == [2]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("type = 'process'\nprocess = 'numbered_of_toml:odd'", "'numbered_of_toml:odd' is not a Process"),
        ("type = 'sessionize_by'", "needs starts, starts_function or ends"),
        ("type = 'rate_limit'\nn = 0", "n"),
        ("type = 'detect_gap'\nafter = '0s'", "after: '0s' is not positive"),
    ],
)
def test_wrong_options(run: Any, step: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        run(f"[[step]]\n{step}\n")
    assert message in str(raised.value)
