"""Windows that say when they give results: from TOML as from Python."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pulse import (
    AfterCount,
    AfterProcessingTime,
    AfterWatermark,
    Calendar,
    DeterministicRunner,
    Repeatedly,
    Session,
    Tumbling,
    Window,
)
from pulse.graph.ops import WindowOp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pulse.config import LoadedPipeline

SOURCE = """
[source]
kind = "file"
path = "in.jsonl"
time_field = "ts"

[sink]
kind = "file"
path = "out.jsonl"
"""

TWINS = {
    """
    window = "tumbling"
    size = "60s"
    trigger = "AfterWatermark(early=AfterCount(2), late=AfterCount(1))"
    allowed_lateness = "5s"
    accumulation = "discarding"
    """: lambda: Window(
        Tumbling("60s"),
        trigger=AfterWatermark(early=AfterCount(2), late=AfterCount(1)),
        allowed_lateness="5s",
        accumulation="discarding",
    ),
    """
    window = "session"
    gap = "30s"
    trigger = "Repeatedly(AfterProcessingTime('5s')).or_finally(AfterWatermark())"
    accumulation = "accumulating"
    timestamp = "latest"
    timestamp_shift = "1s"
    allow_unsafe = true
    """: lambda: Window(
        Session("30s"),
        trigger=Repeatedly(AfterProcessingTime("5s")).or_finally(AfterWatermark()),
        accumulation="accumulating",
        timestamp="latest",
        timestamp_shift="1s",
        allow_unsafe=True,
    ),
    """
    window = "calendar"
    unit = "day"
    early_every = "1m"
    accumulation = "accumulating"
    """: lambda: Window(Calendar("day"), early_every="1m", accumulation="accumulating"),
    """
    window = "calendar"
    unit = "day"
    final_only = true
    allowed_lateness = "2h"
    """: lambda: Window(Calendar("day"), final_only=True, allowed_lateness="2h"),
}


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"ts": 0, "word": "a"}\n' * 3)


def window_of(loaded: LoadedPipeline) -> WindowOp:
    (found,) = (node.op for node in loaded.pipeline.graph if isinstance(node.op, WindowOp))
    return found


@pytest.mark.parametrize("text", TWINS)
def test_a_step_is_what_python_makes(config: Callable[..., LoadedPipeline], text: str) -> None:
    assert window_of(config(f'{SOURCE}[[step]]\ntype = "window"\n{text}')) == TWINS[text]().op


@pytest.mark.parametrize("text", TWINS)
def test_the_short_form_is_what_python_makes(config: Callable[..., LoadedPipeline], text: str) -> None:
    lines = [line.strip() for line in text.splitlines()]
    of_time = [line for line in lines if line.startswith(("allowed_lateness", "accumulation"))]
    of_window = [line.replace("window =", "type =") for line in lines if line not in of_time]
    tables = ["[time]", *of_time, "[window]", *of_window, "[ops]", 'count_by = "word"']
    assert window_of(config(SOURCE + "\n".join(tables))) == TWINS[text]().op


def test_early_results_come_out(config: Callable[..., LoadedPipeline], tmp_path: Path) -> None:
    trigger = "AfterWatermark(early=AfterCount(2))"
    tables: dict[str, dict[str, Any]] = {
        "time": {"accumulation": "accumulating"},
        "window": {"type": "tumbling", "size": "60s", "trigger": trigger},
        "ops": {"count_by": "word"},
    }
    text = "".join(
        f"[{name}]\n" + "".join(f'{key} = "{value}"\n' for key, value in table.items())
        for name, table in tables.items()
    )
    DeterministicRunner().run(config(SOURCE + text).pipeline)
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert [json.loads(line)["count"] for line in lines] == [2, 3]
