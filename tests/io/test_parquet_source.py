"""Parquet as a source: the contract, pruning, files that differ."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pulse.errors import ConnectorError, PipelineError, UnknownField
from pulse.io.base import Block, ReadRequest
from pulse.io.memory import Memory
from pulse.io.parquet import Parquet
from pulse.model.expressions import col
from pulse.model.schema import data_type
from pulse.testing.connectors import check_source, read_source

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[dict[str, Any]] = [
    {
        "ts": datetime(2024, 1, 1, 0, 0, n, tzinfo=UTC),
        "n": n,
        "tags": ["a"] * (n % 3),
        "s": None if n % 4 else str(n),
    }
    for n in range(30)
]
SCHEMA = pa.schema(
    [
        ("ts", pa.timestamp("ms", "UTC")),
        ("n", pa.int64()),
        ("tags", pa.list_(pa.string())),
        ("s", pa.string()),
    ]
)
START = 1_704_067_200_000_000
TIMES = [START + n * 1_000_000 for n in range(30)]


def write(path: Path, rows: list[dict[str, Any]], schema: pa.Schema = SCHEMA, size: int = 7) -> Path:
    pq.write_table(pa.Table.from_pylist(rows, schema), path, row_group_size=size)
    return path


def test_parquet_keeps_the_contract(tmp_path: Path) -> None:
    source = Parquet(write(tmp_path / "a.parquet", ROWS), time_field="ts")
    assert (source.label, source.declared_schema()) == ("parquet(a.parquet)", None)
    found = check_source(source, expected_rows=ROWS, expected_times=TIMES)
    assert found.places[-1] == (str(tmp_path / "a.parquet"), 30)
    assert len(found.positions) > 5


def test_several_files_are_read_in_name_order_and_fitted_to_one_schema(tmp_path: Path) -> None:
    write(tmp_path / "b.parquet", [{"n": 3}], pa.schema([("n", pa.int32())]))
    write(tmp_path / "a.parquet", [{"n": 1, "s": "x"}], pa.schema([("n", pa.int64()), ("s", pa.string())]))
    words = pa.table({"s": pa.array(["y", "y"]).dictionary_encode(), "new": [1, 2]})
    pq.write_table(words, tmp_path / "c.parquet")
    pq.write_table(words.slice(0, 0), tmp_path / "d.parquet")
    rows = [{"n": 1, "s": "x"}, {"n": 3, "s": None}, {"n": None, "s": "y"}, {"n": None, "s": "y"}]
    check_source(Parquet(tmp_path), expected_rows=rows)
    check_source(
        Parquet([tmp_path / "c.parquet"]), expected_rows=[{"s": "y", "new": 1}, {"s": "y", "new": 2}]
    )
    wide = Parquet(tmp_path / "*.parquet", schema={"n": "double"})
    check_source(wide, expected_rows=[{"n": 1.0}, {"n": 3.0}, {"n": None}, {"n": None}])
    narrow = Parquet(tmp_path / "a.parquet", schema={"n": "int32"})
    with pytest.raises(
        ConnectorError, match=r"column 'n' of .* is int64, which does not widen to the schema's int32"
    ):
        read_source(narrow, ReadRequest(narrow.declared_schema()))


def test_bad_times_are_bad_records_with_their_row(tmp_path: Path) -> None:
    rows = [
        {"t": "1970-01-01T00:00:01Z", "n": 1},
        {"t": "noon", "n": 2},
        {"t": None, "n": 3},
        {"t": "1970-01-01", "n": 4},
    ]
    path = write(tmp_path / "a.parquet", rows, pa.schema([("t", pa.string()), ("n", pa.int64())]), 3)
    found = check_source(
        Parquet(path, time_field="t"),
        expected_rows=[rows[0], rows[3]],
        expected_times=[1_000_000, 0],
        expected_bad=[
            (2, "event time 't' 'noon' is not an ISO 8601 time"),
            (3, "event time 't' is null or missing"),
        ],
    )
    assert found.bad[0].record == "{'t': 'noon', 'n': 2}"


def test_row_groups_that_can_not_match_are_skipped(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", ROWS)
    source = Parquet(tmp_path / "a.parquet", time_field="ts")
    request = ReadRequest(source.sniff_schema(), ("n",), predicate=col("n") > 22)
    found = read_source(source, request)
    assert [row["n"] for row in found.rows] == list(range(21, 30))
    assert found.places[0] == (str(tmp_path / "a.parquet"), 22)
    for position, rows, _ in found.positions:
        assert read_source(source, request, position=position).rows == found.rows[rows:]
    none = ReadRequest(source.sniff_schema(), ("n",), predicate=col("n") > 100)
    assert read_source(source, none).rows == []


def test_columns_that_are_not_asked_for_are_not_read(tmp_path: Path) -> None:
    source = Parquet(write(tmp_path / "a.parquet", ROWS), time_field="ts")
    reader = source.open("0", ReadRequest(source.sniff_schema(), ("n",)))
    block = reader.poll()
    assert isinstance(block, Block)
    assert block.payload.schema.names == ["n", "ts"]
    reader.close()


def test_what_is_no_parquet_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(ConnectorError, match=r"file '.*a.parquet' can't be read as Parquet: "):
        Parquet(path).sniff_schema()
    with pytest.raises(ConnectorError, match="'-' can't be read as Parquet, whose footer stands at the end"):
        Parquet("-").sniff_schema()
    with pytest.raises(ConnectorError, match="does not exist"):
        Parquet(tmp_path / "b.parquet").sniff_schema()
    with pytest.raises(PipelineError, match="time format 'x'"):
        Parquet(path, time_field="t", time_format="x")
    with pytest.raises(ConnectorError, match="time_format and time_zone say"):
        Parquet(path, time_zone="UTC")
    write(path, ROWS)
    source = Parquet(path, time_field="tss")
    with pytest.raises(UnknownField, match="field 'tss' does not exist"):
        source.open("0", ReadRequest(source.sniff_schema()))
    with pytest.raises(ConnectorError, match="is not a position in a Parquet file"):
        Parquet(path).open("0", ReadRequest(source.sniff_schema()), {"file": 1})


def test_object_stores_are_read_too(tmp_path: Path) -> None:
    write(tmp_path / "a.parquet", ROWS)
    url = f"file://{tmp_path}/a.parquet"
    source = Parquet(url, time_field="ts")
    check_source(source, expected_rows=ROWS, expected_times=TIMES)
    pruned = read_source(source, ReadRequest(source.sniff_schema(), predicate=col("n") < 3))
    assert len(pruned.rows) == 7


def test_progress_counts_row_groups(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", ROWS, size=15)
    source = Parquet(path)
    reader = source.open("0", ReadRequest(source.sniff_schema()))
    assert reader.progress() == (0, path.stat().st_size)
    while isinstance(reader.poll(), Block):
        pass
    assert reader.progress()[0] > 0
    reader.close()


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("kind", ["timestamp(ms, Europe/Berlin)", "local_timestamp", "date"])
def test_a_time_outside_the_calendar_is_a_bad_record_that_names_it(
    tmp_path: Path, layout: Any, kind: str
) -> None:
    type_ = data_type(kind)
    width = pa.int32() if pa.types.is_date32(type_) else pa.int64()
    times = pa.array([0, 2**30 if width == pa.int32() else 2**58, None], width).view(type_)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"n": [1, 2, 3], "t": times}), path)
    for source in (Parquet(path), Memory(pa.table({"n": [1, 2, 3], "t": times}))):
        schema = pa.schema([("n", pa.int64()), ("t", type_)])
        reader = source.open("0", ReadRequest(schema, layout=layout))
        block = reader.poll()
        assert isinstance(block, Block)
        decoded = reader.decode(block)
        rows = decoded.data if isinstance(decoded.data, list) else decoded.data.to_pylist()
        assert [row["n"] for row in rows] == [1, 3]
        assert [bad.number for bad in decoded.bad] == [2]
        assert "outside the years 1 to 9999" in decoded.bad[0].reason
        reader.close()


def test_a_time_that_the_declared_type_has_no_room_for_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"t": pa.array([2**58], pa.timestamp("ms", "UTC"))}), path)
    source = Parquet(path, schema={"t": "timestamp"})
    with pytest.raises(ConnectorError, match=r"column 't' of '.*a.parquet' does not fit timestamp"):
        read_source(source, ReadRequest(source.declared_schema()))
