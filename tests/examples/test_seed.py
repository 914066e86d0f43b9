"""The files of the first Pulse through the command line, against plain Python.

The data is in the folder that PULSE_SHARED names, and no part of the project.
"""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from pulse.cli.main import cli
from tests.examples.plain import (
    DAY,
    EPOCH,
    HOUR,
    MINUTE,
    SECOND,
    SHARED,
    Window,
    bounds,
    grouped,
    lines,
    micros,
    run,
    sessions,
    sliding,
    tumbling,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = SHARED / "seed"

pytestmark = [
    pytest.mark.skipif(
        not SEED.is_dir(), reason="PULSE_SHARED does not name the folder of the seed and the real data sets"
    ),
    pytest.mark.usefixtures("clean_folder"),
]


AGGREGATIONS: dict[str, tuple[str, Callable[[list[Any]], Any]]] = {
    "count": ("count", len),
    "sum": ("sum", sum),
    "avg": ("avg", lambda values: sum(values) / len(values)),
    "distinct": ("distinct_count", lambda values: len(set(values))),
}
WINDOWS: dict[str, tuple[str, Callable[[list[Any]], dict[tuple[Any, Window], list[Any]]]]] = {
    "tumbling": ('type = "tumbling"\nsize = "60s"', lambda records: grouped(records, tumbling(MINUTE))),
    "tumbling day": ('type = "tumbling"\nsize = "1d"', lambda records: grouped(records, tumbling(DAY))),
    "sliding": (
        'type = "sliding"\nsize = "60s"\nslide = "15s"',
        lambda records: grouped(records, sliding(MINUTE, 15 * SECOND)),
    ),
    "sliding uneven": (
        'type = "sliding"\nsize = "100s"\nslide = "30s"',
        lambda records: grouped(records, sliding(100 * SECOND, 30 * SECOND)),
    ),
    "session touching": ('type = "session"\ngap = "30s"', lambda records: sessions(records, 30 * SECOND)),
    "session": ('type = "session"\ngap = "75s"', lambda records: sessions(records, 75 * SECOND)),
}


def seed_config(name: str, data: str) -> str:
    """Return a config of the first Pulse with its paths replaced."""
    text = (SEED / name).read_text(encoding="utf-8")
    text, paths = re.subn(r'^path = ".*"$', f'path = "{SEED / data}"', text, flags=re.MULTILINE)
    text, outputs = re.subn(r'^out_dir = ".*"$', 'out_dir = "out"', text, flags=re.MULTILINE)
    assert (paths, outputs) == (1, 1)
    return text


def parquet(folder: str) -> list[dict[str, Any]]:
    return [
        row
        for path in sorted(Path(folder).rglob("*.parquet"))
        for row in pq.read_table(path, partitioning=None).to_pylist()
    ]


@pytest.mark.parametrize(
    ("name", "data"), [("pipeline.toml", "sliding_avg.jsonl"), ("simple_pipeline.toml", "simple_input.jsonl")]
)
def test_the_configs_of_the_first_pulse(name: str, data: str) -> None:
    summary = run(seed_config(name, data))
    records = [(r.get("word"), micros(r["event_time"]), None) for r in lines(SEED / data)]
    expected = {k: len(v) for k, v in grouped(records, tumbling(MINUTE)).items()}
    start, end = ("window_start", "window_end")
    found = {(r["word"], (micros(str(r[start])), micros(str(r[end])))): r["count"] for r in parquet("out")}
    assert found == expected
    assert summary["records_in"] == len(records)
    assert summary["records_out"] == len(expected)
    assert summary["late"] == summary["errors"] == 0
    days = {f"out/dt={(EPOCH + timedelta(microseconds=w[1] - 1)):%Y-%m-%d}" for _, w in expected}
    assert {str(Path(path).parent) for path in summary["written"]} == days


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("agg", AGGREGATIONS)
def test_the_aggregations_over_the_devices(window: str, agg: str) -> None:
    check_ops("sliding_avg.jsonl", "device", "value", window, agg)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("agg", ["count", "distinct"])
def test_the_aggregations_over_the_texts(window: str, agg: str) -> None:
    check_ops("wordcount.jsonl", "text", "event_time", window, agg)


def check_ops(data: str, key: str, field: str, window: str, agg: str) -> None:
    toml, group = WINDOWS[window]
    result, compute = AGGREGATIONS[agg]
    run(
        f'[source]\nkind = "file"\npath = "{SEED / data}"\ntime_field = "event_time"\n'
        f'[time]\nallowed_lateness = "10s"\n[window]\n{toml}\n'
        f'[ops]\ncount_by = "{key}"\nagg = "{agg}"\nagg_field = "{field}"\n'
        '[sink]\nkind = "file"\npath = "out.jsonl"\n'
    )
    records = [(r[key], micros(r["event_time"]), r[field]) for r in lines(SEED / data)]
    expected = {k: compute(values) for k, values in group(records).items()}
    rows = lines("out.jsonl")
    found = {(row[key], bounds(row)): row[result] for row in rows}
    assert len(rows) == len(found)
    assert found == pytest.approx(expected, rel=1e-9)


def test_the_words_of_the_texts() -> None:
    Path("seed_words.py").write_text('def words(r):\n    return [{"word": w} for w in r["text"].split()]\n')
    run(
        f'[source]\nkind = "file"\npath = "{SEED / "wordcount.jsonl"}"\ntime_field = "event_time"\n'
        '[[step]]\ntype = "flat_map"\nfunction = "seed_words:words"\nschema = { word = "string" }\n'
        '[[step]]\ntype = "window"\nwindow = "sliding"\nsize = "1h"\nslide = "10m"\n'
        '[[step]]\ntype = "key_by"\nfields = ["word"]\n'
        '[[step]]\ntype = "aggregate"\naggregates = { n = "count()" }\n'
        '[sink]\nkind = "file"\npath = "out.jsonl"\n'
    )
    records = [
        (word, micros(r["event_time"]), None)
        for r in lines(SEED / "wordcount.jsonl")
        for word in r["text"].split()
    ]
    expected = {k: len(v) for k, v in grouped(records, sliding(HOUR, 10 * MINUTE)).items()}
    assert {(r["word"], bounds(r)): r["n"] for r in lines("out.jsonl")} == expected


def test_a_sum_of_texts_is_refused() -> None:
    Path("pipeline.toml").write_text(
        f'[source]\nkind = "file"\npath = "{SEED / "wordcount.jsonl"}"\ntime_field = "event_time"\n'
        '[ops]\ncount_by = "text"\nagg = "sum"\nagg_field = "text"\n[sink]\nkind = "file"\npath = "o.jsonl"\n'
    )
    done = CliRunner().invoke(cli, ["run", "pipeline.toml"])
    assert done.exit_code == 2
    assert "pipeline.toml:5" in done.stderr
    assert not Path("o.jsonl").exists()
