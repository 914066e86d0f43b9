"""JSON lines and CSV files, and how a staged file meets crashes and errors."""

from __future__ import annotations

import gzip
import resource

import numpy as np
import pyarrow as pa
import pytest

from pulse.errors import ConnectorError
from pulse.io.base import SinkContext
from pulse.io.sinks import CsvSink, JsonLinesSink, ParquetSink
from pulse.model.bundle import Bundle

CONTEXT = SinkContext("out", transactional=True)


def bundle(data):
    return Bundle(data, np.zeros(len(data), np.int64), 0)


def write(sink, *datas, schema=None):
    writer = sink.open(SinkContext("out", schema=schema))
    for data in datas:
        writer.write(bundle(data))
    writer.commit(writer.prepare(1))
    writer.close()
    return writer


def test_a_file_appears_complete_and_replaces_a_former_one(tmp_path):
    path = tmp_path / "new" / "out.jsonl"
    written = write(JsonLinesSink(path), [{"a": 1}, 7, "x", [1]])
    assert path.read_bytes() == b'{"a":1}\n7\n"x"\n[1]\n'
    assert written.written == (str(path),)
    write(JsonLinesSink(str(path)))
    assert path.read_bytes() == b""
    assert list(path.parent.iterdir()) == [path]


def test_a_former_result_stays_until_the_commit_and_through_an_abort(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"former\n")
    writer = JsonLinesSink(path).open(SinkContext("out"))
    assert writer.write(bundle([{"a": 1}])) == len(b'{"a":1}\n')
    writer.prepare(1)
    writer.abort()
    assert path.read_bytes() == b"former\n"
    assert list(tmp_path.iterdir()) == [path]
    assert writer.written == ()


def test_leftovers_of_a_crash_go_and_files_of_others_stay(tmp_path):
    path = tmp_path / "out.jsonl"
    for name in (".out.jsonl.00000.tmp", ".out.jsonl.00007.tmp", ".other.jsonl.00000.tmp", "out.jsonl.tmp"):
        (tmp_path / name).write_bytes(b"left\n")
    write(JsonLinesSink(path), [1])
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        ".other.jsonl.00000.tmp",
        "out.jsonl",
        "out.jsonl.tmp",
    ]
    assert path.read_bytes() == b"1\n"


def prepared_twice(path):
    writer = JsonLinesSink(path).open(CONTEXT)
    writer.write(bundle([1]))
    writer.commit(writer.prepare(1))
    writer.write(bundle([2]))
    return writer.prepare(2)


def test_a_torn_append_is_cut_and_done_again(tmp_path):
    path = tmp_path / "out.jsonl"
    prepared = prepared_twice(path)
    with path.open("ab") as file:
        file.write(b"2")  # the crash came in the middle of the copy
    restored = JsonLinesSink(path).open(CONTEXT)
    restored.commit(prepared)
    assert path.read_bytes() == b"1\n2\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_restored_run_removes_what_came_after_its_checkpoint(tmp_path):
    path = tmp_path / "out.jsonl"
    writer = JsonLinesSink(path).open(CONTEXT)
    writer.write(bundle([1]))
    prepared = writer.prepare(1)
    for each in (2, 3):
        writer.write(bundle([each]))
        later = writer.prepare(each)
    restored = JsonLinesSink(path).open(CONTEXT)
    restored.commit(prepared)
    assert len(list(tmp_path.iterdir())) == 3
    restored.commit(later)  # nothing was begun, so a later checkpoint may still be the one to restore
    assert path.read_bytes() == b"1\n2\n3\n"
    older = JsonLinesSink(path).open(CONTEXT)
    older.commit(prepared)
    older.write(bundle([4]))
    older.commit(older.prepare(4))
    assert path.read_bytes() == b"1\n4\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_staged_file_that_is_gone_is_an_error(tmp_path):
    path = tmp_path / "out.jsonl"
    prepared = prepared_twice(path)
    (tmp_path / ".out.jsonl.00001.tmp").unlink()
    with pytest.raises(
        ConnectorError,
        match=r"out\.jsonl': the staged file '\.out\.jsonl\.00001\.tmp' is gone and the output",
    ):
        JsonLinesSink(path).open(CONTEXT).commit(prepared)


@pytest.mark.parametrize("cut", ["", None])
def test_an_output_that_was_cut_is_an_error(tmp_path, cut):
    path = tmp_path / "out.jsonl"
    prepared = prepared_twice(path)
    path.unlink() if cut is None else path.write_text(cut)
    with pytest.raises(
        ConnectorError, match="it was cut or removed since the checkpoint, which expects 2 bytes"
    ):
        JsonLinesSink(path).open(CONTEXT).commit(prepared)


@pytest.mark.parametrize("sink", [JsonLinesSink, CsvSink])
def test_a_path_that_is_a_directory(tmp_path, sink):
    with pytest.raises(ConnectorError, match="it is a directory\nhint: name a file inside it"):
        sink(tmp_path).open(CONTEXT)


@pytest.mark.parametrize("sink", [JsonLinesSink, CsvSink, ParquetSink])
def test_a_directory_that_cannot_be_made(tmp_path, sink):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConnectorError, match=r"cannot write '.*file.*': (not a directory|file exists)"):
        sink(tmp_path / "file" / "below").open(CONTEXT)


@pytest.mark.parametrize(
    "make",
    [
        JsonLinesSink,
        lambda path: JsonLinesSink(path, compression="gzip"),
        lambda path: CsvSink(path, compression="zstd"),
        ParquetSink,
    ],
)
def test_a_disk_that_takes_no_more(tmp_path, make):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    rng = np.random.default_rng(0)
    data = pa.record_batch({"a": rng.random(300_000)})
    writer = make(tmp_path / "out").open(CONTEXT)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(ConnectorError, match=r"cannot write '.*': file too large"):
            [writer.write(bundle(data)) for _ in range(3)]
        writer.abort()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


def test_compression_follows_the_ending_unless_told(tmp_path):
    write(JsonLinesSink(tmp_path / "a.jsonl.gz"), [1], [2])
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()) == b"1\n2\n"
    write(JsonLinesSink(tmp_path / "b.jsonl.gz", compression="none"), [1])
    assert (tmp_path / "b.jsonl.gz").read_bytes() == b"1\n"
    write(CsvSink(tmp_path / "c.csv", compression="gzip"), [{"a": 1}])
    assert gzip.decompress((tmp_path / "c.csv").read_bytes()) == b"a\n1\n"


@pytest.mark.parametrize("sink", [JsonLinesSink, CsvSink])
def test_an_unknown_compression(sink):
    with pytest.raises(ConnectorError) as caught:
        sink("out", compression="gzp")
    assert str(caught.value).endswith(
        ": compression 'gzp' is unknown; allowed: gzip, bz2, zstd, none\nhint: did you mean 'gzip'?"
    )
    with pytest.raises(ConnectorError, match="compression 'gzip' is unknown; allowed: none"):
        sink("-", compression="gzip")


@pytest.mark.parametrize("data", [[{"a": 1, "b": None}], pa.record_batch({"a": [1], "b": pa.nulls(1)})])
def test_standard_output(capfdbinary, data):
    writer = JsonLinesSink("-").open(CONTEXT)
    writer.write(bundle(data))
    assert capfdbinary.readouterr().out == b'{"a":1,"b":null}\n'
    writer.abort()
    csv = CsvSink("-").open(CONTEXT)
    csv.write(bundle(data))
    prepared = csv.prepare(1)
    csv.commit(prepared)
    restored = CsvSink("-").open(CONTEXT)
    restored.commit(prepared)
    restored.write(bundle(data))
    assert capfdbinary.readouterr().out == b"a,b\n1,\n1,\n"
    assert JsonLinesSink("-").label == "jsonl(stdout)"
    assert CsvSink("-").label == "csv(stdout)"


def csv_text(tmp_path, *datas, schema=None, **options):
    write(CsvSink(tmp_path / "out.csv", **options), *datas, schema=schema)
    return (tmp_path / "out.csv").read_bytes().decode()


def test_cells_are_quoted_only_where_needed(tmp_path):
    rows = [{"a": 'say "hi"', "b": "x,y"}, {"a": "two\r\nlines", "b": ""}, {"a": None, "b": [1, 2]}]
    expected = 'a,b\n"say ""hi""","x,y"\n"two\r\nlines",""\n,"[1,2]"\n'
    assert csv_text(tmp_path, rows) == expected
    assert (
        csv_text(tmp_path, rows, delimiter=";", header=False)
        == '"say ""hi""";x,y\n"two\r\nlines";""\n;[1,2]\n'
    )


def test_a_delimiter_inside_numbers(tmp_path):
    assert csv_text(tmp_path, [{"a": -1.5, "b": 2}], delimiter=".") == 'a.b\n"-1.5".2\n'


def test_a_null_alone_on_its_line_is_no_blank_line(tmp_path):
    assert csv_text(tmp_path, [{"a": None}, {"a": "x"}]) == 'a\n""\nx\n'


def test_records_without_fields_are_a_column_value(tmp_path):
    assert csv_text(tmp_path, ["x", 2], [3.0]) == "value\nx\n2\n3.0\n"


def test_the_header_comes_from_the_schema_even_without_records(tmp_path):
    schema = pa.schema({"b": pa.int64(), "a": pa.string()})
    assert csv_text(tmp_path, schema=schema) == "b,a\n"
    assert csv_text(tmp_path, [{"a": "x"}], schema=schema) == "b,a\n,x\n"


def test_chosen_columns(tmp_path):
    data = pa.record_batch({"a": [1], "b": [2]})
    assert csv_text(tmp_path, data, [{"b": 3}, {"c": 4}], columns=["b", "c"]) == "b,c\n2,\n3,\n,4\n"


@pytest.mark.parametrize("late", [[{"a": 1, "b": 2}], pa.record_batch({"a": [1], "b": [2]})])
def test_a_field_that_comes_late(tmp_path, late):
    with pytest.raises(ConnectorError) as caught:
        csv_text(tmp_path, [{"a": 1}], late)
    assert str(caught.value) == (
        "field 'b' came after the header was written; columns: a\n"
        "hint: list the fields with columns=[...], or leave it out with a select before the sink"
    )


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n"])
def test_a_wrong_delimiter(delimiter):
    with pytest.raises(ConnectorError, match="is not one character other than a quote or line break"):
        CsvSink("out.csv", delimiter=delimiter)


@pytest.mark.parametrize("columns", [[], ["a", "a"], "ab"])
def test_wrong_columns(columns):
    with pytest.raises(ConnectorError, match="is not a list of one or more names, each once"):
        CsvSink("out.csv", columns=columns)
