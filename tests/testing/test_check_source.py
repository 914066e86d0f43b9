"""The contract test of sources finds each way to break the contract."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from pulse.io.base import Block, Decoded, ReadRequest
from pulse.io.jsonl import JsonLines
from pulse.io.memory import Memory, MemoryReader
from pulse.testing.connectors import check_source, equal, read_source

if TYPE_CHECKING:
    from pulse.io.base import Json, Reader

ROWS = [{"a": n, "b": str(n)} for n in range(4)]


def test_a_source_that_keeps_the_contract_passes() -> None:
    found = check_source(
        Memory(ROWS, time_field="a"), expected_rows=ROWS, expected_times=[0, 1000, 2000, 3000]
    )
    assert [position for position, _, _ in found.positions] == [{"row": n} for n in range(1, 5)]


@dataclass(frozen=True, eq=False)
class Opening(Memory):
    """Opens a file to find its label."""

    @property
    def label(self) -> str:
        with Path(__file__).open() as file:
            return file.name


@dataclass(frozen=True, eq=False)
class Forgetful(Memory):
    """Starts anew wherever it should continue."""

    def open(self, split: str, request: ReadRequest, position: Json = None) -> Reader:
        return super().open(split, request, None)


class Counting(MemoryReader):
    """Gives each decode another time."""

    decoded = 0

    def decode(self, block: Block) -> Decoded:
        self.decoded += 1
        found = super().decode(block)
        return replace(found, times=found.numbers * 0 + self.decoded)


class Lossy(MemoryReader):
    """Loses a record in rows, and a field where few are asked for."""

    def decode(self, block: Block) -> Decoded:
        found = super().decode(block)
        if isinstance(found.data, list) and block.position == {"row": 2}:
            return replace(found, data=[], numbers=found.numbers[:0])
        return found


class Narrow(MemoryReader):
    """Gives null for a field that is asked for alone."""

    def decode(self, block: Block) -> Decoded:
        found = super().decode(block)
        if isinstance(found.data, pa.RecordBatch) and found.data.num_columns == 1:
            return replace(found, data=pa.record_batch({found.data.schema.names[0]: pa.nulls(1)}))
        return found


@dataclass(frozen=True, eq=False)
class Broken(Memory):
    """Reads with a reader that breaks the contract."""

    reader: type[MemoryReader] = MemoryReader

    def open(self, split: str, request: ReadRequest, position: Json = None) -> Reader:
        reader = super().open(split, request, position)
        reader.__class__ = self.reader
        return reader


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Opening(ROWS), "making a declaration opens nothing, but this one opened"),
        (Forgetful(ROWS), "reading on from {'row': 1}: rows differ at 0"),
        (Broken(ROWS, reader=Counting), "decoding a block twice: times differ at 0: found 5, expected 1"),
        (Broken(pa.Table.from_pylist(ROWS), reader=Lossy), "layouts columns and rows: rows differ at 1"),
        (
            Broken(pa.Table.from_pylist(ROWS), reader=Narrow),
            "fields ('a',) as columns at ('memory', 1) differ",
        ),
    ],
)
def test_what_breaks_the_contract_is_named(source: Memory, message: str) -> None:
    with pytest.raises(AssertionError) as caught:
        check_source(source)
    assert message in str(caught.value)


def test_what_is_not_as_expected_is_named() -> None:
    with pytest.raises(AssertionError, match=r"records differ at 1: found .*'a': 1.*, expected .*'a': 9"):
        check_source(Memory(ROWS), expected_rows=[ROWS[0], {"a": 9, "b": "9"}])
    with pytest.raises(AssertionError, match="records differ: found 4, expected 5"):
        check_source(Memory(ROWS), expected_rows=[*ROWS, {}])
    with pytest.raises(AssertionError, match="event times differ at 0: found 0, expected 7"):
        check_source(Memory(ROWS, time_field="a"), expected_times=[7])
    with pytest.raises(AssertionError, match="bad records differ: found 0, expected 1"):
        check_source(Memory(ROWS), expected_bad=[(1, "x")])


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (1, True, False),
        ([float("nan")], [float("nan")], True),
        ({"a": [1]}, {"a": (1,)}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ([1], [1, 2], False),
        (None, 0, False),
    ],
)
def test_values_are_equal_as_people_see_them(left: Any, right: Any, same: bool) -> None:  # noqa: FBT001
    assert equal(left, right) == same


def test_a_followed_file_is_read_to_where_nothing_comes_any_more(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"a": 1}\n{"a": 2}\n{"a": ')
    source = JsonLines(path, schema={"a": "int"}, follow=True)
    check_source(source, expected_rows=[{"a": 1}, {"a": 2}])
    reader = source.open("0", ReadRequest(source.declared_schema()))
    block = reader.poll()
    assert isinstance(block, Block)
    decoder = reader.decoder()
    assert decoder is not None
    again: Any = pickle.loads(pickle.dumps(decoder))  # noqa: S301 - as sent to a worker process
    assert again(pickle.loads(pickle.dumps(block))).data.to_pylist() == [{"a": 1}, {"a": 2}]  # noqa: S301
    reader.close()


def test_one_split_can_be_read_alone() -> None:
    assert read_source(Memory(ROWS), ReadRequest(None, layout="rows"), "0", {"row": 3}).rows == ROWS[3:]
