"""The first Pulse's config files run unchanged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from pulse import DeterministicRunner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pulse.config import LoadedPipeline

DATA = """\
{"event_time":"2024-01-01T00:00:00Z","word":"a","score":1}
{"event_time":"2024-01-01T00:00:20Z","word":"a","score":3}
{"event_time":"2024-01-01T00:00:40Z","word":"b","score":3}
{"event_time":"2024-01-01T00:01:10Z","word":"a","score":1}
"""

SIMPLE = """\
[source]
kind = "file"
path = "input.jsonl"
time_field = "event_time"

[time]
allowed_lateness = "0s"

[window]
type = "tumbling"
size = "60s"

[ops]
count_by = "word"

[sink]
kind = "parquet"
out_dir = "out"
"""

STDOUT = SIMPLE.replace('kind = "parquet"\nout_dir = "out"', 'kind = "file"\npath = "out.jsonl"')


def run(loaded: LoadedPipeline, tmp_path: Path) -> list[dict[str, Any]]:
    DeterministicRunner().run(loaded.pipeline)
    return [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> None:
    (tmp_path / "input.jsonl").write_text(DATA)


def test_the_simple_pipeline(config: Callable[..., LoadedPipeline], tmp_path: Path) -> None:
    result = DeterministicRunner().run(config(SIMPLE).pipeline)
    assert result.written == ("out/dt=2024-01-01/part-00000.parquet",)
    table = pq.read_table(tmp_path / "out/dt=2024-01-01/part-00000.parquet", partitioning=None)
    assert {f.name: str(f.type) for f in table.schema} == {
        "word": "string",
        "window_start": "timestamp[us, tz=UTC]",
        "window_end": "timestamp[us, tz=UTC]",
        "count": "int64",
    }
    rows = [(r["word"], r["window_start"].minute, r["count"]) for r in table.to_pylist()]
    assert sorted(rows) == [("a", 0, 2), ("a", 1, 1), ("b", 0, 1)]


def test_the_payload_of_the_json_layout_has_the_first_names(
    config: Callable[..., LoadedPipeline], tmp_path: Path
) -> None:
    result = DeterministicRunner().run(config(SIMPLE + 'layout = "json"\n').pipeline)
    table = pq.read_table(tmp_path / result.written[0], partitioning=None)
    assert table.schema.names == ["event_time", "payload"]
    assert {"key": "b", "window_start_ms": 1704067200000, "window_end_ms": 1704067260000, "count": 1} in [
        json.loads(payload) for payload in table["payload"].to_pylist()
    ]


@pytest.mark.parametrize(
    ("agg", "field", "expected"),
    [
        ("count", "count", {"a": [2, 1], "b": [1]}),
        ("sum", "sum", {"a": [4, 1], "b": [3]}),
        ("avg", "avg", {"a": [2.0, 1.0], "b": [3.0]}),
        ("distinct", "distinct_count", {"a": [2, 1], "b": [1]}),
    ],
)
def test_aggregations(
    config: Callable[..., LoadedPipeline], tmp_path: Path, agg: str, field: str, expected: dict[str, Any]
) -> None:
    text = STDOUT.replace('count_by = "word"', f'count_by = "word"\nagg = "{agg}"\nagg_field = "score"')
    found: dict[str, Any] = {}
    for row in sorted(run(config(text), tmp_path), key=lambda row: row["window_start"]):
        assert list(row) == ["word", "window_start", "window_end", field]
        found.setdefault(row["word"], []).append(row[field])
    assert found == expected


@pytest.mark.parametrize(
    ("window", "windows"),
    [
        ('type = "sliding"\nsize = "60s"\nslide = "30s"', 6),
        ('type = "session"\ngap = "30s"', 3),
        ('type = "tumbling"\nsize = "60s"\noffset = "5s"', 4),
        ('type = "calendar"\nunit = "day"\ntime_zone = "Europe/Berlin"', 2),
    ],
)
def test_windows(config: Callable[..., LoadedPipeline], tmp_path: Path, window: str, windows: int) -> None:
    text = STDOUT.replace('type = "tumbling"\nsize = "60s"', window)
    assert len(run(config(text), tmp_path)) == windows


def test_csv_by_format_and_by_ending(config: Callable[..., LoadedPipeline], tmp_path: Path) -> None:
    (tmp_path / "input.csv").write_text("event_time,word\n0,a\n1000,a\n2000,b\n")
    text = STDOUT.replace("input.jsonl", "input.csv")
    expected = [("a", 2), ("b", 1)]
    for each in (
        text,
        text.replace('kind = "file"\npath = "input', 'kind = "file"\nformat = "csv"\npath = "input'),
    ):
        assert sorted((row["word"], row["count"]) for row in run(config(each), tmp_path)) == expected


def test_without_window_and_ops_records_are_copied(
    config: Callable[..., LoadedPipeline], tmp_path: Path
) -> None:
    text = '[source]\nkind = "file"\npath = "input.jsonl"\n[sink]\nkind = "file"\npath = "out.jsonl"'
    assert run(config(text), tmp_path)[0] == {"event_time": "2024-01-01T00:00:00Z", "word": "a", "score": 1}


def test_without_a_path_a_file_sink_is_standard_output(
    config: Callable[..., LoadedPipeline], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    DeterministicRunner().run(
        config('[source]\nkind = "file"\npath = "input.jsonl"\n[sink]\nkind = "file"').pipeline
    )
    assert len(capfdbinary.readouterr().out.splitlines()) == 4
