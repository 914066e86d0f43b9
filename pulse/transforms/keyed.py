"""Conveniences with state: duplicates, sessions by condition, rate limits, gaps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import pyarrow as pa

from pulse.errors import PipelineError, did_you_mean
from pulse.model.aggregates import count
from pulse.model.aggregates import max as max_of
from pulse.model.aggregates import min as min_of
from pulse.model.expressions import Expr
from pulse.model.state import Declared, ValueState
from pulse.model.tagged import Tagged
from pulse.model.time import Duration, micros
from pulse.model.windows import Global, Session
from pulse.transforms.core import Composite, PCollection, Pipeline, one
from pulse.transforms.elementwise import Select
from pulse.transforms.grouping import Aggregate, KeyBy, Window
from pulse.transforms.metadata import WithMetadata
from pulse.transforms.options import check_on_error, to_condition
from pulse.transforms.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.engine.process.context import ProcessContext
    from pulse.graph.ops import ProcessOp
    from pulse.graph.ops.base import OnError

Excess = Literal["drop", "output"]
"""What happens to records above a limit."""

EXCESS = "excess"
"""The output of records above a limit."""

_TIME = "_event_time"


def _positive(value: Duration, name: str) -> int:
    length = micros(value, name=name)
    if length <= 0:
        raise PipelineError(f"{name} {value!r} is not positive", hint="use a length such as '10m'")
    return length


class _Passing(Process):
    """A process that hands on the records it gets, perhaps with more fields."""

    label: str
    adds: tuple[tuple[str, pa.DataType], ...] = ()

    def op(self) -> ProcessOp:
        """Return the step."""
        return replace(super().op(), adds=self.adds, name=self.label)


class Deduplicate(Composite):
    """Keep the first record of each combination of fields; drop those that follow within a time.

    A record is a duplicate when its event time is less than ``within`` away from that of the last one kept.
    Duplicates count as filtered. What was kept is forgotten when the watermark is past that time, so state is
    bounded by what comes within it. Records of different windows are no duplicates. What comes out is keyed
    by the fields.

    Args:
        fields: names of the fields that make records the same.
        within: how long, in event time; None: for as long as the window lasts.
        on_error: what happens to a record without the fields.

    Example:
        >>> from pulse import Create, DeterministicRunner, Pipeline
        >>> p = Pipeline()
        >>> clicks = p | Create([{"id": 1}, {"id": 2}, {"id": 1}], times=[0, 1_000_000, 2_000_000])
        >>> once = clicks | Deduplicate("id", within="10m")
        >>> DeterministicRunner().run(p).records(once)
        [{'id': 1}, {'id': 2}]
    """

    def __init__(self, *fields: str, within: Duration | None = None, on_error: OnError = "fail") -> None:
        if not fields:
            raise PipelineError(
                "Deduplicate needs at least one field", hint="Deduplicate('id', within='10m')"
            )
        self.fields = fields
        self.first = _First(", ".join(fields), within, check_on_error(on_error))

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Key by the fields and remember when each was last kept."""
        before = one(source, self)
        kind = pipeline.type_of(before.port)
        if self.first.length is None and not kind.bounded and isinstance(kind.windowing.window, Global):
            listed = ", ".join(map(repr, self.fields))
            raise PipelineError(
                f"Deduplicate({listed}) would remember every {' and '.join(self.fields)} for ever: its input "
                "never ends, and its state would grow without bound",
                hint=f"say how long: Deduplicate({listed}, within='10m'); or put Window(Tumbling('1h')) or "
                "another window in front of it",
            )
        return before | KeyBy(*self.fields) | "First" >> self.first


class _First(_Passing):
    def __init__(self, fields: str, within: Duration | None, on_error: OnError) -> None:
        self.label = f"First({fields})"
        self.length = None if within is None else _positive(within, "within")
        self.on_error = on_error
        self.declared = Declared((("kept", ValueState("int64", ttl=within)),))

    def process(self, ctx: ProcessContext, record: Any) -> Any:
        kept = ctx.kept.read()
        if kept is not None and (self.length is None or abs(ctx.time - kept) < self.length):
            ctx.drop()
            return ()
        ctx.kept.write(ctx.time)
        return (record,)


class SessionizeBy(_Passing):
    """Number the sessions of each key, cut where a condition says so; every record comes out with its number.

    Records are taken in order of arrival. Sessions count from 1 within their key and window; to aggregate
    over them, ``KeyBy`` the key and the number. For sessions that silence ends, use ``Window(Session(gap))``.

    Args:
        starts: true for a record that begins a session: an expression, its text, or a function of the record.
        ends: true for a record that is the last of its session.
        output: the field that holds the number.
        ttl: how long a key may be silent in event time until its count begins anew; None: for ever.
        on_error: what happens to a record that a condition fails on.

    Example:
        >>> from pulse import Create, DeterministicRunner, KeyBy, Pipeline
        >>> p = Pipeline()
        >>> events = p | Create([{"u": 1, "e": e} for e in ("login", "click", "login", "click")])
        >>> out = events | KeyBy("u") | SessionizeBy("e == 'login'")
        >>> [record["session"] for record in DeterministicRunner().run(p).records(out)]
        [1, 1, 2, 2]
    """

    def __init__(
        self,
        starts: Expr | str | Callable[[Any], Any] | None = None,
        *,
        ends: Expr | str | Callable[[Any], Any] | None = None,
        output: str = "session",
        ttl: Duration | None = None,
        on_error: OnError = "fail",
    ) -> None:
        if starts is None and ends is None:
            raise PipelineError(
                "SessionizeBy needs starts, ends, or both", hint="SessionizeBy(\"event == 'login'\")"
            )
        given = [
            f"{name}={found}" for name, found in (("starts", starts), ("ends", ends)) if found is not None
        ]
        self.label = f"SessionizeBy({', '.join(given)})" if not callable(starts or ends) else "SessionizeBy"
        self.starts, self.ends, self.output = _condition(starts), _condition(ends), output
        self.adds = ((output, pa.int64()),)
        self.on_error = check_on_error(on_error)
        self.declared = Declared(
            (
                ("number", ValueState("int64", 0, ttl=ttl)),
                ("closed", ValueState("bool", default=True, ttl=ttl)),
            )
        )

    def process(self, ctx: ProcessContext, record: Any) -> Any:
        """Give the record its number."""
        number = ctx.number.read()
        if ctx.closed.read() or (self.starts is not None and self.starts(record)):
            number += 1
        ctx.number.write(number)
        ctx.closed.write(self.ends is not None and bool(self.ends(record)))
        return {**record, self.output: number}


def _condition(given: Any) -> Callable[[Any], Any] | None:
    if given is None or (callable(given) and not isinstance(given, Expr)):
        return given
    return to_condition(given).row_function()


class RateLimit(_Passing):
    """Let at most so many records of each key pass per time, in event time.

    A token bucket: a key that was silent may send ``n`` records at once; then one more is allowed every
    ``per / n``. Records are judged in order of arrival, each by its own event time.

    Args:
        n: how many.
        per: in which time.
        excess: what happens to the others: ``"drop"`` leaves them out (they count as filtered), ``"output"``
            puts them into the output ``["excess"]``.
        on_error: what happens to a record without the key.

    Example:
        >>> from pulse import Create, DeterministicRunner, KeyBy, Pipeline
        >>> p = Pipeline()
        >>> calls = p | Create([{"u": 1, "i": i} for i in range(4)], times=[0, 0, 0, 600_000])
        >>> allowed = calls | KeyBy("u") | RateLimit(2, per="1s")
        >>> [record["i"] for record in DeterministicRunner().run(p).records(allowed)]
        [0, 1, 3]

    Source: the generic cell rate algorithm, ITU-T I.371.
    """

    def __init__(
        self, n: int, *, per: Duration = "1s", excess: Excess = "drop", on_error: OnError = "fail"
    ) -> None:
        if not isinstance(n, int) or isinstance(n, bool) or n < 1:
            raise PipelineError(f"n {n!r} is not a whole number of at least 1")
        if excess not in get_args(Excess):
            raise PipelineError(
                f"excess {excess!r} is not one of {', '.join(get_args(Excess))}",
                hint=did_you_mean(str(excess), get_args(Excess)),
            )
        self.label = f"RateLimit({n} per {per})"
        self.n, self.per, self.tagged = n, _positive(per, "per"), excess == "output"
        self.outputs = (EXCESS,) if self.tagged else ()
        self.on_error = check_on_error(on_error)
        # After that time without a record the bucket is full again, which is what nothing known means.
        self.declared = Declared((("full_at", ValueState("int64", ttl=per)),))

    def process(self, ctx: ProcessContext, record: Any) -> Any:
        """Let the record pass, or not."""
        # When the bucket is full again, in units of 1/n microseconds, so that all numbers are whole.
        now = ctx.time * self.n
        full_at = ctx.full_at.read()
        if full_at is not None and full_at - self.per * (self.n - 1) > now:
            if self.tagged:
                return (Tagged(EXCESS, record),)
            ctx.drop()
            return ()
        ctx.full_at.write((now if full_at is None or full_at < now else full_at) + self.per)
        return (record,)


class DetectGap(Composite):
    """Tell when a key has been silent for a time: one record per stretch of activity, once it is over.

    A key is silent when no record of it has an event time less than ``after`` past the last one; that is
    known when the watermark gets there, and for all keys when the input ends. The result has the key fields,
    ``first_seen`` and ``last_seen``, and in ``records`` how many there were in between; its event time is the
    last microsecond of the silence. It replaces the window that was declared before.

    Args:
        after: how long a silence is a gap, in event time.

    Example:
        >>> from pulse import Create, DeterministicRunner, KeyBy, Pipeline
        >>> p = Pipeline()
        >>> beats = p | Create([{"s": 1}, {"s": 1}, {"s": 1}], times=[0, 60_000_000, 900_000_000])
        >>> silent = beats | KeyBy("s") | DetectGap(after="5m")
        >>> [(str(r["last_seen"].time()), r["records"]) for r in DeterministicRunner().run(p).records(silent)]
        [('00:01:00', 2), ('00:15:00', 1)]
    """

    def __init__(self, *, after: Duration) -> None:
        self.after = after
        _positive(after, "after")

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Aggregate over sessions, which end when a key has been silent."""
        del pipeline
        before = one(source, self)
        if not before.keys:
            raise PipelineError(
                "DetectGap looks at each key, but its input has no key",
                hint="put KeyBy('sensor') or another key in front of it",
            )
        return (
            before
            | WithMetadata(time=_TIME)
            | Window(Session(self.after))
            | Aggregate(first_seen=min_of(_TIME), last_seen=max_of(_TIME), records=count())
            | Select(*before.keys, "first_seen", "last_seen", "records")
        )
