"""Every kind of source goes on where the checkpoint left it."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from pulse import (
    Csv,
    CsvSink,
    JsonLines,
    Map,
    Nexmark,
    Parquet,
    Pipeline,
    Read,
    RecordError,
    Select,
    TrioRunner,
    Write,
)
from pulse.runners.recovery import Checkpointing
from pulse.state.checkpoints import CheckpointStore
from tests.support.waiting import wait_for_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.io.base import Source

SIZE = 20_000
SCHEMA = {"n": "int"}
LINES = "".join(f'{{"n": {n}}}\n' for n in range(SIZE))
TABLE = pa.table({"n": range(SIZE)})


def json_lines() -> Source:
    Path("in.jsonl").write_text(LINES)
    return JsonLines("in.jsonl", schema=SCHEMA, block_bytes=1000)


def compressed() -> Source:
    Path("in.jsonl.gz").write_bytes(gzip.compress(LINES.encode()))
    return JsonLines("in.jsonl.gz", schema=SCHEMA, block_bytes=1000)


def several_files() -> Source:
    for part in range(50):
        lines = LINES.splitlines(keepends=True)[part * SIZE // 50 : (part + 1) * SIZE // 50]
        Path(f"in{part:02}.jsonl").write_text("".join(lines))
    return JsonLines("in*.jsonl", schema=SCHEMA, block_bytes=1000)


def comma_separated() -> Source:
    pyarrow.csv.write_csv(TABLE, "in.csv")
    return Csv("in.csv", schema=SCHEMA, block_bytes=1000)


def parquet() -> Source:
    pq.write_table(TABLE, "in.parquet", row_group_size=200)
    return Parquet("in.parquet")


def generated() -> Source:
    return Nexmark(2 * SIZE, only="bid", shards=3, batch=60)


SOURCES = [json_lines, compressed, several_files, comma_separated, parquet, generated]


def run(source: Source, *, failing: bool = False, state: str | None = "state") -> Any:
    seen = itertools.count()

    def pass_on(record: Any) -> Any:
        if failing and next(seen) == SIZE // 2:
            wait_for_checkpoint(2)
            raise ValueError("failing")
        return record

    p = Pipeline("sources")
    field = "auction" if isinstance(source, Nexmark) else "n"
    read = p | "in" >> Read(source) | Select(n=field)
    _ = read | Map(pass_on, schema=SCHEMA) | Write(CsvSink("out.csv"))
    return TrioRunner(checkpointing=Checkpointing(state, "1ms") if state else None).run(p)


@pytest.mark.parametrize("make", SOURCES)
def test_a_source_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[], Source]
) -> None:
    monkeypatch.chdir(tmp_path)
    source = make()
    run(source, state=None)
    wanted = sorted(Path("out.csv").read_text().splitlines())
    with pytest.raises(RecordError, match="failing"):
        run(source, failing=True)
    store = CheckpointStore("state", locked=False)
    (splits,) = store.manifest(store.numbers()[-1]).positions.values()
    assert not all(split["ended"] for split in splits.values())
    assert any(split["position"] is not None for split in splits.values())
    run(source)
    assert sorted(Path("out.csv").read_text().splitlines()) == wanted
