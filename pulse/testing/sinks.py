"""The contract test of sinks: what every sink must do, whoever writes it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.io.base import SinkContext
from pulse.model.bundle import Bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.io.base import Json, Sink, Writer

_DAY = 86_400_000_000
_CONTEXT = SinkContext("sink", transactional=True)


def check_sink(
    make: Callable[[], Sink],
    read_back: Callable[[Sink], Sequence[Any]],
    *,
    records: pa.RecordBatch | None = None,
    holds_back: bool = True,
) -> None:
    """Check that a sink keeps the contract of :mod:`pulse.io.base`.

    Declaring opens nothing; both layouts and every bundling give the same content; commits are idempotent
    and cumulative; in a transactional run nothing shows before its commit, an abort leaves nothing, and a
    crash at any point followed by a restart shows every record once.

    Args:
        make: makes a declaration with a destination of its own, empty, at each call.
        read_back: reads what is visible at the destination of a sink: one value per record, such as a dict,
            in any order; nothing when there is no destination yet.
        records: the records to write, at least two; a mix of types, nulls and special characters when None.
        holds_back: False for a sink that shows records at once whatever the context says, such as standard
            output: then only the content of undisturbed runs is checked.

    Raises:
        AssertionError: naming the rule that was broken, and both contents when they differ.

    Example:
        >>> from pulse.io.sinks import Collect
        >>> check_sink(Collect, lambda sink: sink.records)
    """
    batch = sample() if records is None else records
    times = (np.arange(len(batch), dtype=np.int64) // 3) * _DAY + np.arange(len(batch))
    case = _Case(make, read_back, Bundle(batch, times, 0))
    for check in (_declares, _counts, _layouts, _bundling, _checkpoints, _empty, _at_once):
        check(case)
    if holds_back:
        for check in (
            _holds_back,
            _commits_twice,
            _aborts,
            _closes_early,
            _writes_between,
            _skips_a_commit,
            _crashes_before_prepare,
            _crashes_before_commit,
            _crashes_after_commit,
            _aborts_after_prepare,
        ):
            check(case)


def sample() -> pa.RecordBatch:
    """Return twelve records with what tends to go wrong: nulls, quotes, line breaks, empty and foreign text.

    Example:
        >>> sample().schema.names
        ['id', 'word', 'score', 'ok', 'at']
    """
    words = ["a", "", 'say "hi"', "x,y", "two\nlines", "grüße", None, "\\", " ", "tab\t", "日本", "null"]
    scores = [1.0, -0.5, None, 1e300, 0.1, 2.0, 3.25, -1e-9, 0.0, 7.5, None, 1e15]
    at = [datetime(2024, 5, 1, 12, minute, 3, 1000 * minute, UTC) for minute in range(len(words))]
    return pa.record_batch(
        {
            "id": pa.array(range(len(words)), pa.int64()),
            "word": pa.array(words, pa.string()),
            "score": pa.array(scores, pa.float64()),
            "ok": pa.array([None if row == 5 else row % 2 == 0 for row in range(len(words))]),  # noqa: PLR2004
            "at": pa.array(at, pa.timestamp("us", "UTC")),
        }
    )


@dataclass(frozen=True)
class _Case:
    make: Callable[[], Sink]
    read_back: Callable[[Sink], Sequence[Any]]
    bundle: Bundle

    @property
    def halves(self) -> tuple[Bundle, Bundle]:
        middle = len(self.bundle) // 2
        return self.bundle.slice(0, middle), self.bundle.slice(middle, len(self.bundle))

    def rows(self) -> Bundle:
        return self.bundle.with_data(self.bundle.batch.to_pylist())

    def expect(self, sink: Sink, bundles: Sequence[Bundle], rule: str) -> None:
        """Require that what is visible is what one undisturbed run of the bundles shows elsewhere."""
        other = self.make()
        _run(other, bundles)
        found, expected = (_canonical(self.read_back(each)) for each in (sink, other))
        _require(found == expected, f"{rule}; expected {expected}, found {found}")

    def expect_nothing(self, sink: Sink, rule: str) -> None:
        found = list(self.read_back(sink))
        _require(not found, f"{rule}; found {found}")


def _declares(case: _Case) -> None:
    sink = case.make()
    _require(
        dataclasses.is_dataclass(sink) and bool(type(sink).__dataclass_params__.frozen),
        "a declaration is a frozen dataclass",
    )
    _require(bool(sink.label) and "\n" not in sink.label, "a label is one line of text")
    _require(bool(sink.layouts) and set(sink.layouts) <= {"columns", "rows"}, "a sink takes known layouts")
    case.expect_nothing(sink, "declaring a sink makes nothing")


def _counts(case: _Case) -> None:
    sink = case.make()
    writer = sink.open(_CONTEXT)
    size = writer.write(case.bundle)
    _require(size > 0, f"write returns how many bytes the records took; found {size}")
    _commit(writer, writer.prepare(1))
    _require(all(isinstance(name, str) for name in writer.written), "written lists names")
    writer.close()
    found = len(case.read_back(sink))
    _require(found == len(case.bundle), f"every record is written; of {len(case.bundle)} found {found}")


def _layouts(case: _Case) -> None:
    if set(case.make().layouts) == {"columns", "rows"}:
        sink = case.make()
        _run(sink, [case.rows()])
        case.expect(sink, [case.bundle], "both layouts give the same content")


def _bundling(case: _Case) -> None:
    for bundle in (case.bundle, case.rows()):
        sink = case.make()
        _run(sink, [bundle.slice(row, row + 1) for row in range(len(bundle))])
        case.expect(sink, [bundle], "content does not depend on how records are bundled")


def _checkpoints(case: _Case) -> None:
    sink = case.make()
    writer = sink.open(_CONTEXT)
    for number, half in enumerate(case.halves):
        writer.write(half)
        _commit(writer, writer.prepare(number))
    _commit(writer, writer.prepare(2))
    writer.close()
    case.expect(sink, [case.bundle], "content does not depend on checkpoints")


def _empty(case: _Case) -> None:
    sink = case.make()
    _run(sink, [])
    case.expect_nothing(sink, "a run without records shows none")


def _at_once(case: _Case) -> None:
    sink = case.make()
    writer = sink.open(SinkContext("sink", transactional=False, schema=case.bundle.batch.schema))
    writer.write(case.bundle)
    writer.tick(0)
    writer.tick(365 * _DAY)
    _commit(writer, writer.prepare(1))
    writer.close()
    case.expect(sink, [case.bundle], "a run that is not transactional gives the same content")


def _holds_back(case: _Case) -> None:
    sink = case.make()
    writer = sink.open(_CONTEXT)
    writer.write(case.bundle)
    writer.tick(0)
    writer.tick(365 * _DAY)
    case.expect_nothing(sink, "nothing shows before prepare")
    prepared = writer.prepare(1)
    case.expect_nothing(sink, "nothing shows before its commit")
    _commit(writer, prepared)
    case.expect(sink, [case.bundle], "everything prepared shows after its commit")
    writer.close()


def _commits_twice(case: _Case) -> None:
    sink = case.make()
    writer = sink.open(_CONTEXT)
    writer.write(case.bundle)
    prepared = writer.prepare(1)
    for _ in range(2):
        _commit(writer, prepared)
    writer.close()
    again = sink.open(_CONTEXT)
    _commit(again, prepared)
    again.close()
    case.expect(sink, [case.bundle], "committing again changes nothing")


def _aborts(case: _Case) -> None:
    sink = case.make()
    writer = sink.open(_CONTEXT)
    writer.write(case.bundle)
    writer.abort()
    writer.abort()
    writer.close()
    case.expect_nothing(sink, "an abort leaves nothing")
    _run(sink, [case.bundle])
    case.expect(sink, [case.bundle], "a run after an abort starts over")


def _closes_early(case: _Case) -> None:
    sink = case.make()
    writer = sink.open(_CONTEXT)
    writer.write(case.bundle)
    writer.close()
    writer.close()
    case.expect_nothing(sink, "what was never committed does not show after close")


def _writes_between(case: _Case) -> None:
    sink = case.make()
    first, second = case.halves
    writer = sink.open(_CONTEXT)
    writer.write(first)
    prepared = writer.prepare(1)
    writer.write(second)
    _commit(writer, prepared)
    case.expect(sink, [first], "a commit shows what was written before its prepare, and no more")
    _commit(writer, writer.prepare(2))
    writer.close()
    case.expect(sink, [case.bundle], "the next commit shows the rest")


def _skips_a_commit(case: _Case) -> None:
    sink = case.make()
    first, second = case.halves
    writer = sink.open(_CONTEXT)
    writer.write(first)
    writer.prepare(1)
    writer.write(second)
    _commit(writer, writer.prepare(2))
    writer.close()
    case.expect(sink, [case.bundle], "a commit covers the checkpoints before it that never committed")


def _crashes_before_prepare(case: _Case) -> None:
    sink = case.make()
    crashed = sink.open(_CONTEXT)
    crashed.write(case.bundle)
    _run(sink, [case.bundle])
    case.expect(sink, [case.bundle], "a run that starts over ignores what a crashed one left")
    crashed.close()


def _crashes_before_commit(case: _Case) -> None:
    sink = case.make()
    first, second = case.halves
    crashed = sink.open(_CONTEXT)
    crashed.write(first)
    prepared = crashed.prepare(1)
    crashed.write(second)
    restored = sink.open(_CONTEXT)
    for _ in range(2):
        _commit(restored, prepared)
    case.expect(sink, [first], "a checkpoint prepared before a crash is committed once after it")
    restored.write(second)
    _commit(restored, restored.prepare(2))
    restored.close()
    case.expect(sink, [case.bundle], "a restored run goes on after what was committed")


def _crashes_after_commit(case: _Case) -> None:
    sink = case.make()
    first, second = case.halves
    crashed = sink.open(_CONTEXT)
    crashed.write(first)
    prepared = crashed.prepare(1)
    _commit(crashed, prepared)
    crashed.write(second)
    crashed.prepare(2)
    restored = sink.open(_CONTEXT)
    _commit(restored, prepared)
    restored.write(second)
    _commit(restored, restored.prepare(2))
    restored.close()
    case.expect(sink, [case.bundle], "what was written after the last checkpoint is written once")


def _aborts_after_prepare(case: _Case) -> None:
    sink = case.make()
    writer = sink.open(_CONTEXT)
    writer.write(case.bundle)
    prepared = writer.prepare(1)
    writer.abort()
    writer.close()
    case.expect_nothing(sink, "an abort shows nothing")
    restored = sink.open(_CONTEXT)
    _commit(restored, prepared)
    restored.close()
    case.expect(sink, [case.bundle], "an abort keeps what a checkpoint may refer to")


def _run(sink: Sink, bundles: Sequence[Bundle]) -> None:
    writer = sink.open(_CONTEXT)
    for bundle in bundles:
        writer.write(bundle)
    _commit(writer, writer.prepare(1))
    writer.close()


def _commit(writer: Writer, prepared: Json) -> None:
    """Commit through JSON, as a checkpoint stores it."""
    stored = json.loads(json.dumps(prepared))
    _require(stored == prepared, f"prepared data is plain JSON data; found {prepared!r}")
    writer.commit(stored)


def _canonical(records: Sequence[Any]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True, default=str) for each in records)


def _require(condition: bool, rule: str) -> None:  # noqa: FBT001 - a condition is what it is about
    if not condition:
        raise AssertionError(rule)
