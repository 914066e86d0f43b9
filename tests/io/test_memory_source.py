"""Records in memory as a source."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pulse.errors import ConnectorError, UnknownField
from pulse.io.base import ReadRequest
from pulse.io.memory import Memory
from pulse.testing.connectors import check_source, read_source

ROWS: list[dict[str, Any]] = [{"ts": n, "w": "ab"[n % 2]} for n in range(5)]
TIMES = [n * 1000 for n in range(5)]


@pytest.mark.parametrize(
    "records",
    [ROWS, tuple(ROWS), pa.Table.from_pylist(ROWS), pa.RecordBatch.from_pylist(ROWS),
     pa.concat_tables([pa.Table.from_pylist(ROWS[:2]), pa.Table.from_pylist(ROWS[2:])])],
)  # fmt: skip
def test_memory_keeps_the_contract(records: Any) -> None:
    source = Memory(records, time_field="ts")
    found = check_source(source, expected_rows=ROWS, expected_times=TIMES)
    assert found.places == [("memory", n) for n in range(1, 6)]
    assert len(found.positions) == 5
    assert source.label == "memory(5 records)"


def test_times_may_stand_beside_the_records() -> None:
    moments = [datetime(1970, 1, 1, 0, 0, n, tzinfo=UTC) for n in range(5)]
    for times in (moments, [n * 1_000_000 for n in range(5)], np.arange(5) * 1_000_000):
        source = Memory(ROWS, times=times)
        assert source.timed
        check_source(source, expected_rows=ROWS, expected_times=[n * 1_000_000 for n in range(5)])
    assert not Memory(ROWS).timed
    objects = Memory([1, "x"], times=[5, 6])
    check_source(objects, expected_rows=[1, "x"], expected_times=[5, 6])


def test_objects_of_any_kind_are_rows_as_they_are() -> None:
    source = Memory([1, (2, 3), None])
    assert (source.layouts, source.sniff_schema(), source.label) == (("rows",), None, "memory(3 records)")
    check_source(source, expected_rows=[1, (2, 3), None])
    mixed = Memory([{"a": 1}, {"a": "x"}])
    assert mixed.sniff_schema() is None
    assert read_source(mixed, ReadRequest(None, layout="rows")).rows == [{"a": 1}, {"a": "x"}]
    anyway = Memory([{"t": 1}, {"t": "x"}, {}], time_field="t", schema="any")
    check_source(
        anyway,
        expected_rows=[{"t": 1}],
        expected_times=[1000],
        expected_bad=[
            (2, "event time 't' 'x' is not an ISO 8601 time"),
            (3, "event time 't' is null or missing"),
        ],
    )
    table = Memory(pa.table({"a": [1]}))
    assert read_source(table, ReadRequest(None, layout="rows")).rows == [{"a": 1}]


def test_types_are_widened_over_all_records_and_missing_fields_are_null() -> None:
    source = Memory([{"a": 1}, {"a": 2.5, "b": None}, {"c": [1]}])
    assert source.sniff_schema() == pa.schema(
        [("a", pa.float64()), ("b", pa.string()), ("c", pa.list_(pa.int64()))]
    )
    check_source(
        source,
        expected_rows=[
            {"a": 1.0, "b": None, "c": None},
            {"a": 2.5, "b": None, "c": None},
            {"a": None, "b": None, "c": [1]},
        ],
    )
    assert Memory([]).sniff_schema() is None
    assert Memory([], schema={"a": "int"}).sniff_schema() == pa.schema([("a", pa.int64())])


def test_values_that_do_not_fit_a_declared_schema_are_bad_records() -> None:
    source = Memory([{"a": 1}, {"a": "x"}, {"a": 2**70}, {"a": None}], schema={"a": "int"})
    found = check_source(
        source,
        expected_rows=[{"a": 1}, {"a": None}],
        expected_bad=[
            (2, "field 'a' is 'x', where the schema says int64"),
            (3, "field 'a' is 1180591620717411303424, where the schema says int64"),
        ],
    )
    assert found.bad[0].record == "{'a': 'x'}"


def test_a_table_is_cast_to_a_declared_schema() -> None:
    table = pa.table({"a": pa.array([1, 2], pa.int8())})
    check_source(
        Memory(table, schema={"a": "int", "b": "string"}),
        expected_rows=[{"a": 1, "b": None}, {"a": 2, "b": None}],
    )
    wrong = Memory(pa.table({"a": ["x"]}), schema={"a": "int"})
    with pytest.raises(ConnectorError, match="field 'a' does not fit the schema"):
        read_source(wrong, ReadRequest(wrong.declared_schema()))


def test_what_can_not_be_is_refused_at_once() -> None:
    with pytest.raises(ConnectorError, match="1 times are given for 5 records"):
        Memory(ROWS, times=[1])
    with pytest.raises(ConnectorError, match="times and time_field are both given"):
        Memory(ROWS, times=[1] * 5, time_field="ts")
    with pytest.raises(ConnectorError, match="time 999999999999999999 is outside the years 1 to 9999"):
        Memory(ROWS[:1], times=[999999999999999999])
    with pytest.raises(UnknownField, match="field 'tss' does not exist"):
        Memory(pa.Table.from_pylist(ROWS), time_field="tss")
    with pytest.raises(ConnectorError, match="schema 'all' is neither 'any'"):
        Memory(ROWS, schema="all")
    with pytest.raises(ConnectorError, match="time_format and time_zone say"):
        Memory(ROWS, time_format="s")
    with pytest.raises(ConnectorError, match=r"\{'row': 9\} is not a position in memory\(5 records\)"):
        Memory(ROWS).open("0", ReadRequest(None, layout="rows"), {"row": 9})
