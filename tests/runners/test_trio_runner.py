"""The trio runner: the same results as the deterministic one, backpressure, errors, and stopping."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    Collect,
    Create,
    DeterministicRunner,
    Filter,
    FlatMap,
    Flatten,
    JsonLines,
    JsonLinesSink,
    KeyBy,
    Map,
    Nexmark,
    Partition,
    Pipeline,
    Read,
    RecordError,
    Session,
    Sliding,
    TrioRunner,
    Tumbling,
    Window,
    Write,
    count,
    mean,
)
from pulse.errors import ConfigError, PipelineError


def rows(records):
    return sorted(tuple(sorted(record.items(), key=lambda item: item[0])) for record in records)


def bids(window, watermarks=None, *steps):
    p = Pipeline("bids")
    collection = p | Read(Nexmark(30_000, only="bid", group=20), watermarks=watermarks)
    for step in steps:
        collection = collection | step
    return p, collection | KeyBy("bidder") | Window(window) | Aggregate(n=count(), price=mean("price"))


WINDOWS = [Tumbling("1s"), Sliding("2s", "500ms"), Session("10ms")]


@pytest.mark.parametrize("window", WINDOWS, ids=str)
@pytest.mark.parametrize("watermarks", [None, BoundedOutOfOrderness("5ms")], ids=str)
@pytest.mark.parametrize("options", [{}, {"parallelism": 3}, {"fuse": False}, {"processes": 2}], ids=str)
def test_results_equal_those_of_the_deterministic_runner(window, watermarks, options):
    double = Map(lambda price: price * 2, inputs=["price"], output="price", type="int64")
    p, results = bids(window, watermarks, double)
    expected = rows(DeterministicRunner().run(p).records(results))
    p, results = bids(window, watermarks, double)
    found = TrioRunner(**options).run(p, collect=True)
    assert rows(found.records(results)) == expected
    assert found.late == 0
    assert all(step.held == 0 for step in found.ledger.values())


def test_branches_merges_and_tagged_outputs():
    p = Pipeline()
    numbers = p | Create(list(range(5000)))
    even, odd = numbers | Partition(lambda n: n % 2, 2)
    tens = odd | FlatMap(lambda n: [n] if n % 5 == 0 else [])
    merged = (even, tens) | Flatten()
    result = TrioRunner().run(p, collect=True)
    assert sorted(result.records(merged)) == sorted([*range(0, 5000, 2), *range(5, 5000, 10)])


def test_a_failing_function_names_step_record_position_and_line(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"n": 1}\n{"n": 0}\n')
    p = Pipeline()

    def invert(record):
        return {"x": 1 / record["n"]}

    _ = p | Read(JsonLines(path)) | Map(invert) | Write(Collect())
    with pytest.raises(RecordError) as raised:
        TrioRunner().run(p)
    text = str(raised.value)
    assert "step 'Map(invert)': ZeroDivisionError: division by zero" in text
    assert f"at: {path}:2" in text or "in.jsonl:2" in text
    assert "record: {'n': 0}" in text
    assert f"{__file__}:{invert.__code__.co_firstlineno + 1}" in text
    assert "on_error='skip'" in text


def test_a_failing_function_in_a_worker_process_says_the_same(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"n": 1}\n{"n": 0}\n')
    p = Pipeline()
    _ = p | Read(JsonLines(path)) | Map(lambda r: {"x": 1 / r["n"]}) | Write(Collect())
    with pytest.raises(RecordError, match="ZeroDivisionError") as raised:
        TrioRunner(processes=1).run(p)
    assert "in.jsonl:2" in str(raised.value)
    assert "test_trio_runner.py" in str(raised.value)


def test_failed_records_go_to_the_dead_letter_with_their_position(tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text('{"n": 1}\n{"n": 0}\nnonsense\n{"n": 2}\n')
    p = Pipeline()
    read = p | Read(JsonLines(path, schema={"n": "int64"}), on_error="dead_letter")
    out = read | Map(lambda r: 1 / r["n"], on_error="dead_letter")
    bad = (read.errors, out.errors) | Flatten()
    result = TrioRunner().run(p, collect=True)
    assert sorted(result.records(out)) == [0.5, 1.0]
    positions = sorted(record["position"].rpartition(":")[2] for record in result.records(bad))
    assert positions == ["2", "3"]
    assert result.errored == 2


def test_nothing_is_published_when_a_run_fails(tmp_path):
    p = Pipeline()
    out = tmp_path / "out.jsonl"
    _ = p | Create([1, 0]) | Map(lambda n: 1 / n) | Write(JsonLinesSink(out))
    with pytest.raises(RecordError):
        TrioRunner().run(p)
    assert list(tmp_path.iterdir()) == []


def test_overflow_drops_records_but_counts_them_and_keeps_watermarks():
    p, results = bids(Tumbling("1s"), BoundedOutOfOrderness("5ms"))
    result = TrioRunner(overflow="drop", channel_rows=100).run(p, collect=True)
    read = result.ledger[result.sources[0]]
    assert read.dropped == result.dropped > 0
    assert read.received == read.passed + read.dropped
    kept = sum(record["n"] for record in result.records(results))
    assert kept == read.passed
    assert result.late == 0


def test_the_bound_from_the_environment_drops(monkeypatch):
    monkeypatch.setenv("PULSE_CHANNEL_BOUND", "10")
    runner = TrioRunner()
    assert (runner.overflow, runner.channel_rows) == ("drop", 10)
    monkeypatch.setenv("PULSE_CHANNEL_BOUND", "many")
    with pytest.raises(ConfigError, match="'many' is not a positive number of records"):
        TrioRunner()


@pytest.mark.parametrize("channel_rows", [1, 1000])
def test_a_slow_sink_only_slows_the_source_down(channel_rows):
    p = Pipeline()
    out = p | Read(Nexmark(20_000, only="bid", batch=512)) | Filter("price > 0")
    result = TrioRunner(channel_rows=channel_rows, fuse=False).run(p, collect=True)
    assert len(result.records(out)) == result.records_in == 18_400


def test_options_are_checked():
    with pytest.raises(PipelineError, match="parallelism 0 is not at least 1"):
        TrioRunner(parallelism=0)
    with pytest.raises(PipelineError, match="processes -1 is negative"):
        TrioRunner(processes=-1)


def test_progress_is_reported_at_the_end():
    seen = []
    p, _ = bids(Tumbling("1s"))
    TrioRunner(progress=seen.append).run(p, collect=True)
    assert seen[-1].records_in == 27_600
    assert seen[-1].records_out > 0


SCRIPT = """
    import sys
    from pulse import *
    p = Pipeline()
    lines = p | Read(JsonLines({path!r}, time_field="t", follow=True, schema={{"t": "int64"}}))
    lines | KeyBy(k="t") | Window(Tumbling("1h")) | Aggregate(n=count()) | Write(JsonLinesSink("-"))
    result = TrioRunner(progress=lambda p: print("read", p.records_in, file=sys.stderr, flush=True)).run(p)
    print("interrupted", result.interrupted)
"""


def follow(path):
    script = textwrap.dedent(SCRIPT.format(path=str(path)))
    started = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 30
    for line in started.stderr:
        if line.strip() == "read 2":
            return started
        assert time.monotonic() < deadline, "the records were never read"
    raise AssertionError(f"the run ended by itself with {started.wait()}")


def test_the_first_interrupt_flushes_the_windows_and_finishes(tmp_path):
    path = tmp_path / "grow.jsonl"
    path.write_text('{"t": 1}\n{"t": 2}\n')
    running = follow(path)
    os.kill(running.pid, signal.SIGINT)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    *results, last = out.splitlines()
    assert last == "interrupted True"
    assert sorted(json.loads(line)["k"] for line in results) == [1, 2]


def test_the_second_interrupt_aborts_at_once(tmp_path):
    script = """
        import sys, time
        from pulse import *
        p = Pipeline()
        def slow(record):
            print("read 2", file=sys.stderr, flush=True)
            time.sleep(0.2)
            return record
        p | Create(list(range(300))) | Map(slow) | Write(JsonLinesSink({path!r}))
        TrioRunner().run(p)
    """
    path = tmp_path / "out.jsonl"
    running = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script.format(path=str(path)))],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr.readline() == "read 2\n"
    os.kill(running.pid, signal.SIGINT)
    assert running.stderr.readline() == "read 2\n"
    os.kill(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert not path.exists()
