"""``TestStream``: a source whose records, watermarks and clocks a test moves by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from pulse.errors import PipelineError, did_you_mean
from pulse.graph.ops import ReadOp
from pulse.model.schema import schema_of
from pulse.model.time import (
    MAX_EVENT_TIME,
    MAX_TIME,
    MIN_EVENT_TIME,
    Duration,
    format_time,
    from_datetime,
    micros,
)
from pulse.model.time_text import parse_text
from pulse.model.watermarks import FromSource
from pulse.testing.script import (
    MAIN_INPUT,
    Close,
    Elements,
    Event,
    ProcessingTime,
    Promise,
    Quiet,
    Script,
    ScriptSource,
)
from pulse.transforms.core import PCollection, Pipeline, Transform

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa

    from pulse.model.watermarks import WatermarkStrategy

Moment: TypeAlias = int | str | timedelta | datetime
"""An event time: microseconds or a duration (``"10s"``) since the epoch, a datetime, or ISO 8601 text."""


def moment(value: Moment, *, name: str = "time") -> int:
    """Return an event time in microseconds.

    Args:
        value: microseconds, a duration since the epoch, a datetime, or ISO 8601 text.
        name: what it is the time of, named in the error.

    Raises:
        PipelineError: when it is none of these.

    Example:
        >>> moment(5), moment("10s"), moment("1970-01-01T00:00:01Z")
        (5, 10000000, 1000000)
    """
    if isinstance(value, datetime):
        return from_datetime(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-":
        try:
            return parse_text(value, None, None)
        except ValueError:
            pass
    if isinstance(value, str | timedelta):
        return micros(value, name=name)
    raise PipelineError(
        f"{name} {value!r} is not an event time",
        hint="write microseconds, '10s' after the epoch, a datetime, or '2024-01-31T12:00:00Z'",
    )


class TestStream(Transform):
    """A source played by a script: the next event happens when all that came of those before is done.

    The methods that add events return the stream itself, so they chain. One input is read with
    ``pipeline | stream``; several with ``pipeline | stream.input("left")``. Every input has a watermark of
    its own; one that is not ended ends after the last event, its watermark at the end of time. Processing
    time starts at 0 and moves only as the script says.

    Args:
        inputs: names of the inputs; none: a single one.
        schema: type names by field, or an Arrow schema; left out: what the records show.
        bounded: whether the pipeline may count on the end of the stream, as on that of a file.
        watermarks: makes the watermarks of the records; left out: the script alone does.

    Example:
        >>> from pulse import Aggregate, DeterministicRunner, KeyBy, Pipeline, Tumbling, Window, count
        >>> stream = TestStream().elements([{"k": "a"}, {"k": "a"}], time="1s").watermark("10s")
        >>> p = Pipeline()
        >>> counts = p | stream | KeyBy("k") | Window(Tumbling("10s")) | Aggregate(n=count())
        >>> result = DeterministicRunner().run(p)
        >>> [[(each.record["n"], each.window) for each in step] for step in result.steps(counts)]
        [[], [(2, (0, 10000000))], []]
    """

    __test__ = False

    def __init__(
        self,
        *inputs: str,
        schema: Mapping[str, str] | pa.Schema | str | None = None,
        bounded: bool = True,
        watermarks: WatermarkStrategy | None = None,
    ) -> None:
        if len(set(inputs)) < len(inputs):
            raise PipelineError(f"inputs {', '.join(inputs)} are not all different")
        self.inputs = inputs or (MAIN_INPUT,)
        self.bounded = bounded
        self.watermarks = watermarks or FromSource()
        self._schema: Any = schema_of(schema) if isinstance(schema, dict) else schema
        self._events: list[Event] = []
        self._marks: dict[str, int] = {}
        self._ended: set[str] = set()
        self._script: Script | None = None

    # -- what happens ------------------------------------------------------------------------------------

    def elements(
        self,
        records: Iterable[Any],
        *,
        time: Moment | Iterable[Moment] = 0,
        input: str | None = None,  # noqa: A002 - the word for it
    ) -> TestStream:
        """Add an event: records arrive, as one bundle.

        Args:
            records: the records.
            time: the event time of all, or a list with that of each.
            input: the input; may be left out when there is one.

        Raises:
            PipelineError: for an unknown or ended input, and for a time out of range.
        """
        name, found = self._open(input), list(records)
        if isinstance(time, Iterable) and not isinstance(time, str):
            times = [moment(each) for each in time]
        else:
            times = [moment(time)] * len(found)
        if len(times) != len(found):
            raise PipelineError(f"{len(times)} times are given for {len(found)} records")
        for each in times:
            if not MIN_EVENT_TIME <= each <= MAX_EVENT_TIME:
                raise PipelineError(
                    f"event time {format_time(each)} of an element is outside the years 1 to 9999",
                    hint="an element must lie before the end of time, or no watermark could pass it",
                )
        return self._add(Elements(name, tuple(found), tuple(times)))

    def add(self, record: Any, *, at: Moment, input: str | None = None) -> TestStream:  # noqa: A002 - as above
        """Add an event: one record arrives; see ``elements``."""
        return self.elements([record], time=at, input=input)

    def watermark(self, time: Moment, *, input: str | None = None) -> TestStream:  # noqa: A002 - as above
        """Add an event: an input promises that nothing with an event time below ``time`` comes any more.

        Raises:
            PipelineError: for an unknown or ended input, and for a watermark that goes back.
        """
        name, mark = self._open(input), moment(time, name="watermark")
        before = self._marks.get(name)
        if before is not None and mark < before:
            raise PipelineError(
                f"the watermark of input {name!r} goes back from {format_time(before)} "
                f"to {format_time(mark)}",
                hint="a watermark is a promise; it never goes back",
            )
        if mark >= MAX_TIME:
            raise PipelineError("the watermark reaches the end of time with the input", hint="use .end()")
        self._marks[name] = mark
        return self._add(Promise(name, mark))

    def processing_time(self, advance: Duration | int) -> TestStream:
        """Add an event: processing time goes on.

        Args:
            advance: by how much, as a duration or in microseconds.

        Raises:
            PipelineError: when it goes back.
        """
        self._check_open(self.inputs)
        by = advance if isinstance(advance, int) else micros(advance, name="processing time")
        if by < 0:
            raise PipelineError(f"processing time {advance!r} goes back", hint="a clock only goes forward")
        return self._add(ProcessingTime(by))

    def idle(self, *, input: str | None = None) -> TestStream:  # noqa: A002 - as above
        """Add an event: an input has nothing to say, and no longer holds others back until it speaks."""
        return self._add(Quiet(self._open(input)))

    def end(self, *, input: str | None = None) -> TestStream:  # noqa: A002 - as above
        """End an input, as an event; or end all that are open, after which nothing can happen."""
        if input is None and len(self.inputs) > 1:
            self._check_open(self.inputs)
            self._ended.update(self.inputs)
            return self
        name = self._open(input)
        self._ended.add(name)
        return self if len(self.inputs) == 1 else self._add(Close(name))

    # -- reading it --------------------------------------------------------------------------------------

    def input(self, name: str) -> Transform:
        """Return the source of one input, to put after ``pipeline |``.

        Raises:
            PipelineError: for an unknown input.
        """
        return _Input(self, self._known(name))

    def script(self) -> Script:
        """Return what happens as data; nothing can be added to it any more."""
        if self._script is None:
            self._script = Script(self.inputs, tuple(self._events))
        return self._script

    def source(self, name: str | None = None) -> ScriptSource:
        """Return one input as a ``Source``; nothing can be added to the script any more."""
        known = self._known(name)
        return ScriptSource.of(self.script(), known, self._schema, bounded=self.bounded)

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the only input."""
        return self.read(pipeline, source, None)

    def read(self, pipeline: Pipeline, source: Any, name: str | None) -> PCollection:
        """Add a step that reads an input."""
        if source is not None:
            raise PipelineError("a TestStream starts a pipeline; it takes no input", hint="pipeline | stream")
        script = self.source(name)
        op = ReadOp(script, self.watermarks, schema=script.sniff_schema(), sniffed=True)
        return pipeline.add(op, name=self.name, label=f"TestStream({script.name})")

    # -- checks ------------------------------------------------------------------------------------------

    def _add(self, event: Event) -> TestStream:
        if self._script is not None:
            raise PipelineError(
                "the stream is part of a pipeline already, so nothing can be added to its script",
                hint="write the whole script before pipeline | stream",
            )
        self._events.append(event)
        return self

    def _known(self, name: str | None) -> str:
        if name is None:
            if len(self.inputs) > 1:
                raise PipelineError(
                    f"the stream has several inputs: {', '.join(self.inputs)}",
                    hint=f"say which: input={self.inputs[0]!r}, or stream.input({self.inputs[0]!r})",
                )
            return self.inputs[0]
        if name not in self.inputs:
            raise PipelineError(
                f"unknown input {name!r}; the stream has {', '.join(self.inputs)}",
                hint=did_you_mean(name, self.inputs),
            )
        return name

    def _open(self, name: str | None) -> str:
        known = self._known(name)
        self._check_open((known,))
        return known

    def _check_open(self, names: Iterable[str]) -> None:
        closed = [name for name in names if name in self._ended]
        if len(closed) == len(self.inputs) or (closed and len(list(names)) == 1):
            raise PipelineError(
                f"input {closed[0]!r} has ended, so nothing can happen to it any more",
                hint="put the event before .end()",
            )


class _Input(Transform):
    """One input of a stream."""

    def __init__(self, stream: TestStream, input_name: str) -> None:
        self.stream = stream
        self.input_name = input_name

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        stream, before = self.stream, self.stream.name
        stream.name = self.name
        try:
            return stream.read(pipeline, source, self.input_name)
        finally:
            stream.name = before
