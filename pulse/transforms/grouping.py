"""Transforms that bring records together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from pulse.errors import PipelineError, WindowingError, did_you_mean
from pulse.graph.ops import AggregateOp, KeyByOp, WindowOp
from pulse.model.aggregates import Aggregate as AggregateSpec
from pulse.model.aggregates import CombineFn, combine
from pulse.model.expressions import Expr
from pulse.model.time import Duration, micros
from pulse.model.triggers import (
    AfterCount,
    AfterProcessingTime,
    AfterWatermark,
    Never,
    Trigger,
    check_trigger,
)
from pulse.model.windows import Accumulation, TimestampCombiner, Windowing, WindowKind
from pulse.transforms.core import Composite, PCollection, Pipeline, Step, one
from pulse.transforms.elementwise import Select
from pulse.transforms.options import check_function, check_on_error, shown, to_expr

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.graph.ops.base import OnError


class KeyBy(Step):
    """Declare the key of a collection: what groupings after it group by.

    Args:
        keys: field names or expressions; or one Python function from the record to the key.
        name: the field that a function's result is stored in.
        on_error: what happens to a record whose key cannot be computed.
        named: expressions under new names: ``KeyBy(hour=col("t").dt.hour())``.

    Example:
        >>> from pulse import Aggregate, Create, DeterministicRunner, KeyBy, Pipeline, col, count
        >>> p = Pipeline()
        >>> out = p | Create([{"w": "a"}, {"w": "A"}]) | KeyBy(w=col("w").str.lower()) | Aggregate(n=count())
        >>> DeterministicRunner().run(p).records(out)
        [{'w': 'a', 'n': 2}]
    """

    def __init__(
        self,
        *keys: str | Expr | Callable[[Any], Any],
        name: str = "key",
        on_error: OnError = "fail",
        **named: str | Expr,
    ) -> None:
        check_on_error(on_error)
        if len(keys) == 1 and not named and not isinstance(keys[0], str | Expr):
            super().__init__(KeyByOp((), check_function(keys[0], "KeyBy"), name, on_error))
            return
        columns = [(e.name, e) for e in map(to_expr, keys)] + [(n, to_expr(e)) for n, e in named.items()]
        if not columns:
            raise PipelineError("KeyBy needs at least one field, expression or function")
        names = [n for n, _ in columns]
        if len(set(names)) < len(names):
            raise PipelineError(f"KeyBy names a field twice: {', '.join(names)}")
        super().__init__(KeyByOp(tuple(columns), on_error=on_error))


class Window(Step):
    """Divide a collection over event time; the groupings after it work per window.

    Args:
        window: ``Tumbling("60s")``, ``Sliding("60s", "15s")``, ``Session("30s")``, ``Calendar("day", zone)``
            or ``Global()``.
        allowed_lateness: how long after its end a window still takes late records.
        accumulation: ``"accumulating"`` (a late firing repeats the whole window) or ``"discarding"`` (it
            gives only what is new); must be stated when a window can fire more than once.
        timestamp: event time of a result: ``"end_of_window"`` (its last microsecond), ``"earliest"`` or
            ``"latest"`` of its records.
        timestamp_shift: added to the event times that ``"earliest"`` and ``"latest"`` are taken of.
        trigger: when a window gives results, such as ``AfterWatermark(early=AfterCount(100))``; left out:
            when the watermark passes its end, and again for every late record.
        early_every: give early results so long after the first record that is not in one yet, by the clock.
        final_only: give one result per window, when no late record can come any more.
        allow_unsafe: whether the trigger may finish while records still come; those are dropped and counted.

    Raises:
        WindowingError: when an argument makes no sense, the trigger may lose records, or accumulation is not
            stated where a window can fire more than once.

    Example:
        >>> from pulse import AfterCount, AfterWatermark, Tumbling
        >>> early = AfterWatermark(early=AfterCount(2))
        >>> _ = Window(Tumbling("60s"), trigger=early, accumulation="discarding")
    """

    def __init__(
        self,
        window: WindowKind,
        *,
        allowed_lateness: Duration = "0s",
        accumulation: Accumulation | None = None,
        timestamp: TimestampCombiner = "end_of_window",
        timestamp_shift: Duration = "0s",
        trigger: Trigger | None = None,
        early_every: Duration | None = None,
        final_only: bool = False,
        allow_unsafe: bool = False,
    ) -> None:
        if not isinstance(window, get_args(WindowKind)):
            raise WindowingError(
                f"Window takes a window, not {type(window).__name__} {window!r}",
                hint="use Tumbling('60s'), Sliding('60s', '15s'), Session('30s'), Calendar('day') "
                "or Global()",
            )
        for value, allowed, what in (
            (accumulation, (None, *get_args(Accumulation)), "accumulation"),
            (timestamp, get_args(TimestampCombiner), "timestamp"),
        ):
            if value not in allowed:
                names = [a for a in allowed if a]
                raise WindowingError(
                    f"{what} {value!r} is not one of {', '.join(names)}", hint=did_you_mean(str(value), names)
                )
        lateness = micros(allowed_lateness, name="allowed lateness")
        if lateness < 0:
            raise WindowingError(
                f"allowed lateness {allowed_lateness!r} is negative", hint="use '0s' or more"
            )
        chosen = _trigger(trigger, early_every, final_only=final_only, lateness=lateness)
        shift = micros(timestamp_shift, name="timestamp shift")
        if shift < 0 or (shift and timestamp == "end_of_window"):
            raise WindowingError(
                f"timestamp shift {timestamp_shift!r} is negative"
                if shift < 0
                else "timestamp_shift needs the times of records, but timestamp is 'end_of_window'",
                hint="use timestamp='earliest' or 'latest' with a shift of '0s' or more",
            )
        windowing = Windowing(window, lateness, accumulation, timestamp, chosen, shift)
        super().__init__(WindowOp(windowing, allow_unsafe))


def _trigger(
    trigger: Trigger | None, early_every: Duration | None, *, final_only: bool, lateness: int
) -> Trigger | None:
    """Return the trigger that the arguments of ``Window`` ask for."""
    ways = {"trigger": trigger is not None, "early_every": early_every is not None, "final_only": final_only}
    given = [name for name, is_given in ways.items() if is_given]
    if len(given) > 1:
        raise WindowingError(f"Window takes one of {', '.join(given)}, which all say when results come")
    if trigger is not None:
        check_trigger(trigger, "Window(trigger=...)")
    if early_every is not None:
        late = AfterCount(1) if lateness else None
        return AfterWatermark(early=AfterProcessingTime(early_every), late=late)
    if final_only:
        return Never() if lateness else AfterWatermark()
    return trigger


class Aggregate(Step):
    """Combine the records of each key and window.

    A result has the key fields, ``window_start`` and ``window_end`` (except for the global window), and one
    field per aggregate.

    Args:
        aggregates: such as ``count()``; named by what they are.
        on_error: what happens to a record whose input cannot be computed.
        named: aggregates by field name: ``Aggregate(n=count(), avg=mean("score"))``.
    """

    def __init__(
        self, *aggregates: AggregateSpec, on_error: OnError = "fail", **named: AggregateSpec
    ) -> None:
        pairs = [*((a.name if isinstance(a, AggregateSpec) else "?", a) for a in aggregates), *named.items()]
        for name, aggregate in pairs:
            if not isinstance(aggregate, AggregateSpec):
                raise PipelineError(
                    f"aggregate {name!r} is {_kind(aggregate)}, not an aggregate", hint=_instead(aggregate)
                )
        names = [name for name, _ in pairs]
        if len(set(names)) < len(names):
            raise PipelineError(
                f"two aggregates have one name: {', '.join(names)}", hint="name them: Aggregate(a=..., b=...)"
            )
        super().__init__(AggregateOp(tuple(pairs), check_on_error(on_error)))


def _kind(given: Any) -> str:
    return "a function" if callable(given) and not isinstance(given, type) else shown(given)


def _instead(given: Any) -> str:
    """Return what to write in place of something that is no aggregate."""
    name = getattr(given, "__name__", "")
    if callable(given) and getattr(given, "__module__", "").startswith("pulse.model.aggregates"):
        return f"it is a function: write {name}()" if name == "count" else f"write {name}('score')"
    if isinstance(given, str) and given.isidentifier():
        return f"write {given}()" if given == "count" else f"write sum({given!r}), mean({given!r}), ..."
    if isinstance(given, str):
        return f"an aggregate is no text: write {given} without quotes around it"
    if callable(given):
        return "for a function of two values use Reduce; for one of your own, CombinePerKey with a CombineFn"
    return "use count(), sum('score'), mean('score'), ..."


class CombinePerKey(Step):
    """Combine the values of each key and window with a person's own ``CombineFn``.

    An error in it ends the run, for it may have changed an accumulator halfway: there is no one record to
    leave out. Sort out values that it cannot take before, with ``Filter``, or ``Map`` and ``on_error``.

    Args:
        function: the ``CombineFn``.
        field: the field whose values it combines; None: whole records.
        output: the field that holds the result.
    """

    def __init__(self, function: CombineFn, field: str | None = None, *, output: str = "value") -> None:
        super().__init__(
            AggregateOp(((output, combine(function, field)),)), _label("CombinePerKey", function, field)
        )


class Reduce(Step):
    """Combine the values of each key and window two at a time: ``Reduce(max, "score")``.

    An error in the function ends the run: it was given two values, each of which may stand for many records.
    Sort out values that it cannot take before, with ``Filter``, or ``Map`` and ``on_error``.

    Args:
        function: from two values to one; associative.
        field: the field whose values it combines; None: whole records.
        output: the field that holds the result.
    """

    def __init__(
        self, function: Callable[[Any, Any], Any], field: str | None = None, *, output: str = "value"
    ) -> None:
        pairwise = combine(_Pairwise(check_function(function, "Reduce")), field)
        super().__init__(AggregateOp(((output, pairwise),)), _label("Reduce", function, field))


def _label(transform: str, function: Any, field: str | None) -> str:
    """Return what a step is called, such as ``Reduce(max, score)``."""
    name = getattr(function, "__name__", type(function).__name__)
    return f"{transform}({name}, {field})" if field else f"{transform}({name})"


class _Pairwise(CombineFn):
    """Folds values with a function of two; the accumulator is empty or holds one value."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", "function")

    def create(self) -> tuple[Any, ...]:
        return ()

    def add(self, acc: tuple[Any, ...], value: Any) -> tuple[Any, ...]:
        return (self.function(acc[0], value),) if acc else (value,)

    def merge(self, a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[Any, ...]:
        return (self.function(a[0], b[0]),) if a and b else a or b

    def extract(self, acc: tuple[Any, ...]) -> Any:
        return acc[0] if acc else None


class _Records(CombineFn):
    """Keeps every record, in order of arrival."""

    __name__ = "records"

    def create(self) -> list[Any]:
        return []

    def add(self, acc: list[Any], value: Any) -> list[Any]:
        acc.append(value)
        return acc

    def merge(self, a: list[Any], b: list[Any]) -> list[Any]:
        return a + b

    def extract(self, acc: list[Any]) -> list[Any]:
        return acc


class GroupByKey(Step):
    """Collect the records of each key and window into a list, in order of arrival.

    Args:
        output: the field that holds the list.
    """

    def __init__(self, *, output: str = "values") -> None:
        super().__init__(AggregateOp(((output, combine(_Records(), None)),)), "GroupByKey")


class Distinct(Composite):
    """Keep one of each combination of fields per window.

    Args:
        fields: names of the fields that make a record distinct.
    """

    def __init__(self, *fields: str) -> None:
        if not fields:
            raise PipelineError("Distinct needs at least one field", hint="Distinct('user', 'page')")
        self.fields = fields

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Key by the fields and keep the keys."""
        del pipeline
        return one(source, self) | KeyBy(*self.fields) | Step(AggregateOp(())) | Select(*self.fields)
