"""JSON lines and CSV as sources: paths, compression, positions, standard input; the public contract."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from pulse.errors import ConnectorError, PipelineError, UnknownField
from pulse.io.base import Block, End, Idle, ReadRequest
from pulse.io.csv import Csv
from pulse.io.files.cutter import LONGEST, Cutter
from pulse.io.files.position import FilePosition
from pulse.io.jsonl import JsonLines
from pulse.io.projection import Projection
from pulse.testing.connectors import check_source, read_source

if TYPE_CHECKING:
    from pathlib import Path

    from pulse.io.base import Source

RECORDS: list[dict[str, Any]] = [
    {"ts": n, "word": ["ä", "b", "", "d\ne", '"f"'][n % 5], "score": n / 4, "n": n} for n in range(40)
]
TIMES = [n * 1000 for n in range(40)]


def jsonl_bytes(records: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def csv_bytes(records: list[dict[str, Any]]) -> bytes:
    lines = ["ts,word,score,n"]
    for record in records:
        word = record["word"].replace('"', '""')
        lines.append(f'{record["ts"]},"{word}",{record["score"]},{record["n"]}')
    return "\r\n".join(lines).encode()


def zstd_bytes(data: bytes) -> bytes:
    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as stream:
        stream.write(data)
    return out.getvalue().to_pybytes()


PACKERS = {".gz": gzip.compress, ".bz2": bz2.compress, ".zst": zstd_bytes, "": bytes}


@pytest.mark.parametrize("ending", PACKERS)
def test_json_lines_keep_the_contract(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"events.jsonl{ending}"
    path.write_bytes(
        PACKERS[ending](b"\xef\xbb\xbf" + jsonl_bytes(RECORDS[:20]) + b"oops\n" + jsonl_bytes(RECORDS[20:]))
    )
    found = check_source(JsonLines(path, time_field="ts"), expected_rows=RECORDS, expected_times=TIMES)
    assert [bad.number for bad in found.bad] == [21]
    assert found.places[20] == (str(path), 22)


@pytest.mark.parametrize("ending", PACKERS)
def test_csv_keeps_the_contract(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"events.csv{ending}"
    path.write_bytes(PACKERS[ending](csv_bytes(RECORDS) + b"\r\n1,2\r\n"))
    reason = "record has 2 cells, there are 4 columns"
    check_source(
        Csv(path, time_field="ts"), expected_rows=RECORDS, expected_times=TIMES, expected_bad=[(50, reason)]
    )


def test_csv_without_a_header_takes_the_names_declared(tmp_path: Path) -> None:
    path = tmp_path / "events.tsv"
    path.write_text("1\ta\n2\t\n")
    source = Csv(path, columns=["n", "s"], delimiter="\t")
    check_source(source, expected_rows=[{"n": 1, "s": "a"}, {"n": 2, "s": None}])
    replaced = Csv(path, columns=["n", "s"], header=True, delimiter="\t")
    check_source(replaced, expected_rows=[{"n": 2, "s": None}])


def test_rows_of_any_shape_keep_the_contract(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"a": 1, "t": 1}\n{"b": [1], "t": "1970-01-01T00:00:02Z"}\n')
    source = JsonLines(path, schema="any", time_field="t")
    assert (source.layouts, source.sniff_schema()) == (("rows",), None)
    check_source(
        source,
        expected_rows=[{"a": 1, "t": 1}, {"b": [1], "t": "1970-01-01T00:00:02Z"}],
        expected_times=[1000, 2_000_000],
    )
    with pytest.raises(ConnectorError, match="records of schema 'any' can't be read as columns"):
        source.open("0", ReadRequest(None))


@pytest.mark.parametrize("kind", ["list", "folder", "glob", "deep glob"])
def test_several_files_are_one_split_in_name_order(tmp_path: Path, kind: str) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(csv_bytes(RECORDS[10:20])))
    (tmp_path / "a.csv").write_bytes(csv_bytes(RECORDS[:10]))
    (tmp_path / "deep" / "c.csv").write_bytes(csv_bytes(RECORDS[20:]))
    (tmp_path / "deep" / "b.csv").write_bytes(b"")
    (tmp_path / ".hidden.csv").write_bytes(b"x")
    (tmp_path / "_tmp").mkdir()
    (tmp_path / "_tmp" / "d.csv").write_bytes(b"x")
    path: Any = {
        "list": [tmp_path / "deep" / "c.csv", tmp_path / "b.csv.gz", str(tmp_path / "a.csv")],
        "folder": tmp_path,
        "glob": [tmp_path / "*.csv*", tmp_path / "deep" / "?.csv"],
        "deep glob": str(tmp_path / "**" / "[abc].csv*"),
    }[kind]
    found = check_source(Csv(path, time_field="ts"), expected_rows=RECORDS, expected_times=TIMES)
    assert {origin for origin, _ in found.places} == {
        str(tmp_path / name) for name in ("a.csv", "b.csv.gz", "deep/c.csv")
    }


def test_reading_goes_on_when_files_before_the_position_are_gone_but_not_when_some_appeared(
    tmp_path: Path,
) -> None:
    for name in "bcd":
        (tmp_path / f"{name}.jsonl").write_bytes(jsonl_bytes(RECORDS[:2]))
    source = JsonLines(tmp_path)
    request = ReadRequest(source.sniff_schema())
    whole = read_source(source, request)
    position, rows, _ = whole.positions[1]
    (tmp_path / "b.jsonl").unlink()
    assert read_source(source, request, position=position).rows == whole.rows[rows:]
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_bytes(jsonl_bytes(RECORDS[:1]))
    with pytest.raises(ConnectorError, match=r"files appeared before .*: there were 1, now there are 2"):
        source.open("0", request, position)
    (tmp_path / "c.jsonl").unlink()
    with pytest.raises(ConnectorError, match="is not among the files any more"):
        source.open("0", request, position)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_a_file_that_became_shorter_than_the_position_is_an_error(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"a.jsonl{ending}"
    path.write_bytes(PACKERS[ending](jsonl_bytes(RECORDS)))
    source = JsonLines(path)
    request = ReadRequest(source.sniff_schema())
    position = read_source(source, request).positions[-1][0]
    path.write_bytes(PACKERS[ending](jsonl_bytes(RECORDS[:3])))
    with pytest.raises(ConnectorError, match=r"is shorter than the position|ends before the position"):
        source.open("0", request, position)
    with pytest.raises(ConnectorError, match="is not a position in a file"):
        source.open("0", request, {"file": str(path), "offset": -1})


def test_what_is_missing_is_named_when_it_is_opened_and_not_before(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("{}\n")
    wrong = JsonLines(tmp_path / "event.jsonl", schema={"a": "int"})
    with pytest.raises(ConnectorError, match=r"file '.*event.jsonl' does not exist") as caught:
        wrong.open("0", ReadRequest(wrong.declared_schema()))
    assert caught.value.hint == "did you mean 'events.jsonl'?"
    with pytest.raises(ConnectorError, match="does not exist") as caught:
        JsonLines(str(tmp_path / "dta" / "deep" / "x.jsonl")).sniff_schema()
    assert caught.value.hint == f"directory '{tmp_path}/dta' does not exist"
    with pytest.raises(ConnectorError, match=r"no file matches '.*/\*\.csv'"):
        Csv(tmp_path / "*.csv").sniff_schema()
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConnectorError, match=r"directory '.*empty' holds no files"):
        JsonLines(tmp_path / "empty").sniff_schema()
    with pytest.raises(ConnectorError, match="path is an empty list"):
        JsonLines([]).sniff_schema()
    (tmp_path / "blank.jsonl").write_text("\n\nnot json\n")
    with pytest.raises(
        ConnectorError, match=r"the schema of jsonl\(blank.jsonl\) can't be sniffed, because no line in"
    ):
        JsonLines(tmp_path / "blank.jsonl").sniff_schema()


def test_damaged_compression_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress(jsonl_bytes(RECORDS))[:-20])
    with pytest.raises(ConnectorError, match=r"file '.*a.jsonl.gz' can't be decompressed: Truncated"):
        JsonLines(path).sniff_schema()
    check_source(JsonLines(path, compression="none", schema={"a": "int"}), expected_rows=[])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        (
            {"compression": "gz"},
            ConnectorError,
            "compression 'gz' is unknown; allowed: gzip, bz2, zstd, none",
        ),
        ({"schema": "all"}, ConnectorError, "schema 'all' is neither 'any' nor type names by field"),
        ({"schema": {"a": "nt"}}, PipelineError, "field 'a': type 'nt' does not exist; types: "),
        ({"time_format": "s"}, ConnectorError, "time_format and time_zone say how time_field is read"),
        ({"time_field": "t", "time_format": "x"}, PipelineError, "time format 'x' is not one of"),
        ({"block_bytes": 0}, ConnectorError, "block_bytes 0 is not positive"),
    ],
)
def test_wrong_options_are_refused_at_once(
    options: dict[str, Any], error: type[PipelineError], message: str
) -> None:
    with pytest.raises(error) as caught:
        JsonLines("nowhere.jsonl", **options)
    assert caught.value.message.startswith(message)


def test_csv_refuses_options_that_are_not_its_own() -> None:
    with pytest.raises(ConnectorError, match="schema 'any' is not type names by column"):
        Csv("a.csv", schema="any")
    with pytest.raises(ConnectorError, match=r"columns 'a,b' is not a list of texts"):
        Csv("a.csv", columns="a,b")


def test_unknown_fields_and_time_fields_are_refused_at_open(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(jsonl_bytes(RECORDS[:1]))
    source = JsonLines(path, time_field="tss")
    with pytest.raises(UnknownField, match="field 'tss' does not exist; fields: ts, word, score, n"):
        source.open("0", ReadRequest(source.sniff_schema()))
    with pytest.raises(UnknownField, match="field 'wrd' does not exist"):
        JsonLines(path).open("0", ReadRequest(source.sniff_schema(), ("wrd",)))
    nested = pa.schema([("m", pa.map_(pa.string(), pa.int64()))])
    reader = JsonLines(path, schema=nested).open("0", ReadRequest(nested))
    block = reader.poll()
    assert isinstance(block, Block)
    with pytest.raises(
        ConnectorError, match="field 'm' of type map<string, int64> can't be read from a text file"
    ):
        reader.decode(block)
    reader.close()


SNIFFED = {
    "int": ('{"a": 1}\n{"a": 2}', pa.int64()),
    "int and double": ('{"a": 1}\n{"a": 2.5}\n{"a": null}', pa.float64()),
    "null": ('{"a": null}', pa.string()),
    "null and bool": ('{"a": null}\n{"a": true}', pa.bool_()),
    "most are text": ('{"a": 1}\n{"a": "x"}\n{"a": "y"}', pa.string()),
    "beyond 64 bits": ('{"a": 100000000000000000000}\n{"a": 1}', pa.int64()),
    "list": ('{"a": []}\n{"a": [1, 2.5]}', pa.list_(pa.float64())),
    "empty list": ('{"a": []}', pa.list_(pa.string())),
    "struct": ('{"a": {"x": 1}}\n{"a": {"y": null}}', pa.struct([("x", pa.int64()), ("y", pa.string())])),
    "mixed list": ('{"a": [1, "x"]}\n{"a": [1]}', pa.list_(pa.int64())),
    "bad lines": ('{"a": }\n[1]\n{"a": "x"}', pa.string()),
}


@pytest.mark.parametrize("what", SNIFFED)
def test_types_are_sniffed_by_widening(tmp_path: Path, what: str) -> None:
    text, kind = SNIFFED[what]
    path = tmp_path / "a.jsonl"
    path.write_text(text)
    for _ in range(2):
        assert JsonLines(path).sniff_schema() == pa.schema([("a", kind)])


def test_labels_name_the_files() -> None:
    assert JsonLines("data/events.jsonl").label == "jsonl(events.jsonl)"
    assert Csv(["a.csv", "b.csv"]).label == "csv(a.csv and 1 more)"
    assert JsonLines("-").label == "jsonl(-)"
    assert JsonLines("s3://bucket/folder/").label == "jsonl(folder)"


class Piped:
    """Standard input as bytes, in place of the process's own."""

    def __init__(self, buffer: Any) -> None:
        self.buffer = buffer


@pytest.mark.parametrize("codec", [None, "gzip"])
def test_standard_input_is_sniffed_without_losing_its_head(
    monkeypatch: pytest.MonkeyPatch, codec: str | None
) -> None:
    data = jsonl_bytes(RECORDS)
    monkeypatch.setattr(sys, "stdin", Piped(io.BytesIO(gzip.compress(data) if codec else data)))
    source = JsonLines("-", compression=codec)
    request = ReadRequest(source.sniff_schema(), block_bytes=300)
    assert source.sniff_schema() == request.schema
    contents = read_source(source, request)
    assert contents.rows == RECORDS
    assert contents.places[-1] == ("-", 40)
    with pytest.raises(ConnectorError, match="standard input can't be continued at a position"):
        source.open("0", request, contents.positions[0][0])


def test_standard_input_hands_out_what_came_and_waits_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end, "rb") as pipe:
        monkeypatch.setattr(sys, "stdin", Piped(pipe))
        reader = JsonLines("-", schema={"n": "int"}).open("0", ReadRequest(pa.schema([("n", pa.int64())])))
        assert isinstance(reader.poll(), Idle)
        os.write(write_end, b'{"n": 1}\n{"n": ')
        block = reader.poll()
        assert isinstance(block, Block)
        assert reader.decode(block).numbers.tolist() == [1]
        assert isinstance(reader.poll(), Idle)
        os.write(write_end, b"2}")
        os.close(write_end)
        last = reader.poll()
        assert isinstance(last, Block)
        assert last.first == 1
        assert isinstance(reader.poll(), End)
        assert reader.progress() == (17, None)
        reader.close()


def test_a_pipe_is_read_but_not_sniffed(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(ConnectorError, match="can't be sniffed, because a pipe can't be read twice"):
        JsonLines(path).sniff_schema()
    writer = threading.Thread(target=path.write_bytes, args=(jsonl_bytes(RECORDS),))
    writer.start()
    schema = pa.schema([("n", pa.int64())])
    assert read_source(JsonLines(path, schema=schema), ReadRequest(schema)).rows == [
        {"n": n} for n in range(40)
    ]
    writer.join()


def test_memory_stays_constant_and_a_record_without_end_is_an_error() -> None:
    text_format = JsonLines("x").text_format(Projection())
    cutter = Cutter(text_format, "f")
    assert cutter.push(b"x" * 100) is None
    assert cutter.wanted(10) == 100
    assert cutter.wanted(1000) == 900
    found = cutter.push(b"\ny")
    assert found is not None
    assert (found[0].data, found[1], cutter.offset, cutter.line) == (b"x" * 100 + b"\n", 0, 101, 1)
    with pytest.raises(ConnectorError, match="file 'f' has a record longer than 64 MiB after line 1"):
        cutter.push(b"y" * LONGEST)


def test_positions_are_plain_data() -> None:
    position = FilePosition("a", 5, 1, 2, 3)
    assert FilePosition.from_json(json.loads(json.dumps(position.as_json()))) == position
    with pytest.raises(ConnectorError, match="'x' is not a position in a file"):
        FilePosition.from_json("x")


@pytest.mark.parametrize("kind", [JsonLines, Csv])
def test_progress_counts_bytes_on_disk(tmp_path: Path, kind: type[JsonLines | Csv]) -> None:
    data = jsonl_bytes(RECORDS) if kind is JsonLines else csv_bytes(RECORDS)
    (tmp_path / "a").write_bytes(data)
    (tmp_path / "b.gz").write_bytes(gzip.compress(data))
    source: Source = kind([tmp_path / "a", tmp_path / "b.gz"])
    reader = source.open("0", ReadRequest(source.sniff_schema(), block_bytes=100))
    total = len(data) + len(gzip.compress(data))
    assert reader.progress() == (0, total)
    assert isinstance(reader.poll(), Block)
    assert reader.progress()[0] == 100
    while not isinstance(reader.poll(), End):
        pass
    assert reader.progress() == (total, total)


def test_object_stores_are_read_through_fsspec() -> None:
    fsspec = pytest.importorskip("fsspec")
    store = fsspec.filesystem("memory")
    store.pipe(
        {
            "/bucket/in/a.jsonl": jsonl_bytes(RECORDS[:20]),
            "/bucket/in/b.jsonl": jsonl_bytes(RECORDS[20:]),
            "/bucket/in/_tmp/c.jsonl": b"x",
            "/bucket/in/d.csv.gz": gzip.compress(csv_bytes(RECORDS)),
        }
    )
    try:
        for path in (
            "memory://bucket/in/*.jsonl",
            ["memory://bucket/in/a.jsonl", "memory://bucket/in/b.jsonl"],
        ):
            found = check_source(
                JsonLines(path, time_field="ts"), expected_rows=RECORDS, expected_times=TIMES
            )
            assert found.places[0] == ("memory://bucket/in/a.jsonl", 1)
        check_source(Csv("memory://bucket/in/d.csv.gz"), expected_rows=RECORDS)
        store.rm("/bucket/in/d.csv.gz")
        check_source(JsonLines("memory://bucket/in"), expected_rows=RECORDS)
        with pytest.raises(ConnectorError, match=r"file 'memory://bucket/out.jsonl' does not exist"):
            JsonLines("memory://bucket/out.jsonl").sniff_schema()
        with pytest.raises(ConnectorError, match="no file matches"):
            JsonLines("memory://bucket/in/*.csv").sniff_schema()
        with pytest.raises(ConnectorError, match="can't be opened"):
            JsonLines("nowhere://bucket/in").sniff_schema()
    finally:
        store.rm("/bucket", recursive=True)


def test_file_urls_are_read_through_arrow(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(jsonl_bytes(RECORDS))
    check_source(JsonLines(f"file://{tmp_path}/a.jsonl"), expected_rows=RECORDS)
    check_source(JsonLines(f"file://{tmp_path}/*.jsonl"), expected_rows=RECORDS)
