"""Transforms that match the records of several collections by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from pulse.errors import PipelineError, did_you_mean
from pulse.graph.ops import AsOfJoinOp, CoGroupOp, IntervalJoinOp, JoinOp, LookupOp
from pulse.graph.ops.joins import Direction, How
from pulse.model.time import Duration, micros
from pulse.transforms.core import PCollection, Pipeline, Transform, one
from pulse.transforms.options import shown, to_condition

if TYPE_CHECKING:
    from pulse.graph.ops import JoiningOp
    from pulse.model.expressions import Expr

On = str | Sequence[str] | Mapping[str, str]
"""The keys of a join: a field that both inputs have, several, or right fields by left fields."""

SUFFIXES = ("", "_right")


class _PairTransform(Transform):
    """A step over a left and a right collection."""

    op: JoiningOp

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the step over a tuple of two collections, or ``{"left": a, "right": b}``."""
        if isinstance(source, Mapping):
            if set(source) != {"left", "right"}:
                names = ", ".join(map(str, source))
                raise PipelineError(
                    f"{type(self).__name__} takes the inputs left and right, not {names}",
                    hint=f"write (a, b) | {type(self).__name__}(...)",
                )
            source = (source["left"], source["right"])
        inputs = [source] if isinstance(source, PCollection) else list(source or ())
        if len(inputs) != 2:  # noqa: PLR2004 - left and right
            raise PipelineError(
                f"{type(self).__name__} needs two collections, but was applied to {len(inputs) or 'none'}",
                hint=f"write (left, right) | {type(self).__name__}(...)",
            )
        return pipeline.add(self.op, inputs, name=self.name)


class Join(_PairTransform):
    """Match the records of two collections that have equal keys and are in the same window.

    Results come when the watermark passes the end of the window, with its last moment as event time, and
    have the keys (under the left names), ``window_start`` and ``window_end`` (except for the global window),
    the left fields and the right fields. A null key matches nothing.

    A record is late when the watermark of its own input is past the window's end. With allowed lateness it
    still gives its pairs, each once; without, or after that, it goes to ``.late``.

    Args:
        on: a field that both have, several, or ``{"left_field": "right_field"}``.
        how: ``"inner"``; ``"left"``, ``"right"`` or ``"full"`` keep records without a match, with nulls for
            the other side's fields.
        where: a condition over the fields of the result that a pair must meet as well.
        suffixes: put behind names that both sides have, per side.
        ttl: for collections that never end and are not windowed: pairs whose event times are at most so
            far apart, each as soon as both records are there.

    Raises:
        PipelineError: when the windows differ, nothing would ever come out, or the keys have other types.

    Example:
        >>> from pulse import Create, DeterministicRunner, Join, Pipeline
        >>> p = Pipeline()
        >>> orders = p | "orders" >> Create([{"user": 1, "item": "tea"}, {"user": 2, "item": "jam"}])
        >>> users = p | "users" >> Create([{"id": 1, "name": "Ann"}])
        >>> joined = (orders, users) | Join({"user": "id"}, how="left")
        >>> DeterministicRunner().run(p).records(joined)
        [{'user': 1, 'item': 'tea', 'name': 'Ann'}, {'user': 2, 'item': 'jam', 'name': None}]
    """

    def __init__(
        self,
        on: On,
        how: How = "inner",
        *,
        where: Expr | str | None = None,
        suffixes: tuple[str, str] = SUFFIXES,
        ttl: Duration | None = None,
    ) -> None:
        shared = _shared(on, how, where, suffixes)
        if ttl is None:
            self.op = JoinOp(**shared)
            return
        reach = _positive(ttl, "ttl")
        self.op = IntervalJoinOp(**shared, lower=-reach, upper=reach, ttl=True)


class IntervalJoin(_PairTransform):
    """Match records of equal keys with ``left.t + lower <= right.t <= left.t + upper``, both ends included.

    A pair comes as soon as both records are there, with the later of their event times. Windows play no
    part. A record without a match that is kept comes when the watermark of the other input says that none
    can come any more, with its own time; the output watermark waits for it. A record is forgotten as soon as
    it can match nothing more; one that is behind its own watermark by more than ``allowed_lateness`` may
    have missed some, and goes to ``.late``.

    Args:
        on: the keys, as for ``Join``.
        lower: how much earlier the right record may be, such as ``"-5m"``.
        upper: how much later.
        how: which records without a match are kept.
        where: a condition over the fields of the result.
        suffixes: put behind names that both sides have, per side.
        allowed_lateness: how far a record may be behind its watermark; state is kept so much longer.

    Example:
        >>> from pulse import Create, DeterministicRunner, IntervalJoin, Pipeline
        >>> p = Pipeline()
        >>> clicks = p | "clicks" >> Create([{"ad": 1, "t": 60_000}], time_field="t")
        >>> views = p | "views" >> Create([{"ad": 1, "t": 20_000}, {"ad": 1, "t": 61_000}], time_field="t")
        >>> pairs = (clicks, views) | IntervalJoin("ad", lower="-5m", upper="0s")
        >>> DeterministicRunner().run(p).records(pairs)
        [{'ad': 1, 't': 60000, 't_right': 20000}]
    """

    def __init__(
        self,
        on: On,
        *,
        lower: Duration,
        upper: Duration,
        how: How = "inner",
        where: Expr | str | None = None,
        suffixes: tuple[str, str] = SUFFIXES,
        allowed_lateness: Duration = "0s",
    ) -> None:
        low, high = signed(lower, "lower"), signed(upper, "upper")
        if low > high:
            raise PipelineError(
                f"lower {lower!r} is above upper {upper!r}, so nothing could match",
                hint="right records from 5 minutes before to the same moment: lower='-5m', upper='0s'",
            )
        lateness = micros(allowed_lateness, name="allowed lateness")
        if lateness < 0:
            raise PipelineError(f"allowed lateness {allowed_lateness!r} is negative")
        shared = _shared(on, how, where, suffixes)
        self.op = IntervalJoinOp(**shared, lower=low, upper=high, lateness=lateness)


class AsOfJoin(_PairTransform):
    """Match each left record with one right record of its key: the last at or before its event time.

    It comes when the right watermark says that the answer is known, with the left record's time, and in the
    order of these times. Of right records with the same time the last to arrive counts. Records behind their
    own watermark go to ``.late``.

    Args:
        on: the keys, as for ``Join``.
        direction: ``"backward"``; ``"forward"``: the first at or after it; ``"nearest"``: of the two the one
            that is nearer, the earlier when both are as near.
        tolerance: how far away the right record may be; needed on inputs that never end, but for backward.
        how: ``"inner"``, or ``"left"`` to keep left records without a match.
        where: a condition over the fields of the result; a right record that does not meet it is no match,
            and no other is tried.
        suffixes: put behind names that both sides have, per side.

    Example:
        >>> from pulse import AsOfJoin, Create, DeterministicRunner, Pipeline
        >>> p = Pipeline()
        >>> trades = p | "trades" >> Create([{"s": "A", "t": 5_000}], time_field="t")
        >>> found = [{"s": "A", "t": 1_000, "bid": 9}, {"s": "A", "t": 6_000, "bid": 8}]
        >>> quotes = p | "quotes" >> Create(found, time_field="t")
        >>> known = (trades, quotes) | AsOfJoin("s")
        >>> DeterministicRunner().run(p).records(known)
        [{'s': 'A', 't': 5000, 't_right': 1000, 'bid': 9}]
    """

    def __init__(
        self,
        on: On,
        *,
        direction: Direction = "backward",
        tolerance: Duration | None = None,
        how: How = "inner",
        where: Expr | str | None = None,
        suffixes: tuple[str, str] = SUFFIXES,
    ) -> None:
        if direction not in get_args(Direction):
            names = get_args(Direction)
            raise PipelineError(
                f"direction {direction!r} is not one of {', '.join(names)}",
                hint=did_you_mean(str(direction), names),
            )
        limit = None if tolerance is None else _positive(tolerance, "tolerance", zero=True)
        shared = _shared(on, how, where, suffixes, ("inner", "left"))
        self.op = AsOfJoinOp(**shared, direction=direction, tolerance=limit)


class JoinTable(_PairTransform):
    """Match each record with the row of a changing table that was in force at its event time.

    The table is a collection of changes: the last record of a key is its row from that record's event time
    on. A record waits until the table's watermark has passed its time.

    Args:
        table: the collection of changes; None when applied to ``(stream, table)``.
        on: the keys, as for ``Join``; the stream is the left side.
        how: ``"inner"``, or ``"left"`` to keep records whose key has no row.
        deleted: a condition over a change: from then on its key has no row.
        where: a condition over the fields of the result.
        suffixes: put behind names that both sides have, per side.
    """

    def __init__(
        self,
        table: PCollection | None = None,
        *,
        on: On,
        how: How = "inner",
        deleted: Expr | str | None = None,
        where: Expr | str | None = None,
        suffixes: tuple[str, str] = SUFFIXES,
    ) -> None:
        self.table = table
        gone = None if deleted is None else to_condition(deleted)
        shared = _shared(on, how, where, suffixes, ("inner", "left"))
        self.op = AsOfJoinOp(**shared, deleted=gone, table=True)

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the step over the stream and the table."""
        return super().expand(pipeline, source if self.table is None else (one(source, self), self.table))


class Lookup(_PairTransform):
    """Match each record with those of its key in a collection that ends.

    Records wait, in memory, until that collection is complete; then each goes on as it comes, with its own
    time. Event times play no part.

    Args:
        table: the collection to look in; None when applied to ``(stream, table)``.
        on: the keys, as for ``Join``; the stream is the left side.
        how: ``"inner"``, or ``"left"`` to keep records without a match.
        where: a condition over the fields of the result.
        suffixes: put behind names that both sides have, per side.
    """

    def __init__(
        self,
        table: PCollection | None = None,
        *,
        on: On,
        how: How = "inner",
        where: Expr | str | None = None,
        suffixes: tuple[str, str] = SUFFIXES,
    ) -> None:
        self.table = table
        self.op = LookupOp(**_shared(on, how, where, suffixes, ("inner", "left")))

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the step over the stream and the collection to look in."""
        return super().expand(pipeline, source if self.table is None else (one(source, self), self.table))


class CoGroup(Transform):
    """Bring together, for each key and window, the records of several collections.

    A result has the key fields, the window's, and for each input a list of its records, by event time. A
    null key is a key like any other here. A record that comes late, within the allowed lateness, gives its
    group again: all of it when accumulating, else the record alone.

    Args:
        on: a field that all have, or several; or for each key the field of every input:
            ``{"user": ["user", "user_id"]}``, where the name is that in the result and in the first input.
        names: what the inputs are called, when they are not given as a mapping.

    Example:
        >>> from pulse import CoGroup, Create, DeterministicRunner, Pipeline
        >>> p = Pipeline()
        >>> users = p | "users" >> Create([{"u": 1, "name": "Ann"}])
        >>> orders = p | "orders" >> Create([{"u": 1, "item": "tea"}, {"u": 1, "item": "jam"}])
        >>> groups = {"users": users, "orders": orders} | CoGroup("u")
        >>> (group,) = DeterministicRunner().run(p).records(groups)
        >>> group["u"], len(group["users"]), len(group["orders"])
        (1, 1, 2)
    """

    def __init__(
        self, on: str | Sequence[str] | Mapping[str, Sequence[str]], *, names: Sequence[str] = ()
    ) -> None:
        self.on = on
        self.names = tuple(names)

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the step over a mapping of collections, or a sequence with ``names``."""
        if isinstance(source, Mapping):
            names, inputs = tuple(source), list(source.values())
        else:
            inputs = [source] if isinstance(source, PCollection) else list(source or ())
            names = self.names
        if len(names) != len(inputs) or not inputs:
            raise PipelineError(
                f"CoGroup needs a name for each of its {len(inputs)} inputs, but has {len(names)}",
                hint="write {'users': users, 'orders': orders} | CoGroup('user')",
            )
        on: list[tuple[str, ...]] = []
        if isinstance(self.on, Mapping):
            for name, fields in self.on.items():
                if isinstance(fields, str) or len(fields) != len(inputs) or fields[0] != name:
                    raise PipelineError(
                        f"key {name!r} of CoGroup names {fields!r}, not a field of each of the "
                        f"{len(inputs)} inputs",
                        hint=f"the first is {name!r} itself: {{{name!r}: [{name!r}, ...]}}",
                    )
                on.append(tuple(fields))
        else:
            on = [(one_key,) * len(inputs) for one_key in _listed(self.on)]
        return pipeline.add(CoGroupOp(tuple(on), names), inputs, name=self.name)


def _listed(on: Any) -> list[str]:
    fields = [on] if isinstance(on, str) else list(on) if isinstance(on, Sequence) else []
    if not fields or not all(isinstance(field, str) and field for field in fields):
        raise PipelineError(
            f"on={on!r} names no key fields",
            hint="write on='user', on=['user', 'day'] or on={'left_field': 'right_field'}",
        )
    if len(set(fields)) < len(fields):
        raise PipelineError(f"on names a field twice: {', '.join(fields)}")
    return fields


def _shared(
    on: Any,
    how: str,
    where: Expr | str | None,
    suffixes: Any,
    allowed: tuple[str, ...] = get_args(How),
) -> dict[str, Any]:
    """Return the options that all joins of two inputs have, checked."""
    if isinstance(on, Mapping):
        pairs = tuple(zip(_listed(list(on)), _listed(list(on.values())), strict=True))
    else:
        pairs = tuple((field, field) for field in _listed(on))
    if how not in allowed:
        raise PipelineError(
            f"how {how!r} is not one of {', '.join(allowed)}", hint=did_you_mean(str(how), allowed)
        )
    if (
        not isinstance(suffixes, Sequence)
        or len(suffixes) != 2  # noqa: PLR2004 - left and right
        or not all(isinstance(suffix, str) for suffix in suffixes)
        or suffixes[0] == suffixes[1]
    ):
        raise PipelineError(
            f"suffixes takes two different texts, not {shown(suffixes)}", hint="suffixes=('', '_right')"
        )
    condition = None if where is None else to_condition(where)
    return {"on": pairs, "how": how, "where": condition, "suffixes": tuple(suffixes)}


def signed(value: Duration, name: str) -> int:
    """Return a duration that may be negative, such as ``"-5m"``, in microseconds.

    Example:
        >>> signed("-5m", "lower"), signed("2s", "upper")
        (-300000000, 2000000)
    """
    if isinstance(value, str) and value.strip().startswith("-"):
        return -micros(value.strip()[1:].strip(), name=name)
    return micros(value, name=name)


def _positive(value: Duration, name: str, *, zero: bool = False) -> int:
    found = micros(value, name=name)
    if found < 0 or (found == 0 and not zero):
        raise PipelineError(f"{name} {value!r} is not positive", hint=f"write a length such as {name}='1h'")
    return found
