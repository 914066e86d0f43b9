"""What is found out about files, pipes and empty inputs before they are read."""

from __future__ import annotations

import bz2
import gzip
import logging
import os
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from pulse import (
    Collect,
    DeterministicRunner,
    Filter,
    JsonLinesSink,
    Pipeline,
    Read,
    TrioRunner,
    Write,
    col,
)
from pulse.errors import ConnectorError, UnknownField
from pulse.io.base import Block, ReadRequest
from pulse.io.csv import Csv
from pulse.io.jsonl import JsonLines
from pulse.testing.connectors import read_source

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", [JsonLines, Csv])
@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
@pytest.mark.parametrize("time_field", [None, "ts"])
def test_an_empty_file_is_an_input_without_records(
    tmp_path: Path, kind: type[JsonLines | Csv], text: str, time_field: str | None
) -> None:
    path = tmp_path / "empty"
    path.write_text(text)
    source = kind(path, time_field=time_field)
    assert source.sniff_schema() == pa.schema([])
    for layout in ("columns", "rows"):
        assert read_source(source, ReadRequest(pa.schema([]), layout=layout)).rows == []


def test_a_header_alone_names_the_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for text in ("ts,word\n", "ts,word", "\ufeffts,word\r\n"):
        path.write_text(text)
        source = Csv(path, time_field="ts")
        assert source.sniff_schema() == pa.schema([("ts", pa.string()), ("word", pa.string())])
        assert read_source(source, ReadRequest(source.sniff_schema())).rows == []
    path.write_text("")
    assert Csv(path, columns=["a"]).sniff_schema() == pa.schema([("a", pa.string())])


def test_records_without_fields_are_records(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("{}\n{}\n")
    source = JsonLines(path)
    assert source.sniff_schema() == pa.schema([])
    for layout in ("columns", "rows"):
        reader = source.open("0", ReadRequest(pa.schema([]), layout=layout))
        block = reader.poll()
        assert isinstance(block, Block)
        assert len(reader.decode(block).data) == 2
        reader.close()
        timed = JsonLines(path, time_field="ts").open("0", ReadRequest(pa.schema([]), layout=layout))
        assert [bad.reason for bad in timed.decode(block).bad] == ["event time 'ts' is null or missing"] * 2


@pytest.mark.parametrize("text", ["", "{}\n{}\n"])
@pytest.mark.parametrize("runner", [DeterministicRunner, TrioRunner])
def test_a_pipeline_over_nothing_runs(tmp_path: Path, text: str, runner: type) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text(text)
    pipeline = Pipeline("empty")
    _ = pipeline | Read(JsonLines(path)) | Write(JsonLinesSink(tmp_path / "out.jsonl"))
    assert runner().run(pipeline).records_out == text.count("{")
    assert (tmp_path / "out.jsonl").read_text() == text


def test_the_error_of_an_unknown_field_says_that_the_input_may_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.touch()
    pipeline = Pipeline("empty")
    _ = pipeline | Read(JsonLines(path, time_field="ts")) | Filter(col("word") == "a") | Write(Collect())
    with pytest.raises(UnknownField, match="field 'word' does not exist; fields: none") as caught:
        DeterministicRunner().run(pipeline)
    assert caught.value.hint == "an empty input shows no field: declare the source's schema to name them"


def test_a_followed_file_that_is_empty_needs_a_declared_schema(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.touch()
    with pytest.raises(ConnectorError, match="can't be sniffed, because no record is there yet"):
        JsonLines(path, follow=True).sniff_schema()


@pytest.mark.parametrize("kind", [JsonLines, Csv])
@pytest.mark.parametrize(
    ("data", "what", "hint"),
    [
        (gzip.compress(b"a", mtime=0), "gzip-compressed data", "compression = 'gzip'"),
        (bz2.compress(b"a"), "bz2-compressed data", "compression = 'bz2'"),
        (b"PAR1\n", "Parquet data", "kind = 'parquet'"),
        ("a,b\n".encode("utf-16"), "UTF-16 text", "convert it to UTF-8"),
        (b"a\0b\nc\n", "binary data", ""),
    ],
)
def test_what_is_not_text_is_named(
    tmp_path: Path, kind: type[JsonLines | Csv], data: bytes, what: str, hint: str
) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    with pytest.raises(ConnectorError, match=f"holds {what}, not text") as caught:
        kind(path).sniff_schema()
    assert hint in (caught.value.hint or "")


def test_lines_of_which_none_is_a_record_are_an_error_that_quotes_the_first(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text("\n{'a': 1}\n[1]\n")
    with pytest.raises(ConnectorError, match="no line in its first MiB is a record") as caught:
        JsonLines(path).sniff_schema()
    assert caught.value.where == f"{path}:2"
    assert "not valid JSON" in caught.value.message
    path.write_text("[1]\n{'a': 1}\n")
    with pytest.raises(ConnectorError, match="a record is a JSON object, this is an array") as caught:
        JsonLines(path).sniff_schema()
    assert caught.value.where == f"{path}:1"


def test_a_field_that_is_always_null_is_a_string_and_said_to_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": null, "b": 1}\n')
    with caplog.at_level(logging.WARNING):
        assert JsonLines(path).sniff_schema().field("a").type == pa.string()
    assert "field 'a' is null in every record of its first MiB and is taken for a string" in caplog.text


def test_an_integer_beyond_64_bits_does_not_make_a_field_double(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 100000000000000000000}\n{"a": 100000000000000000001}\n')
    assert JsonLines(path).sniff_schema() == pa.schema([("a", pa.int64())])


def test_live_standard_input_is_sniffed_from_the_first_lines_there(monkeypatch: pytest.MonkeyPatch) -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as pipe:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=pipe))
        os.write(write_end, b'{"n": 1}\n{"n": ')  # and the writer keeps the pipe open
        source = JsonLines("-")
        request = ReadRequest(source.sniff_schema(), layout="rows")
        assert request.schema == pa.schema([("n", pa.int64())])
        os.write(write_end, b"2}\n")
        os.close(write_end)
        assert read_source(source, request).rows == [{"n": 1}, {"n": 2}]
