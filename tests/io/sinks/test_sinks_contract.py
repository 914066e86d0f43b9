"""Every sink keeps the public contract."""

from __future__ import annotations

import csv
import io
import itertools

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pulse.io.sinks import Collect, CsvSink, JsonLinesSink, ParquetSink
from pulse.testing.sinks import check_sink


def read_lines(path):
    if not path.exists():
        return []
    data = pa.input_stream(path).read()  # the ending tells the compression
    return [orjson.loads(line) for line in data.splitlines()]


def read_csv(sink):
    if not sink.path.exists():
        return []
    rows = list(
        csv.reader(io.StringIO(sink.path.read_bytes().decode(), newline=""), delimiter=sink.delimiter)
    )
    return rows[1:] if sink.header else rows


def read_parquet(sink):
    if not sink.out_dir.exists():
        return []
    records = []
    for path in sorted(sink.out_dir.glob("**/*.parquet")):
        records += [
            {**row, "": str(path.parent)[len(str(sink.out_dir)) :]}
            for row in pq.read_table(path, partitioning=None).to_pylist()
        ]
    return records


@pytest.fixture
def fresh(tmp_path):
    numbers = itertools.count()
    return lambda name: tmp_path / str(next(numbers)) / name


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.bz2", "out.jsonl.zst"])
def test_json_lines(fresh, name):
    check_sink(lambda: JsonLinesSink(fresh(name)), lambda sink: read_lines(sink.path))


@pytest.mark.parametrize(
    "options", [{}, {"delimiter": "|"}, {"header": False}, {"columns": ["word", "id", "no"]}]
)
def test_csv(fresh, options):
    check_sink(lambda: CsvSink(fresh("out.csv"), **options), read_csv)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"partition": False, "max_rows": 2},
        {"partition_field": "word", "compression": "zstd"},
        {"partition_field": "at", "max_age": "10s"},
        {"partition_format": "%Y-%m", "layout": "json", "compression": "none"},
        {"partition_field": "score", "layout": "json", "max_bytes": 100},
    ],
)
def test_parquet(fresh, options):
    check_sink(lambda: ParquetSink(fresh("out"), **options), read_parquet)


def test_collect():
    check_sink(Collect, lambda sink: sink.records)
