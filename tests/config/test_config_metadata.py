"""Fields that say where a record stands in time: from TOML as from Python, and written to a file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pulse import DeterministicRunner, WithMetadata
from pulse.config import json_schema
from pulse.graph.ops.metadata import METADATA, MetadataOp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pulse.config import LoadedPipeline

ENDS = """
[source]
kind = "file"
path = "in.jsonl"
time_field = "ts"

[sink]
kind = "file"
path = "out.jsonl"

"""

PANES = """
[[step]]
type = "window"
window = "tumbling"
size = "60s"
trigger = "AfterWatermark(early=AfterCount(2))"
accumulation = "discarding"

[[step]]
type = "aggregate"
aggregates = { n = "count()" }

[[step]]
type = "with_metadata"
fields = ["index"]
names = { timing = "pane" }

[[step]]
type = "select"
fields = ["n", "pane", "index"]
"""

TWINS: dict[str, WithMetadata] = {
    "": WithMetadata(),
    'fields = ["time", "window_start"]': WithMetadata("time", "window_start"),
    'names = { timing = "pane", index = "pane_index" }': WithMetadata(timing="pane", index="pane_index"),
    'fields = ["is_last"]\nnames = { timing = "pane" }': WithMetadata("is_last", timing="pane"),
}

ERRORS = {
    'fields = ["timng"]': (
        f"p.toml:13: step.0.fields.0: 'timng' is not one of {', '.join(METADATA)}\n"
        "hint: did you mean 'timing'?"
    ),
    'names = { pane = "timing" }': (
        f"p.toml:13: step.0.names.pane: 'pane' is not one of {', '.join(METADATA)}\n"
        "hint: what to add stands first, the name of its field second: { timing = 'pane' }"
    ),
    'names = { indx = "n" }': (
        f"p.toml:13: step.0.names.indx: 'indx' is not one of {', '.join(METADATA)}\n"
        "hint: did you mean 'index'?"
    ),
    'names = { timing = "" }': "p.toml:13: step.0.names.timing: is empty",
    'fields = "timing"': "p.toml:13: step.0.fields: 'timing' is not a list in brackets",
    'field = ["timing"]': (
        "p.toml:13: step.0.field: unknown key; keys here: fields, input, name, names, type\n"
        "hint: did you mean 'fields'?"
    ),
    'fields = ["index"]\nnames = { timing = "index" }': (
        "p.toml:11: step.0: WithMetadata makes field 'index' twice\nhint: give one another name"
    ),
    'names = { time = "word" }': (
        "p.toml:11: step 'WithMetadata(time=word)': field 'word' is there already\n"
        "hint: choose another name for it: WithMetadata(time='word_2')"
    ),
}


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"ts": 0, "word": "a"}\n' * 3)


@pytest.mark.parametrize("text", TWINS)
def test_a_step_is_what_python_makes(config: Callable[..., LoadedPipeline], text: str) -> None:
    loaded = config(f'{ENDS}[[step]]\ntype = "with_metadata"\n{text}')
    (found,) = (node.op for node in loaded.pipeline.graph if isinstance(node.op, MetadataOp))
    assert found == TWINS[text].op


@pytest.mark.parametrize("text", ERRORS)
def test_what_is_wrong_is_told_with_its_line(failure: Callable[..., str], text: str) -> None:
    assert failure(f'{ENDS}[[step]]\ntype = "with_metadata"\n{text}') == ERRORS[text]


def test_editors_are_given_what_there_is() -> None:
    found = json_schema()["$defs"]["WithMetadataStep"]["properties"]
    assert found["fields"]["items"]["enum"] == list(METADATA)
    assert found["names"]["propertyNames"]["enum"] == list(METADATA)


def test_panes_are_written(config: Callable[..., LoadedPipeline], tmp_path: Path) -> None:
    DeterministicRunner().run(config(ENDS + PANES).pipeline)
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert found == [{"n": 2, "pane": "early", "index": 0}, {"n": 1, "pane": "on_time", "index": 1}]
