"""Checkpoints of the trio runner: what is resumed, what is refused, and what is said."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from pulse import (
    Aggregate,
    AsSingleton,
    BoundedOutOfOrderness,
    Create,
    Filter,
    JsonLines,
    JsonLinesSink,
    KeyBy,
    Map,
    ParquetSink,
    Pipeline,
    PipelineError,
    Read,
    RecordError,
    StateError,
    TrioRunner,
    Tumbling,
    UnsupportedFeature,
    Window,
    Write,
    count,
)
from pulse.errors import ConnectorError
from pulse.runners.recovery import Checkpointing
from pulse.state.checkpoints import CheckpointStore
from pulse.testing import TestStream
from tests.support.waiting import wait_for_checkpoint

if TYPE_CHECKING:
    from pulse.io.base import Json, SinkContext, Writer

SIZE = 20_000
WORDS = {"ts": "int", "word": "string"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an input."""
    monkeypatch.chdir(tmp_path)
    records = [{"ts": n * 10, "word": f"w{n * 7 % 13}"} for n in range(SIZE)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(each) + "\n" for each in records))
    return tmp_path


@dataclass
class Failing:
    """Passes half of the records on, waits for a checkpoint and fails, unless it is mended."""

    checkpoint: int
    mended: bool = False

    def __call__(self, record: Any) -> Any:
        if not self.mended and record["ts"] == SIZE * 5:
            wait_for_checkpoint(self.checkpoint)
            raise ValueError("not mended")
        return record


@dataclass(frozen=True)
class Uncommitting(JsonLinesSink):
    """A sink whose first commit but one fails, as when the process dies just before it."""

    def open(self, context: SinkContext) -> Writer:
        writer = super().open(context)
        commit, done = writer.commit, []

        def failing(prepared: Json) -> None:
            done.append(prepared)
            if len(done) == 2 and not Path("mended").exists():
                raise ConnectorError("died")
            commit(prepared)

        writer.commit = failing  # type: ignore[method-assign]
        return writer


def counts(fn: Any = None, *, size: str = "5s", sink: Any = None, name: str = "counts") -> Pipeline:
    p = Pipeline(name)
    source = p | "in" >> Read(
        JsonLines("in.jsonl", time_field="ts", schema=WORDS, block_bytes=2048),
        watermarks=BoundedOutOfOrderness("1s"),
    )
    mapped = source | "map" >> Map(fn or Failing(0, mended=True), schema=WORDS)
    counted = mapped | KeyBy("word") | "window" >> Window(Tumbling(size)) | "count" >> Aggregate(n=count())
    _ = counted | "out" >> Write(sink or JsonLinesSink("out.jsonl"))
    _ = counted | "parts" >> Write(ParquetSink("parts"))
    return p


def run(pipeline: Pipeline, *, parallelism: int = 1, channel_rows: int | None = None, **options: Any) -> Any:
    checkpointing = Checkpointing("state", options.pop("interval", "1ms"), **options)
    runner = TrioRunner(checkpointing=checkpointing, parallelism=parallelism, channel_rows=channel_rows)
    return runner.run(pipeline)


def written() -> tuple[list[str], list[str]]:
    rows = [str(row) for path in Path("parts").rglob("*.parquet") for row in pq.read_table(path).to_pylist()]
    return sorted(Path("out.jsonl").read_text().splitlines()), sorted(rows)


@pytest.fixture
def wanted() -> Any:
    """What an undisturbed run writes; it leaves nothing behind."""
    TrioRunner().run(counts())
    found = written()
    shutil.rmtree("parts")
    Path("out.jsonl").unlink()
    return found


def stopped_at(checkpoint: int, **options: Any) -> Failing:
    """Run until a checkpoint is there and a function fails; returns the function."""
    fn = Failing(checkpoint)
    with pytest.raises(RecordError, match="not mended"):
        run(counts(fn), **options)
    fn.mended = True
    return fn


@pytest.mark.parametrize("parallelism", [1, 2])
def test_a_failed_run_goes_on(wanted: Any, caplog: pytest.LogCaptureFixture, parallelism: int) -> None:
    fn = stopped_at(2, parallelism=parallelism)
    newest = CheckpointStore("state", locked=False).numbers()[-1]
    caplog.clear()
    result = run(counts(fn), parallelism=parallelism)
    assert written() == wanted
    assert result.records_in == SIZE
    assert result.records_out == 2 * len(wanted[0])
    (first, *_) = [each.message for each in caplog.records]
    assert first.startswith(f"resuming from checkpoint {newest} in state, taken 20")
    assert "in: 0 at {'file': 'in.jsonl', 'offset': " in first


def test_a_run_that_is_over_is_not_run_again(wanted: Any, caplog: pytest.LogCaptureFixture) -> None:
    first = run(counts())
    assert written() == wanted
    again = run(counts())
    assert written() == wanted
    assert again.ledger == first.ledger
    assert (again.bytes_in, again.records_in) == (first.bytes_in, SIZE)
    assert "the run in state is over, so there is nothing to do; --fresh starts over" in caplog.text
    shutil.rmtree("parts")
    assert run(counts(), fresh=True).records_in == SIZE
    assert written() == wanted


def test_a_stop_takes_a_last_checkpoint_and_shows_no_open_window(wanted: Any) -> None:
    def stop(record: Any) -> Any:
        if record["ts"] == SIZE * 5:
            runner.stop()
        return record

    runner = TrioRunner(checkpointing=Checkpointing("state", "1h"))
    result = runner.run(counts(stop))
    assert result.interrupted
    assert CheckpointStore("state", locked=False).numbers() == [1]
    before = written()
    assert 0 < len(before[0]) < len(wanted[0])
    assert set(before[0]) < set(wanted[0])
    assert run(counts()).records_in == SIZE
    assert written() == wanted


def test_a_commit_that_did_not_happen_is_made_up_for(wanted: Any) -> None:
    sink = Uncommitting("out.jsonl")
    with pytest.raises(ConnectorError, match="died"):
        run(counts(sink=sink))
    Path("mended").touch()
    run(counts(sink=sink))
    assert written() == wanted


@pytest.mark.parametrize("file", ["0000.state", "manifest.json"])
def test_behind_a_damaged_checkpoint_what_sinks_showed_is_taken_back(
    wanted: Any, caplog: pytest.LogCaptureFixture, file: str
) -> None:
    fn = stopped_at(4)
    number = CheckpointStore("state", locked=False).numbers()[-1]
    path = Path(f"state/{number:08d}/{file}")
    path.write_bytes(path.read_bytes()[:-9])
    run(counts(fn))
    assert f"checkpoint {number} in state is damaged: " in caplog.text
    assert f"resuming from checkpoint {number - 1} in state" in caplog.text
    assert written() == wanted


def test_an_older_checkpoint_can_be_chosen(wanted: Any) -> None:
    fn = stopped_at(4)
    oldest = CheckpointStore("state", locked=False).numbers()[0]
    with pytest.raises(StateError, match=r"checkpoint 1 cannot be used: there is no checkpoint 1 in 'state'"):
        run(counts(fn), from_checkpoint=1)
    run(counts(fn), from_checkpoint=oldest)
    assert written() == wanted


def test_small_channels_and_a_side_input_do_not_stand_still() -> None:
    p = Pipeline("sided")
    source = p | "in" >> Read(
        JsonLines("in.jsonl", time_field="ts", schema=WORDS, block_bytes=2048),
        watermarks=BoundedOutOfOrderness("1s"),
    )
    windowed = source | "window" >> Window(Tumbling("5s"))
    total = windowed | "total" >> Aggregate(n=count())
    counted = windowed | KeyBy("word") | "counted" >> Aggregate(n=count())
    shares = counted | "share" >> Map(
        lambda record, total: {"n": record["n"], "total": total},
        sides={"total": AsSingleton(total, value="n")},
        schema={"n": "int", "total": "int"},
    )
    _ = shares | Write(JsonLinesSink("out.jsonl"))
    result = run(p, parallelism=2, channel_rows=10)
    assert result.records_out == len(Path("out.jsonl").read_text().splitlines()) == 40 * 13


@pytest.mark.parametrize(
    ("pipeline", "options", "message"),
    [
        (
            counts,
            {"parallelism": 2},
            "was taken with parallelism 1, and this run has 2\nhint: run with --parallelism 1, or start over",
        ),
        (
            lambda: counts(size="7s"),
            {},
            (
                r"the pipeline is not the one of checkpoint \d+: steps that lose state: 'count'\nhint: start over "
                r"with --fresh, or .* with --allow-state-loss 'count'"
            ),
        ),
        (lambda: counts(name="other"), {}, "'state' holds the state of pipeline 'counts', not of 'other'"),
        (
            counts,
            {"allow_state_loss": ["cout"]},
            "step 'cout', whose state may be lost, keeps none; .*'count'\nhint: did you mean 'count'?",
        ),
    ],
)
def test_what_does_not_fit_is_refused(pipeline: Any, options: dict[str, Any], message: str) -> None:
    stopped_at(1)
    with pytest.raises(StateError, match=message):
        run(pipeline(), **options)


def test_other_steps_are_refused_by_name() -> None:
    stopped_at(1)
    p = counts()
    _ = (
        p
        | Create([{"a": 1}])
        | Filter("a > 1")
        | KeyBy("a")
        | "more" >> Aggregate(n=count())
        | Write(JsonLinesSink("more.jsonl"))
    )
    with pytest.raises(
        StateError, match="steps that keep state: 'count'; steps that gain state: 'more'; its"
    ):
        run(p)


def test_a_changed_step_may_give_up_its_state(caplog: pytest.LogCaptureFixture) -> None:
    fn = stopped_at(2)
    result = run(counts(fn, size="7s"), allow_state_loss=["count"])
    assert "step 'count' begins without its state" in caplog.text
    assert result.ledger["in"].received == SIZE


def test_what_cannot_be_continued_is_refused() -> None:
    p = Pipeline()
    _ = p | "in" >> Read(JsonLines("-", schema={"a": "int"})) | Write(JsonLinesSink("out.jsonl"))
    with pytest.raises(UnsupportedFeature, match=r"step 'in' reads jsonl\(.*\), which cannot be continued"):
        run(p)
    p = Pipeline()
    _ = p | "script" >> TestStream().add({"a": 1}, at=0) | Write(JsonLinesSink("out.jsonl"))
    with pytest.raises(UnsupportedFeature, match="step 'script' plays a script, which has no state on disk"):
        run(p)
    with pytest.raises(UnsupportedFeature, match="collected records live in memory"):
        TrioRunner(checkpointing=Checkpointing("state")).run(counts(), collect=True)


def test_options_are_checked() -> None:
    with pytest.raises(PipelineError, match="checkpoint_interval '0s' is not positive"):
        Checkpointing("state", "0s")
    with pytest.raises(PipelineError, match="fresh and from_checkpoint 3 contradict each other"):
        Checkpointing("state", from_checkpoint=3, fresh=True)


def test_two_runs_do_not_share_a_directory(caplog: pytest.LogCaptureFixture) -> None:
    store = CheckpointStore("state")
    with pytest.raises(StateError, match="state directory 'state' is in use by process"):
        run(counts())
    store.close()
    with caplog.at_level(logging.INFO):
        run(counts())
    assert "starting from the beginning; checkpoints go to state" in caplog.text


def test_a_file_that_grows_is_followed_on() -> None:
    def follow(until: int) -> None:
        def stop(record: Any) -> Any:
            if record["n"] == until:
                runner.stop()
            return record

        p = Pipeline("follow")
        source = p | Read(
            JsonLines("log.jsonl", time_field="n", schema={"n": "int"}, follow=True),
            watermarks=BoundedOutOfOrderness("0s"),
        )
        _ = source | Map(stop, schema={"n": "int"}) | Write(JsonLinesSink("out.jsonl"))
        runner = TrioRunner(checkpointing=Checkpointing("state", "1ms"))
        runner.run(p)

    for start in (0, 3, 6):
        with Path("log.jsonl").open("a") as log:
            log.writelines(f'{{"n": {n}}}\n' for n in range(start, start + 3))
        follow(start + 2)
    found = [json.loads(line)["n"] for line in Path("out.jsonl").read_text().splitlines()]
    assert found == list(range(len(found)))
    assert len(found) in range(6, 10)
