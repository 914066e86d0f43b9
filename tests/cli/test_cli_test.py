"""``pulse test``: tests that stand beside the pipeline, in TOML."""

from __future__ import annotations

import sys

import pytest
from click.testing import CliRunner

from pulse.cli.main import cli

CONFIG = """\
[source]
kind = "file"
path = "nowhere.jsonl"
time_field = "ts"

[time]
max_out_of_orderness = "5s"

[window]
type = "tumbling"
size = "10s"

[ops]
count_by = "word"

[sink]
kind = "file"
path = "out.jsonl"
"""

TEST = """
[[test]]
name = "a late word"  # said by hand
events = [
  { record = { ts = 1000, word = "a" } },
  { record = { ts = 12000, word = "a" } },
  { watermark = "12s" },
  { processing_time = "1m" },
  { record = { ts = 2000, word = "b" } },
]
late = [{ word = "b" }]
panes = [{ timing = "on_time" }, { timing = "on_time" }]
"""

RIGHT = """\
expected = [
    {word = "a", window_start = "1970-01-01T00:00:00Z", window_end = "1970-01-01T00:00:10Z", count = 1},
    {word = "a", window_start = "1970-01-01T00:00:10Z", window_end = "1970-01-01T00:00:20Z", count = 1},
]
"""

WRONG = "expected = [{ word = 'a', count = 2 }]\n"


@pytest.fixture
def pulse(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(*arguments, **files):
        for name, text in files.items():
            (tmp_path / f"{name}.toml").write_text(text)
        done = CliRunner().invoke(cli, ["test", *arguments])
        return done.exit_code, done.output

    return run


def test_a_test_that_passes(pulse, tmp_path):
    code, output = pulse("p.toml", "--seeds", "1", p=CONFIG + TEST + RIGHT)
    assert (code, output) == (0, "ok  a late word\n1 passed, 0 failed\n")
    assert not (tmp_path / "out.jsonl").exists()


def test_a_test_that_fails_shows_a_table_and_its_line(pulse):
    code, output = pulse("p.toml", "--seeds", "0", p=CONFIG + TEST + WRONG)
    assert code == 1
    assert "FAILED  a late word\n    at p.toml:20\n    expected:\n" in output
    assert "    missing     'a'   2\n" in output
    assert "unexpected  'a'   1      '1970-01-01T00:00:10Z'  '1970-01-01T00:00:20Z'" in output


def test_update_writes_what_came_out_and_leaves_the_rest(pulse, tmp_path):
    code, output = pulse("p.toml", "--seeds", "0", "--update", p=CONFIG + TEST + WRONG)
    assert code == 0
    assert output == "updated  a late word\n0 passed, 0 failed, 1 updated in p.toml\n"
    assert (tmp_path / "p.toml").read_text() == CONFIG + TEST + RIGHT
    assert pulse("p.toml", "--seeds", "0")[0] == 0


def events(*texts, key="events", rest=""):
    return f"[[test]]\nname = 't'\n{key} = [{', '.join(texts)}]\n{rest}"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (CONFIG, "the file has no [[test]] tables"),
        (CONFIG + events("{ }"), "an event is exactly one of record, records, watermark"),
        (CONFIG + events("{ watermark = '1s', idle = true }"), "given: watermark, idle"),
        (CONFIG + events("{ watermark = '1s', at = '1s' }"), "at is the event time of records"),
        (
            CONFIG + events("{ processing_time = '1s', source = 'x' }"),
            "the clock is the same for all sources",
        ),
        (CONFIG + events("{ source = 'x', idle = true }"), "no source is named 'x'"),
        (
            CONFIG + events("{ watermark = '2s' }, { watermark = '1s' }"),
            "goes back from 1970-01-01T00:00:02Z",
        ),
        (CONFIG + events("{ record = { word = 'a' } }"), "the record says no event time: field 'ts'"),
        (CONFIG + events("{ record = { ts = 1 } }", rest="expected = { x = [] }"), "no sink is named 'x'"),
        (CONFIG + events("{ watermark = '1s', word = 'x' }"), "unknown key"),
    ],
)
def test_tests_that_make_no_sense(pulse, config, message):
    code, output = pulse("p.toml", p=config)
    assert code == 2, output
    assert message in output


PYTHON = """
from pulse import Collect, JsonLines, KeyBy, Aggregate, Pipeline, Read, Write, count
pipeline = Pipeline()
lines = pipeline | "lines" >> Read(JsonLines("nowhere.jsonl", schema={"k": "string"}))
lines | KeyBy("k") | Aggregate(n=count()) | "out" >> Write(Collect())
"""


def test_a_pipeline_in_python_has_its_tests_in_a_file(pulse, tmp_path):
    (tmp_path / "counting_words.py").write_text(PYTHON)
    tests = events(
        "{ records = [{ k = 'a' }, { k = 'a' }] }", rest="expected = { out = [{ k = 'a', n = 2 }] }"
    )
    try:
        assert pulse("counting_words:pipeline", "--tests", "t.toml", "--seeds", "0", t=tests)[0] == 0
        code, output = pulse("counting_words:pipeline")
        assert (code, "--tests FILE" in output) == (2, True)
        wrong = tests.replace("n = 2", "n = 3")
        code, _ = pulse("counting_words:pipeline", "--tests", "t.toml", "--seeds", "0", "--update", t=wrong)
        assert code == 0
        assert pulse("counting_words:pipeline", "--tests", "t.toml", "--seeds", "0")[0] == 0
    finally:
        sys.modules.pop("counting_words", None)


FILTER = """\
[[source]]
name = "readings"
kind = "file"
path = "readings.jsonl"
time_field = "ts"

[[step]]
name = "high"
type = "filter"
condition = "score > 1"

[[sink]]
kind = "file"
path = "out.jsonl"
"""


def one(name, record, rest="expected = []\n"):
    return f"[[test]]\nname = '{name}'\nevents = [{{ record = {record} }}]\n{rest}"


WITH, WITHOUT = "{ ts = 1, score = 1 }", "{ ts = 1, word = 'a' }"


def test_a_field_that_another_test_shows_is_null(pulse):
    code, output = pulse("p.toml", "--seeds", "0", p=FILTER + one("with", WITH) + one("without", WITHOUT))
    assert (code, output) == (0, "ok  with\nok  without\n2 passed, 0 failed\n")


def test_a_field_that_the_file_shows_is_null(pulse, tmp_path):
    (tmp_path / "readings.jsonl").write_text('{"ts": 1, "score": 0.5}\n')
    code, output = pulse("p.toml", "--seeds", "0", p=FILTER + one("without", WITHOUT))
    assert (code, output) == (0, "ok  without\n1 passed, 0 failed\n")


def test_a_field_that_nothing_shows_fails_the_test_by_name(pulse):
    code, output = pulse("p.toml", "--seeds", "0", p=FILTER + one("t1", WITHOUT) + one("t2", WITHOUT))
    assert code == 1
    assert (
        "FAILED  t1\n    at p.toml:15\n    the pipeline fails: p.toml:7: step 'high': field 'score' does not"
        in output
    )
    assert "declare the schema of the source, such as schema = { score = 'double' } on readings" in output
    assert "FAILED  t2\n    at p.toml:19\n" in output
    assert output.endswith("0 passed, 2 failed\n")


def test_a_test_without_expectation_fails_and_is_filled_in(pulse, tmp_path):
    high = one("high", "{ ts = 1, score = 3 }", rest="")
    code, output = pulse("p.toml", "--seeds", "0", p=FILTER + high)
    assert code == 1
    assert "FAILED  high\n    at p.toml:15\n    no expectation: the test says nothing" in output
    assert "hint: write what should come out, expected = [] for nothing, or run with --update" in output
    code, output = pulse("p.toml", "--seeds", "0", "--update")
    assert (code, output) == (0, "updated  high\n0 passed, 0 failed, 1 updated in p.toml\n")
    assert "expected = [\n    {ts = 1, score = 3},\n]" in (tmp_path / "p.toml").read_text()
    assert pulse("p.toml", "--seeds", "0")[0] == 0
