"""Run the [[test]] tables of a pipeline: its sources play scripts, and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import ValidationError

from pulse.config.document import read
from pulse.config.load import parse
from pulse.config.options.testing import TestFile, TestOptions
from pulse.config.problems import problems
from pulse.config.scripted import known_schema, schema_of_test
from pulse.errors import PulseError, UnknownField, did_you_mean
from pulse.graph.ops import LATE, ReadOp
from pulse.io.sinks.values import json_text
from pulse.model.watermarks import FromSource
from pulse.testing.compare import differences, table
from pulse.testing.rehearsal import Rehearsal, rehearse
from pulse.testing.running import Runs
from pulse.testing.script import Promise, Script, ScriptSource
from pulse.testing.stream import TestStream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from pulse.config.document import Document
    from pulse.config.load import LoadedPipeline
    from pulse.config.options.testing import EventOptions
    from pulse.runners.result import Outcome, RunResult

ALL_SINKS = ""
"""Stands for the sink of a pipeline that has one."""

NO_EXPECTATION = "no expectation: the test says nothing of what should come out"


@dataclass(frozen=True)
class TestTables:
    """The tests of a pipeline.

    Args:
        document: the file that they stand in.
        tests: their options.
    """

    __test__ = False

    document: Document
    tests: Sequence[TestOptions]

    def error(self, index: int, message: str, *keys: str | int, hint: str | None = None) -> PulseError:
        """Return an error at a test, or at a key of it."""
        return self.document.error(("test", index, *keys), message, hint)


@dataclass(frozen=True)
class Verdict:
    """What came of a test.

    Args:
        name: of the test.
        where: ``file:line`` of it.
        problems: what differs, one text per key, or why the pipeline failed; none when it passed.
        actual: what each key that differs or is missing should say instead.
    """

    name: str
    where: str
    problems: Sequence[str] = ()
    actual: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether everything is as expected."""
        return not self.problems


def load_tests(path: str, overrides: Mapping[str, str] | None = None, *, alone: bool = False) -> TestTables:
    """Read the [[test]] tables of a file.

    Args:
        path: a config file, or a file of nothing but tests.
        overrides: as for ``load``.
        alone: whether it is a file of nothing but tests.

    Raises:
        ConfigError: when the file is wrong or has no tests; carries ``file:line``.
    """
    document = read(path, overrides)
    if alone:
        try:
            return TestTables(document, TestFile.model_validate(document.data).test)
        except ValidationError as error:
            raise problems(error, document) from None
    tests = parse(document).test
    if not tests:
        raise document.error(
            (),
            "the file has no [[test]] tables",
            "add [[test]] with name, events = [{ at = '1s', record = {...} }] and expected = []",
        )
    return TestTables(document, tests)


def run_tests(loaded: LoadedPipeline, tables: TestTables, *, seeds: int | None = None) -> list[Verdict]:
    """Run tests, each in all the ways of ``pulse.testing.run_test``.

    Args:
        loaded: the pipeline.
        tables: its tests.
        seeds: how many schedules to try for each.

    Returns:
        A verdict for each; a pipeline that fails on the events of one leaves the others theirs.

    Raises:
        ConfigError: when a test names a source or sink that the pipeline does not have, or its events make
            no sense.
    """
    tests = [_Test(loaded, tables, index) for index in range(len(tables.tests))]
    shown = _shown(tests)
    return [test.run(seeds, shown) for test in tests]


def _shown(tests: Sequence[_Test]) -> dict[str, pa.Schema | None]:
    """Return what is known of the schema of each source, from all tests and its own file."""
    scripts = [test.script for test in tests]
    return {
        name: known_schema(op, [record for script in scripts for record in script.records(name)[0]])
        for name, op in tests[0].reads.items()
    }


class _Test:
    def __init__(self, loaded: LoadedPipeline, tables: TestTables, index: int) -> None:
        self.tables = tables
        self.index = index
        self.options = tables.tests[index]
        self.loaded = loaded
        self.reads = {n.name: n.op for n in loaded.pipeline.graph if isinstance(n.op, ReadOp)}
        self.script = self._script()

    def run(self, seeds: int | None, shown: Mapping[str, pa.Schema | None]) -> Verdict:
        name, where = self.options.name, self.tables.document.where(("test", self.index))
        rehearsal = self._rehearsal(shown)
        expected = self._expected(rehearsal)
        runs = Runs(rehearsal)
        try:
            result = runs.run(seeds)
        except AssertionError as error:
            return Verdict(name, where, (str(error),))
        except PulseError as error:
            self._hint_at_schema(error)
            return Verdict(name, where, (f"the pipeline fails: {error}",))
        if all(each is None for each in (self.options.expected, self.options.panes, self.options.late)):
            one = (
                "[]"
                if len(runs.written) == 1
                else f"{{ {', '.join(f'{sink} = []' for sink in runs.written)} }}"
            )
            hint = f"write what should come out, expected = {one} for nothing, or run with --update"
            return Verdict(name, where, (f"{NO_EXPECTATION}\nhint: {hint}",), self._all(runs))
        found: list[str] = []
        actual: dict[str, Any] = {}
        for key, wanted, got in self._compared(expected, runs, result):
            rows = differences(got, _data(wanted))
            if rows:
                found.append(f"{key}:\n{table(rows)}")
                actual[key] = got
        return Verdict(name, where, found, self._as_written(actual, expected))

    def _hint_at_schema(self, error: PulseError) -> None:
        """Say how a field is made known that neither a test nor a file shows."""
        sniffed = [name for name, op in self.reads.items() if op.schema is None]
        if isinstance(error, UnknownField) and sniffed and "did you mean" not in (error.hint or ""):
            error.hint = (
                "no test's events and no file of a source show it; if records may lack it, declare the "
                f"schema of the source, such as schema = {{ score = 'double' }} on {', '.join(sniffed)}"
            )

    @staticmethod
    def _all(runs: Runs) -> dict[str, Any]:
        """Return what ``expected`` should say when the test expects nothing yet."""
        written = {sink: _data(o.record for o in outcomes) for sink, outcomes in runs.written.items()}
        if not written:
            return {}
        return {"expected": next(iter(written.values())) if len(written) == 1 else written}

    def _compared(
        self, expected: Mapping[str, Sequence[Any]] | None, runs: Runs, result: RunResult
    ) -> list[tuple[str, Sequence[Any], list[Any]]]:
        """Return, for each key of the test that says something, what it says and what came out."""
        options = self.options
        compared: list[tuple[str, Sequence[Any], list[Any]]] = []
        for sink, wanted in (expected or {}).items():
            key = "expected" if ALL_SINKS in (options.expected or {}) else f"expected.{sink}"
            compared.append((key, wanted, _data(o.record for o in runs.written[sink])))
        if options.panes is not None:
            panes = _data(_pane(o) for outcomes in runs.written.values() for o in outcomes)
            compared.append(("panes", options.panes, _cut_to(panes, options.panes)))
        if options.late is not None:
            ports = [port for port in result.collected if port.tag == LATE]
            late = _data(record for port in ports for record in result.records(port))
            compared.append(("late", options.late, _cut_to(late, options.late)))
        return compared

    @staticmethod
    def _as_written(actual: dict[str, Any], expected: Mapping[str, Sequence[Any]] | None) -> dict[str, Any]:
        """Return what the keys of a test should say; ``expected`` by sink is one key."""
        by_sink = {key.partition(".")[2]: got for key, got in actual.items() if key.startswith("expected.")}
        if not by_sink:
            return actual
        rest = {key: got for key, got in actual.items() if not key.startswith("expected.")}
        return {**rest, "expected": {**{s: _data(w) for s, w in (expected or {}).items()}, **by_sink}}

    # -- expectations ------------------------------------------------------------------------------------

    def _expected(self, rehearsal: Rehearsal) -> Mapping[str, Sequence[Any]] | None:
        expected, sinks = self.options.expected, list(rehearsal.written)
        if expected is None:
            return None
        if ALL_SINKS in expected:
            if len(sinks) != 1:
                raise self.tables.error(
                    self.index,
                    f"a list of records is for the one sink of a pipeline; this one has {', '.join(sinks)}",
                    "expected",
                    hint=f"expected = {{ {sinks[0]!r} = [...] }}" if sinks else None,
                )
            return {sinks[0]: expected[ALL_SINKS]}
        for name in expected:
            if name not in sinks:
                raise self.tables.error(
                    self.index,
                    f"no sink is named {name!r}; sinks: {', '.join(sinks)}",
                    "expected",
                    hint=did_you_mean(name, sinks),
                )
        return expected

    # -- the script --------------------------------------------------------------------------------------

    def _script(self) -> Script:
        stream = TestStream(*self.reads)
        for number, event in enumerate(self.options.events):
            try:
                self._play(stream, number, event)
            except PulseError as error:
                raise self.tables.error(
                    self.index, error.message, "events", number, hint=error.hint
                ) from error
        return stream.script()

    def _rehearsal(self, shown: Mapping[str, pa.Schema | None]) -> Rehearsal:
        script = self.script
        promising = {event.input for event in script.events if isinstance(event, Promise)}
        schemas = {
            name: schema_of_test(op, script.records(name)[0], shown[name]) for name, op in self.reads.items()
        }
        return rehearse(
            self.loaded.pipeline,
            {
                name: (
                    ScriptSource.of(script, name, schemas[name], bounded=op.source.bounded),
                    FromSource() if name in promising else None,
                )
                for name, op in self.reads.items()
            },
        )

    def _play(self, stream: TestStream, number: int, event: EventOptions) -> None:
        if event.processing_time is not None:
            stream.processing_time(event.processing_time)
            return
        source = self._source(number, event)
        if event.watermark is not None:
            stream.watermark(event.watermark, input=source)
        elif event.idle:
            stream.idle(input=source)
        elif event.end:
            stream.end(input=source)
        else:
            records = event.records if event.records is not None else [event.record]
            times = [self._time(source, record, event.at, number) for record in records]
            stream.elements(records, time=times, input=source)

    def _source(self, number: int, event: EventOptions) -> str:
        names = list(self.reads)
        if event.source is None and len(names) == 1:
            return names[0]
        if event.source not in names:
            given = (
                "there are several sources"
                if event.source is None
                else f"no source is named {event.source!r}"
            )
            raise self.tables.error(
                self.index,
                f"{given}; sources: {', '.join(names)}",
                "events",
                number,
                hint=did_you_mean(event.source, names) if event.source else "add: source = '...'",
            )
        return event.source

    def _time(self, source: str, record: Any, at: Any, number: int) -> Any:
        """Return when a record happened: as the event says, else as its time field does."""
        if at is not None:
            return at
        event_time = getattr(self.reads[source].source, "event_time", None)
        if event_time is None:
            return 0
        try:
            return event_time.parse_value(record.get(event_time.field))
        except ValueError as error:
            raise self.tables.error(
                self.index,
                f"the record says no event time: field {event_time.field!r} {error}",
                "events",
                number,
                hint="give the record that field, or the event at = '1s'",
            ) from error


def _pane(outcome: Outcome) -> dict[str, Any]:
    pane = outcome.pane
    if pane is None:
        return {"record": outcome.record, "timing": None}
    return {
        "record": outcome.record,
        "timing": pane.timing,
        "index": pane.index,
        "is_first": pane.is_first,
        "is_last": pane.is_last,
    }


def _data(records: Any) -> list[Any]:
    """Return records as a JSON sink would write them, without nulls, which TOML cannot say."""
    return [_without_nulls(orjson.loads(json_text(record))) for record in records]


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _cut_to(records: list[Any], wanted: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Return records with only the keys that what is wanted mentions; all when it mentions none."""
    keys = {key for each in wanted for key in each}
    return [{k: v for k, v in record.items() if k in keys} for record in records] if keys else records
