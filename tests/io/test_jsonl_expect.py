"""Fields that a sniffed schema has in any case."""

import pyarrow as pa
import pytest

from pulse import JsonLines
from pulse.testing.connectors import check_source


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "in.jsonl"
    file.write_text('{"device": "a", "value": 1}\n{"device": "b", "value": 2}\n')
    return file


def test_an_expected_field_is_null_where_it_is_missing(path, caplog):
    source = JsonLines(path, expect=("word",))
    assert source.sniff_schema().field("word").type == pa.string()
    assert "no record at its start has field 'word': it is null where it is missing" in caplog.text
    rows = [{"device": "a", "value": 1, "word": None}, {"device": "b", "value": 2, "word": None}]
    check_source(source, expected_rows=rows)


def test_a_misspelt_field_is_not_added(path):
    assert JsonLines(path, expect=("valeu",)).sniff_schema().names == ["device", "value"]


def test_a_field_that_is_there_keeps_its_type(path):
    assert JsonLines(path, expect=("value",)).sniff_schema().field("value").type == pa.int64()
