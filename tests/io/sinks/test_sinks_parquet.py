"""Parquet: partitions, rotation, drifting types, numbering, errors."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from pulse.errors import ConnectorError, PipelineError, RecordError, UnknownField
from pulse.io.base import SinkContext
from pulse.io.sinks import ParquetSink, parquet_writer, parts
from pulse.model.bundle import Bundle
from pulse.model.time import MAX_TIME

DAY = 86_400_000_000


def bundle(data, times=None):
    return Bundle(data, np.zeros(len(data), np.int64) if times is None else np.array(times), 0)


def write(sink, *bundles, schema=None):
    writer = sink.open(SinkContext("out", schema=schema))
    for each in bundles:
        writer.write(each)
    writer.commit(writer.prepare(1))
    writer.close()
    return writer


def files(path):
    return {
        str(each.relative_to(path)): pq.read_table(each, partitioning=None).to_pylist()
        for each in sorted(path.rglob("*"))
        if each.is_file()
    }


@pytest.mark.parametrize("rows", [False, True])
def test_partitions_by_date_of_the_event_time(tmp_path, rows):
    data = [{"a": each} for each in range(5)]
    times = [DAY - 1, DAY, 0, MAX_TIME, -1]
    written = write(ParquetSink(tmp_path), bundle(data if rows else pa.RecordBatch.from_pylist(data), times))
    assert files(tmp_path) == {
        "dt=1969-12-31/part-00000.parquet": [{"a": 4}],
        "dt=1970-01-01/part-00000.parquet": [{"a": 0}, {"a": 2}],
        "dt=1970-01-02/part-00000.parquet": [{"a": 1}],
        "dt=__HIVE_DEFAULT_PARTITION__/part-00000.parquet": [{"a": 3}],
    }
    assert sorted(written.written) == [str(tmp_path / name) for name in files(tmp_path)]


@pytest.mark.parametrize(
    ("partition_format", "names"),
    [
        ("%Y-%m", ["dt=1970-01"]),
        ("%Y/%m", ["dt=1970%2F01"]),
        ("%d %H", ["dt=01%2000", "dt=01%2001"]),
        ("%H:%M", ["dt=00%3A00", "dt=00%3A01", "dt=01%3A01"]),
        ("%S", ["dt=00", "dt=01", "dt=05"]),
        ("%f", ["dt=000000", "dt=000007"]),
        ("%I%p %%", ["dt=01AM%20%25", "dt=12AM%20%25"]),
    ],
)
def test_partition_formats(tmp_path, partition_format, names):
    times = [0, 7, 61_000_000, 3_665_000_000]
    write(ParquetSink(tmp_path, partition_format=partition_format), bundle([{"a": 1}] * 4, times))
    assert sorted(each.name for each in tmp_path.iterdir()) == names


@pytest.mark.parametrize("rows", [False, True])
def test_partitions_by_field_are_read_by_hive_readers(tmp_path, rows):
    data = [{"k": each, "a": n} for n, each in enumerate(["x", None, "a/b=c d", "grüße", "x"])]
    write(
        ParquetSink(tmp_path, partition_field="k"), bundle(data if rows else pa.RecordBatch.from_pylist(data))
    )
    assert files(tmp_path)["k=x/part-00000.parquet"] == [{"a": 0}, {"a": 4}]
    assert "k=__HIVE_DEFAULT_PARTITION__/part-00000.parquet" in files(tmp_path)
    expected = {(each["k"], each["a"]) for each in data}
    found = ds.dataset(tmp_path, partitioning=ds.partitioning(pa.schema({"k": pa.string()}), flavor="hive"))
    assert {(row["k"], row["a"]) for row in found.to_table().to_pylist()} == expected


@pytest.mark.parametrize(
    ("column", "names"),
    [
        ([1, None], ["k=1", "k=__HIVE_DEFAULT_PARTITION__"]),
        ([1.0, float("nan")], ["k=1.0", "k=NaN"]),
        ([True, False], ["k=false", "k=true"]),
        ([dt.date(2024, 5, 1), None], ["k=2024-05-01", "k=__HIVE_DEFAULT_PARTITION__"]),
        ([None, None], ["k=__HIVE_DEFAULT_PARTITION__"]),
        ([[1], [1]], ["k=%5B1%5D"]),
    ],
)
@pytest.mark.parametrize("rows", [False, True])
def test_partition_values(tmp_path, column, names, rows):
    data = [{"k": each, "a": 1} for each in column]
    write(
        ParquetSink(tmp_path, partition_field="k"), bundle(data if rows else pa.RecordBatch.from_pylist(data))
    )
    assert sorted(each.name for each in tmp_path.iterdir()) == names


def test_parts_have_exactly_max_rows_however_records_are_bundled(tmp_path):
    data = pa.record_batch({"a": range(10)})
    write(ParquetSink(tmp_path / "one", partition=False, max_rows=4), bundle(data))
    cut = [bundle(data.slice(n, 3)) for n in range(0, 10, 3)]
    write(ParquetSink(tmp_path / "two", partition=False, max_rows=4), *cut)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert [len(rows) for rows in files(tmp_path / "one").values()] == [4, 4, 2]


def test_complete_parts_show_at_once_unless_the_run_is_transactional(tmp_path):
    for transactional, shown in ((False, 2), (True, 0)):
        out = tmp_path / str(transactional)
        writer = ParquetSink(out, partition=False, max_rows=4).open(
            SinkContext("out", transactional=transactional)
        )
        writer.write(bundle(pa.record_batch({"a": range(10)})))
        assert len(list(out.glob("*.parquet"))) == len(writer.written) == shown
        writer.abort()
        assert len(list(out.iterdir())) == shown


def test_readers_do_not_see_what_is_staged(tmp_path):
    writer = ParquetSink(tmp_path).open(SinkContext("out", transactional=True))
    writer.write(bundle([{"a": 1}]))
    writer.prepare(1)
    assert len(list(tmp_path.rglob("*.tmp"))) == 1
    assert ds.dataset(tmp_path, pa.schema({"a": pa.int64()})).count_rows() == 0


def test_old_parts_are_completed_by_the_clock(tmp_path):
    writer = ParquetSink(tmp_path, partition=False, max_age="10s").open(SinkContext("out"))
    for now in (0, 9_999_999, 10_000_000, 10_000_001):
        writer.write(bundle([{"a": now}]))
        writer.tick(now)
    assert files(tmp_path) == {
        "part-00000.parquet": [{"a": 0}, {"a": 9_999_999}, {"a": 10_000_000}],
    }
    writer.abort()


def test_parts_are_completed_by_size(tmp_path):
    rng = np.random.default_rng(0)
    data = pa.record_batch({"a": rng.integers(0, 2**62, 40_000)})
    cut = [bundle(data.slice(n, 1000)) for n in range(0, 40_000, 1000)]
    write(ParquetSink(tmp_path, partition=False, max_bytes=100_000), *cut)
    sizes = [each.stat().st_size for each in sorted(tmp_path.iterdir())]
    assert 3 <= len(sizes) <= 4
    assert all(100_000 <= size <= 210_000 for size in sizes[:-1])


def test_a_new_run_adds_to_what_is_there(tmp_path):
    (tmp_path / "part-00041.parquet").write_bytes(b"of an older run")
    (tmp_path / "part-x.parquet").write_bytes(b"of somebody else")
    write(ParquetSink(tmp_path, partition=False, max_rows=1), bundle([{"a": 1}, {"a": 2}]))
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "part-00041.parquet",
        "part-00042.parquet",
        "part-00043.parquet",
        "part-x.parquet",
    ]
    assert (tmp_path / "part-00041.parquet").read_bytes() == b"of an older run"


def test_two_runs_at_once_destroy_nothing(tmp_path):
    first, second = (ParquetSink(tmp_path, partition=False).open(SinkContext(name)) for name in "ab")
    for writer in (first, second):
        writer.write(bundle([{"a": 1}]))
    prepared = [writer.prepare(1) for writer in (first, second)]
    first.commit(prepared[0])
    with pytest.raises(
        ConnectorError, match=r"part-00000\.parquet': another run has written a part of this name"
    ):
        second.commit(prepared[1])


def test_a_staged_part_that_is_gone_is_an_error(tmp_path):
    writer = ParquetSink(tmp_path).open(SinkContext("out", transactional=True))
    writer.write(bundle([{"a": 1}]))
    prepared = writer.prepare(1)
    (tmp_path / ".staging-out" / "000000.tmp").unlink()
    with pytest.raises(ConnectorError, match=r"its staged file '000000\.tmp' is gone"):
        writer.commit(prepared)


@pytest.mark.parametrize("rows", [False, True])
def test_types_that_drift_start_a_new_part(tmp_path, rows):
    datas = [
        [{"a": 1, "b": None}],
        [{"a": 2}],
        [{"a": 2.5, "b": "x", "c": {"d": 1}}],
        [{"a": 3, "c": {"d": 1, "e": 2}}],
        [{"b": "y"}],
    ]
    write(
        ParquetSink(tmp_path, partition=False),
        *(bundle(each if rows else pa.RecordBatch.from_pylist(each)) for each in datas),
    )
    assert [len(rows) for rows in files(tmp_path).values()] == [2, 1, 2]
    last = pq.read_table(tmp_path / "part-00002.parquet")
    assert last.to_pylist() == [
        {"a": 3.0, "b": None, "c": {"d": 1, "e": 2}},
        {"a": None, "b": "y", "c": None},
    ]
    schema = pa.unify_schemas(
        [pq.read_schema(each) for each in tmp_path.iterdir()], promote_options="permissive"
    )
    assert ds.dataset(tmp_path, schema).to_table(columns=["a"]).column("a").to_pylist() == [
        1,
        2,
        2.5,
        3,
        None,
    ]


def test_dictionaries_and_zones_are_no_drift(tmp_path):
    zoned = pa.array([0], pa.timestamp("us", "Europe/Berlin"))
    write(
        ParquetSink(tmp_path, partition=False),
        bundle(pa.record_batch({"a": pa.array(["x"]).dictionary_encode(), "t": zoned})),
        bundle(pa.record_batch({"a": ["y"], "t": zoned.cast(pa.timestamp("us", "UTC"))})),
    )
    assert [[row["a"] for row in rows] for rows in files(tmp_path).values()] == [["x", "y"]]


def test_a_known_schema_holds_from_the_first_record(tmp_path):
    schema = pa.schema({"a": pa.float64(), "k": pa.string(), "b": pa.dictionary(pa.int8(), pa.string())})
    rows = bundle([{"k": "x"}]), bundle([{"k": "x", "a": 1, "b": "y"}])
    write(ParquetSink(tmp_path, partition_field="k"), *rows, schema=schema)
    assert files(tmp_path) == {"k=x/part-00000.parquet": [{"a": None, "b": None}, {"a": 1.0, "b": "y"}]}


def test_types_that_cannot_be_unified(tmp_path):
    with pytest.raises(ConnectorError) as caught:
        write(ParquetSink(tmp_path), bundle([{"a": 1, "b": 1}]), bundle([{"a": 2, "b": "x"}]))
    assert str(caught.value) == (
        "field 'b' was int64 and is now string, which one column cannot hold\n"
        "hint: cast the field before the sink, or write layout='json'"
    )
    with pytest.raises(
        RecordError, match="no column can hold the values of field 'a': could not convert 'x'"
    ):
        write(ParquetSink(tmp_path), bundle([{"a": 1}, {"a": "x"}]))
    with pytest.raises(ConnectorError, match="field 'a' of type int64 does not fit double: integer value"):
        write(ParquetSink(tmp_path), bundle([{"a": 1.5}]), bundle([{"a": 2**60 + 1}]))


@pytest.mark.parametrize("rows", [False, True])
def test_the_json_layout(tmp_path, rows):
    data = [{"k": 1, "a": "x"}, {"k": 2, "a": None}]
    times = [1_500_999, MAX_TIME]
    sink = ParquetSink(tmp_path, partition_field="k", layout="json")
    write(sink, bundle(data if rows else pa.RecordBatch.from_pylist(data), times))
    table = pq.read_table(tmp_path / "k=1" / "part-00000.parquet", partitioning=None)
    assert table.schema.equals(pa.schema({"event_time": pa.timestamp("ms", "UTC"), "payload": pa.string()}))
    assert list(files(tmp_path).values()) == [
        [{"event_time": dt.datetime(1970, 1, 1, 0, 0, 1, 500_000, dt.UTC), "payload": '{"k":1,"a":"x"}'}],
        [{"event_time": None, "payload": '{"k":2,"a":null}'}],
    ]


def test_the_json_layout_takes_anything(tmp_path):
    write(ParquetSink(tmp_path, partition=False, layout="json"), bundle([{"a": 1}, 7, {"a": "x"}]))
    assert [row["payload"] for row in files(tmp_path)["part-00000.parquet"]] == ['{"a":1}', "7", '{"a":"x"}']


def test_records_without_fields_are_a_column_value(tmp_path):
    write(ParquetSink(tmp_path, partition=False), bundle([1, 2]))
    assert files(tmp_path) == {"part-00000.parquet": [{"value": 1}, {"value": 2}]}


@pytest.mark.parametrize("data", [[{"k": 1}], pa.record_batch({"k": [1]})])
def test_nothing_left_to_write(tmp_path, data):
    with pytest.raises(ConnectorError, match="have no field to write besides the partition field 'k'\nhint"):
        write(ParquetSink(tmp_path, partition_field="k"), bundle(data))


@pytest.mark.parametrize("schema", [None, pa.schema({"word": pa.string()})])
def test_an_unknown_partition_field(tmp_path, schema):
    with pytest.raises(
        UnknownField, match=r"field 'wrd' does not exist; fields: word\nhint: did you mean 'word'\?"
    ):
        write(
            ParquetSink(tmp_path, partition_field="wrd"),
            bundle(pa.record_batch({"word": ["a"]})),
            schema=schema,
        )


@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
def test_compression(tmp_path, compression):
    write(ParquetSink(tmp_path, partition=False, compression=compression), bundle([{"a": 1}]))
    column = pq.ParquetFile(tmp_path / "part-00000.parquet").metadata.row_group(0).column(0)
    assert column.compression == {"none": "UNCOMPRESSED"}.get(compression, compression.upper())


def test_many_partitions_keep_few_files_and_little_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_writer, "MAX_OPEN", 3)
    monkeypatch.setattr(parquet_writer, "MAX_HELD", 50_000)
    monkeypatch.setattr(parts, "_COMPACT", 2)
    sink = ParquetSink(tmp_path, partition_field="k")
    writer = sink.open(SinkContext("out", transactional=True))
    keys = [f"{n % 20:02d}" for n in range(200)]
    for start in range(0, 200, 25):
        data = pa.record_batch({"k": keys[start : start + 25], "a": range(start, start + 25)})
        writer.write(bundle(data))
        assert sum(part.is_open for part in writer._parts.values()) <= 3
        assert writer._held == sum(part.held for part in writer._parts.values()) <= 50_000
    writer.commit(writer.prepare(1))
    writer.close()
    found = {}
    for name, rows in files(tmp_path).items():
        found.setdefault(name[2:4], []).extend(row["a"] for row in rows)
    assert found == {f"{n:02d}": list(range(n, 200, 20)) for n in range(20)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"compression": "lz4"}, "compression 'lz4' is unknown; allowed: snappy, zstd, none"),
        ({"layout": "row"}, "layout 'row' is unknown; allowed: columns, json"),
        ({"max_rows": 0}, "max_rows 0 is not positive"),
        ({"max_bytes": -1}, "max_bytes -1 is not positive"),
        ({"max_age": "0s"}, "max_age '0s' is not positive"),
        ({"partition_format": "day %%"}, "partition_format 'day %%' has no date in it"),
        (
            {"partition_field": "k", "partition": False},
            "partition_field 'k' is given, but partition is False",
        ),
    ],
)
def test_options_that_are_not_allowed(options, message):
    with pytest.raises(ConnectorError) as caught:
        ParquetSink("out", **options)
    assert caught.value.message == message


def test_an_age_that_is_no_duration():
    with pytest.raises(PipelineError, match="max_age '5' is not a duration"):
        ParquetSink("out", max_age="5")
