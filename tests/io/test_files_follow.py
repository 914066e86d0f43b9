"""Following a growing file over rotation, truncation and restarts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from pulse.errors import ConnectorError
from pulse.io.base import Block, Idle, ReadRequest
from pulse.io.csv import Csv
from pulse.io.jsonl import JsonLines

if TYPE_CHECKING:
    from pathlib import Path

    from pulse.io.base import Json, Reader

N = {"n": "int"}


def opened(path: Path, position: Json = None) -> Reader:
    source = JsonLines(path, schema=N, follow=True)
    assert not source.bounded
    return source.open("0", ReadRequest(source.declared_schema(), block_bytes=32), position)


def drained(reader: Reader) -> tuple[list[Any], Json, list[int]]:
    """Read until nothing comes; return the values, the last position and the lines."""
    values: list[Any] = []
    lines: list[int] = []
    position: Json = None
    idle = 0
    while idle < 3:
        block = reader.poll()
        if isinstance(block, Idle):
            idle += 1
            continue
        assert isinstance(block, Block)
        idle = 0
        decoded = reader.decode(block)
        values += [row["n"] for row in decoded.data.to_pylist()]
        lines += [(block.first or 0) + number for number in decoded.numbers.tolist()]
        lines += [-(block.first or 0) - bad.number for bad in decoded.bad]
        position = block.position
    return values, position, lines


def append(path: Path, *values: Any, end: str = "\n") -> None:
    with path.open("a") as file:
        file.write("\n".join(f'{{"n": {value}}}' for value in values) + end)


def test_what_is_added_is_read_and_a_line_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append(path, 1, 2)
    reader = opened(path)
    assert drained(reader)[0] == [1, 2]
    append(path, 3, end="")
    assert drained(reader)[0] == []
    append(path, "", end="")
    with path.open("a") as file:
        file.write("\n")
    values, _, lines = drained(reader)
    assert (values, lines) == ([], [-3])
    append(path, 4)
    values, position, lines = drained(reader)
    assert (values, lines) == ([4], [4])
    assert reader.progress() == (path.stat().st_size, None)
    append(path, 5)
    reader.close()
    again = opened(path, position)
    assert drained(again)[::2] == ([5], [5])
    again.close()


def test_a_rotated_file_is_read_to_its_end_before_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append(path, *range(10))
    reader = opened(path)
    assert isinstance(reader.poll(), Block)
    path.rename(tmp_path / "log.jsonl.1")
    assert isinstance(reader.poll(), Block)  # between the two files
    append(path, 20, 21)
    append(tmp_path / "log.jsonl.1", 10, end="")
    values, position, lines = drained(reader)
    assert values[-3:] == [10, 20, 21]
    assert lines[-3:] == [11, 1, 2]
    append(path, 22)
    reader.close()
    again = opened(path, position)
    assert drained(again)[::2] == ([22], [3])
    again.close()


def test_two_rotations_while_reading_the_old_file_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append(path, *range(10))
    reader = opened(path)
    first = reader.poll()
    assert isinstance(first, Block)
    seen = [row["n"] for row in reader.decode(first).data.to_pylist()]
    path.rename(tmp_path / "log.jsonl.2")
    append(path, 10, 11)
    second = reader.poll()
    assert isinstance(second, Block)
    seen += [row["n"] for row in reader.decode(second).data.to_pylist()]
    path.rename(tmp_path / "log.jsonl.1")
    append(path, 12)
    assert seen + drained(reader)[0] == list(range(13))
    reader.close()


def test_rotations_between_two_polls_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append(path, 1, 2)
    reader = opened(path)
    assert drained(reader)[0] == [1, 2]
    append(path, 3)
    path.rename(tmp_path / "log.jsonl.3")
    append(path, 4, 5)
    path.rename(tmp_path / "log.jsonl.2")
    append(path, 6)
    path.rename(tmp_path / "log.jsonl.1")
    append(path, 7)
    append(tmp_path / "log.jsonl.bak", 99)
    values, position, lines = drained(reader)
    assert (values, lines) == ([3, 4, 5, 6, 7], [3, 1, 2, 1, 1])
    reader.close()
    append(path, 8)
    again = opened(path, position)
    assert drained(again)[0] == [8]
    again.close()


def test_rotations_while_there_is_no_file_at_the_path_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append(path, 1)
    reader = opened(path)
    assert drained(reader)[0] == [1]
    path.rename(tmp_path / "log.jsonl.2024-05-01")
    append(tmp_path / "log.jsonl.2024-05-01", 2)
    assert drained(reader)[0] == [2]
    append(path, 3)
    path.rename(tmp_path / "log.jsonl.2024-05-02")
    assert drained(reader)[0] == []
    append(path, 4)
    assert drained(reader)[0] == [3, 4]
    reader.close()


def test_a_writer_may_go_on_with_the_old_file_until_it_opens_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append(path, 1)
    reader = opened(path)
    assert drained(reader)[0] == [1]
    path.rename(tmp_path / "log.jsonl.1")
    path.touch()
    assert drained(reader)[0] == []
    append(tmp_path / "log.jsonl.1", 2)
    assert drained(reader)[0] == [2]
    append(path, 3)
    assert drained(reader)[0] == [3]
    reader.close()


def test_an_old_file_that_was_removed_is_still_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append(path, 1)
    reader = opened(path)
    append(path, 2)
    path.unlink()
    append(path, 3)
    assert drained(reader)[0] == [1, 2, 3]
    reader.close()


def test_a_file_cut_to_nothing_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append(path, 1, 2, 3)
    append(path, 4, end="")
    reader = opened(path)
    assert drained(reader)[0] == [1, 2, 3]
    path.write_text("")
    append(path, 5)
    values, position, lines = drained(reader)
    assert (values, lines) == ([4, 5], [4, 1])
    reader.close()
    path.write_text("")
    with pytest.raises(ConnectorError, match="is shorter than the position to continue at, byte 9"):
        opened(path, position)


def test_files_rotated_while_stopped_are_found_beside_the_path(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    append(path, 1)
    reader = opened(path)
    _, position, _ = drained(reader)
    reader.close()
    append(path, 2)
    path.rename(tmp_path / "log.jsonl.2")
    append(path, 3)
    path.rename(tmp_path / "log.jsonl.1")
    append(path, 4)
    os.utime(tmp_path / "log.jsonl.2", (1, 1))
    os.utime(tmp_path / "log.jsonl.1", (2, 2))
    again = opened(path, position)
    assert drained(again)[0] == [2, 3, 4]
    again.close()
    (tmp_path / "log.jsonl.2").unlink()
    with pytest.raises(ConnectorError, match="was rotated since the checkpoint, and the old one is gone"):
        opened(path, position)


def test_csv_takes_the_header_of_each_file(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("n,s\n1,a\n")
    source = Csv(path, schema={"n": "int"}, follow=True)
    request = ReadRequest(source.declared_schema())
    reader = source.open("0", request)
    _, position, lines = drained(reader)
    assert lines == [2]
    path.rename(tmp_path / "log.csv.1")
    path.write_text("s,n\nb,2\n")
    assert drained(reader)[::2] == ([2], [2])
    reader.close()
    with (tmp_path / "log.csv.1").open("a") as file:
        file.write("3,c\n")
    again = source.open("0", request, position)
    assert drained(again)[0] == [3, 2]
    again.close()


def test_only_one_local_file_can_be_followed(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl.gz"):
        (tmp_path / name).write_text('{"n": 1}\n')
    for path, what in (
        (tmp_path, "several files"),
        (tmp_path / "*.jsonl", "several files"),
        ("-", "'-', which is not a local file"),
        (tmp_path / "b.jsonl.gz", "which is compressed"),
    ):
        source = JsonLines(path, schema=N, follow=True)
        with pytest.raises(ConnectorError, match="follow = true reads one local uncompressed file") as caught:
            source.open("0", ReadRequest(source.declared_schema()))
        assert what in caught.value.message
    with pytest.raises(ConnectorError, match="does not exist"):
        opened(tmp_path / "c.jsonl")
