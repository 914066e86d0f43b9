"""Faults between each two steps of a checkpoint: an error, and then the output of an undisturbed run."""

from __future__ import annotations

import errno
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    JsonLines,
    JsonLinesSink,
    KeyBy,
    ParquetSink,
    Pipeline,
    Read,
    TrioRunner,
    Tumbling,
    Window,
    Write,
    count,
)
from pulse.errors import ConnectorError, PulseError
from pulse.io.base import Sink, Writer
from pulse.runners.recovery import Checkpointing

if TYPE_CHECKING:
    from pulse.io.base import Json, SinkContext
    from pulse.model.bundle import Bundle

SIZE = 12_000


@dataclass(frozen=True)
class Dying(Sink):
    """A sink that fails just before or after some call, once.

    Args:
        sink: what it writes to.
        at: the call, such as ``"after commit 2"``; None never fails.
    """

    sink: Sink
    at: str | None

    @property
    def label(self) -> str:
        return self.sink.label

    def open(self, context: SinkContext) -> Writer:
        return _Dying(self.sink.open(context), self.at)


class _Dying(Writer):
    def __init__(self, writer: Writer, at: str | None) -> None:
        self.inner = writer
        self.at = at
        self.calls: Counter[str] = Counter()

    def _die(self, when: str, call: str) -> None:
        if f"{when} {call} {self.calls[call]}" == self.at:
            raise ConnectorError("died")

    def write(self, bundle: Bundle) -> int:
        return self.inner.write(bundle)

    def prepare(self, checkpoint: int) -> Json:
        self.calls["prepare"] += 1
        self._die("before", "prepare")
        prepared = self.inner.prepare(checkpoint)
        self._die("after", "prepare")
        return prepared

    def commit(self, prepared: Json) -> None:
        self.calls["commit"] += 1
        self._die("before", "commit")
        self.inner.commit(prepared)
        self._die("after", "commit")

    def retract(self, prepared: Json, kept: Json) -> None:
        self.inner.retract(prepared, kept)

    def abort(self) -> None:
        self.inner.abort()

    def close(self) -> None:
        self.inner.close()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an input."""
    monkeypatch.chdir(tmp_path)
    lines = (f'{{"ts": {n * 10}, "word": "w{n * 7 % 13}"}}\n' for n in range(SIZE))
    (tmp_path / "in.jsonl").write_text("".join(lines))
    return tmp_path


def run(at: str | None = None, *, dying: str = "", **options: Any) -> None:
    read = JsonLines("in.jsonl", time_field="ts", schema={"ts": "int", "word": "string"}, block_bytes=2048)
    p = Pipeline("faults")
    source = p | Read(read, watermarks=BoundedOutOfOrderness("1s"))
    counted = source | KeyBy("word") | Window(Tumbling("5s")) | Aggregate(n=count())
    for name, sink in {"lines": JsonLinesSink("out.jsonl"), "parts": ParquetSink("parts")}.items():
        _ = counted | name >> Write(Dying(sink, at if name == dying else None))
    TrioRunner(checkpointing=Checkpointing("state", "1ms", **options)).run(p)


def written() -> tuple[list[str], list[str]]:
    rows = [str(row) for path in Path("parts").rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return sorted(Path("out.jsonl").read_text().splitlines()), sorted(rows)


def assert_right() -> None:
    lines, rows = written()
    assert len(lines) == len(rows) == len(set(lines)) == len(set(rows)) == 24 * 13
    assert sum(int(line.rpartition(":")[2].rstrip("}")) for line in lines) == SIZE
    assert not list(Path().rglob("*.tmp"))


@pytest.mark.parametrize("dying", ["lines", "parts"])
@pytest.mark.parametrize("call", ["prepare 1", "prepare 2", "commit 1", "commit 2", "commit 3"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_death_around_each_call_of_a_sink(dying: str, call: str, when: str) -> None:
    with pytest.raises(ConnectorError, match="died"):
        run(f"{when} {call}", dying=dying)
    run()
    assert_right()


@pytest.mark.parametrize("dying", ["lines", "parts"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_second_death_while_a_commit_is_finished(dying: str, when: str) -> None:
    with pytest.raises(ConnectorError, match="died"):
        run("before commit 2", dying=dying)
    with pytest.raises(ConnectorError, match="died"):
        run(f"{when} commit 1", dying=dying)
    run()
    assert_right()


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("at", range(1, 31, 2))
def test_a_disk_that_fails_at_some_sync(monkeypatch: pytest.MonkeyPatch, at: int, number: int) -> None:
    calls, sync = [], os.fsync

    def failing(handle: int) -> None:
        calls.append(handle)
        if len(calls) == at:
            raise OSError(number, os.strerror(number))
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing)
        with pytest.raises(PulseError, match=f"cannot [a-z]+ .*: {os.strerror(number).lower()}"):
            run()
    run()
    assert_right()


def test_a_read_only_directory(folder: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (folder / "state").mkdir(mode=0o500)
    with pytest.raises(PulseError, match=r"cannot make .*: permission denied"):
        run()
