"""Checking, freezing schemas, loading Python, dead letters, the JSON Schema."""

from __future__ import annotations

import json
import logging
import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from pulse import BoundedOutOfOrderness, DeterministicRunner, EndOnly, FromSource
from pulse.config import RuntimeOptions, freeze_schemas, json_schema, load, load_object, verify
from pulse.config.freeze import check
from pulse.errors import ConfigError, PulseInternalError, UnknownField
from pulse.graph.ops import ReadOp

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pulse.config import LoadedPipeline

    Config = Callable[..., LoadedPipeline]

DATA = '{"ts": 0, "word": "a", "odd name": 1.5}\nbroken\n{"ts": 1000, "word": "b", "odd name": 0}\n'

TEXT = """\
# keep this comment
[source] # and this one
kind = "file"
path = "in.jsonl"
time_field = "ts"

[sink]
kind = "file"
path = "out.jsonl"

[on_error]
policy = "dead_letter"
path = "errors.jsonl"
"""


@pytest.fixture(autouse=True)
def data(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(DATA)


def test_verify_tells_the_schemas(config: Config) -> None:
    checked = verify(config(TEXT))
    (name,) = checked.schemas
    schema = checked.schemas[name]
    assert schema is not None
    assert (checked.steps, name, schema.names) == (3, "Read(jsonl(in.jsonl))", ["ts", "word", "odd name"])
    assert checked.sniffed == {name}


def test_verify_finds_a_partition_field_that_is_not_there(config: Config) -> None:
    text = TEXT.replace(
        'kind = "file"\npath = "out.jsonl"', 'kind = "parquet"\nout_dir = "o"\npartition_field = "wrd"'
    )
    with pytest.raises(UnknownField) as caught:
        verify(config(text))
    assert str(caught.value) == (
        "p.toml:7: partition_field 'wrd' does not exist; fields: ts, word, odd name\n"
        "hint: did you mean 'word'?"
    )
    verify(config(text.replace("wrd", "word")))


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_schemas_are_frozen_without_touching_the_rest(config: Config, tmp_path: Path, end: str) -> None:
    checked = verify(config(TEXT))
    path = tmp_path / "p.toml"
    path.write_bytes(TEXT.replace("\n", end).encode())
    schemas = {index: schema for index, schema in enumerate(checked.schemas.values()) if schema is not None}
    assert freeze_schemas("p.toml", schemas) == ["p.toml:3"]
    lines = path.read_bytes().decode().split(end)
    assert lines.pop(2) == 'schema = { ts = "int64", word = "string", "odd name" = "double" }'
    assert end.join(lines) == TEXT.replace("\n", end)
    frozen = load("p.toml").pipeline.graph["Read(jsonl(in.jsonl))"].op
    assert isinstance(frozen, ReadOp)
    assert frozen.schema == schemas[0]
    assert freeze_schemas("p.toml", schemas) == []


def test_schemas_of_several_sources(config: Config, tmp_path: Path) -> None:
    text = (
        '[[source]]\nname = "a"\nkind = "file"\npath = "in.jsonl"\n'
        '[[source]]\nname = "b"\nkind = "file"\npath = "in.jsonl"\n'
        '[[sink]]\nkind = "file"\ninput = "a"\n[[sink]]\nkind = "file"\npath="x"\ninput = "b"\n'
    )
    checked = verify(config(text))
    found = {index: schema for index, schema in enumerate(checked.schemas.values()) if schema is not None}
    assert freeze_schemas("p.toml", found) == ["p.toml:2", "p.toml:7"]
    sources = tomllib.loads((tmp_path / "p.toml").read_text())["source"]
    assert [list(source["schema"]) for source in sources] == [["ts", "word", "odd name"]] * 2


def test_a_source_on_one_line_has_no_place_for_a_schema(config: Config) -> None:
    text = 'source = { kind = "file", path = "in.jsonl" }\nsink = { kind = "file" }'
    checked = verify(config(text))
    schemas = {0: next(iter(checked.schemas.values()))}
    with pytest.raises(ConfigError) as caught:
        freeze_schemas("p.toml", schemas)
    assert str(caught.value) == (
        "p.toml:1: source: is not a table of its own, so a schema cannot be put in\nhint: write [source]"
    )


def test_a_file_is_not_written_when_it_would_say_something_else() -> None:
    with pytest.raises(
        PulseInternalError, match=r"putting schemas into 'p.toml' would change more than that"
    ):
        check('[source]\nschema = { a = "x" }\nb = 1', {"source": {"b": 2}}, "p.toml")


def lines(path: Path) -> list[Any]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_dead_letters_of_all_steps_go_to_one_file(config: Config, tmp_path: Path) -> None:
    text = TEXT + '[[step]]\ntype = "select"\nname = "half"\ncolumns = { n = "1 // ts" }\n'
    DeterministicRunner().run(config(text).pipeline)
    assert lines(tmp_path / "out.jsonl") == [{"n": 0}]
    found = lines(tmp_path / "errors.jsonl")
    assert [list(line) for line in found] == [["record", "error", "step", "position"]] * 2
    assert sorted((line["step"], line["position"]) for line in found) == [
        ("Read(jsonl(in.jsonl))", "in.jsonl:2"),
        ("half", "in.jsonl:1"),
    ]


def test_errors_that_the_config_reads_are_not_in_the_file(config: Config, tmp_path: Path) -> None:
    text = TEXT.replace("[source]", "[[source]]\nname = 'in'").replace("[sink]", "[[sink]]")
    text += '[[sink]]\nkind = "file"\npath = "bad.jsonl"\ninput = "in.errors"\n'
    DeterministicRunner().run(config(text).pipeline)
    assert len(lines(tmp_path / "bad.jsonl")) == 1
    assert not (tmp_path / "errors.jsonl").exists()


def strategy(loaded: LoadedPipeline) -> Any:
    (op,) = [node.op for node in loaded.pipeline.graph if isinstance(node.op, ReadOp)]
    return op.watermarks


def test_watermark_strategies(config: Config, caplog: pytest.LogCaptureFixture) -> None:
    assert strategy(config(TEXT)) == EndOnly()
    bounded = TEXT + '[time]\nmax_out_of_orderness = "5s"\n'
    assert strategy(config(bounded)) == BoundedOutOfOrderness("5s")
    nexmark = TEXT.replace(
        'kind = "file"\npath = "in.jsonl"\ntime_field = "ts"', 'kind = "nexmark"\nonly = ["bid"]'
    )
    assert strategy(config(nexmark.replace('["bid"]', '["bid"]\nevents = 10'))) == FromSource()
    assert strategy(config(nexmark + '[time]\nmax_out_of_orderness = "5s"\n')) == BoundedOutOfOrderness("5s")
    assert not caplog.messages
    with caplog.at_level(logging.WARNING, "pulse"):
        live = config(TEXT.replace('time_field = "ts"', 'time_field = "ts"\nfollow = true'))
    assert strategy(live) == BoundedOutOfOrderness("0s")
    assert caplog.messages == [
        (
            "p.toml:2: jsonl(in.jsonl) never ends and max_out_of_orderness is not set: with 0s, a record "
            "that is behind another is late"
        )
    ]


def test_runtime_options(config: Config) -> None:
    assert config(TEXT).runtime == RuntimeOptions()
    text = (
        TEXT + '[runtime]\nrunner = "deterministic"\nparallelism = "${N}"\nprocesses = 2\noverflow = "drop"\n'
    )
    expected = RuntimeOptions("deterministic", 3, 2, "drop", 100)
    assert config(text, {"runtime.channel_rows": "100"}, N="3").runtime == expected


def test_python_objects(tmp_path: Path) -> None:
    (tmp_path / "objects_module.py").write_text(
        "import pulse\n"
        "pipeline = pulse.Pipeline('mine')\n"
        "def make(): return pulse.Pipeline('made')\n"
        "number = 3\n"
    )
    assert load_object("objects_module:pipeline", folder=tmp_path).pipeline.name == "mine"
    assert load_object("objects_module:make", folder=tmp_path).pipeline.name == "made"
    with pytest.raises(ConfigError) as caught:
        load_object("objects_module:number", folder=tmp_path)
    assert str(caught.value) == (
        "'objects_module:number' is int, not a Pipeline\n"
        "hint: name a Pipeline, or a function without arguments that returns one"
    )


def test_the_json_schema_has_every_table_and_no_null() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == {
        *("name", "source", "time", "window", "ops", "step", "sink", "runtime", "on_error", "test")
    }
    text = json.dumps(schema)
    assert '"null"' not in text
    assert '"oneOf"' not in text
    assert schema["$defs"]["FilterStep"]["properties"]["type"]["const"] == "filter"
    assert schema["$defs"]["JsonLinesSource"]["additionalProperties"] is False
    assert "schema" in schema["$defs"]["JsonLinesSource"]["properties"]
