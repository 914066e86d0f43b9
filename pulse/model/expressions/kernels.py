"""Kernels that Arrow does not have in one call, each over arrays and scalars alike."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import compute

from pulse.errors import PipelineError, RecordError
from pulse.model.expressions.columns import Value, by_numpy, spread
from pulse.model.schema import TIMESTAMP
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME

if TYPE_CHECKING:
    from collections.abc import Callable

pc: Any = compute  # see columns

_ZONED = r"^.{11,}(?:Z|[+-]\d{2}(?::?\d{2})?)$"
_DATE_LENGTH = 10
_MIN_INT = -(2**63)
_INT = pa.int64()


def add(left: Value, right: Value) -> Value:
    """Add numbers, checked; join strings."""
    if pa.types.is_string(left.type):
        return concat(left, right)
    return pc.add_checked(left, right)


def divide(left: Value, right: Value) -> Value:
    """Divide doubles; a zero divisor gives null, as in SQL."""
    return pc.divide(left, pc.if_else(pc.equal(right, 0.0), pa.scalar(None, pa.float64()), right))


def _floored(name: str, compute: Callable[..., Any]) -> Callable[[Value, Value], Value]:
    def function(left: Any, right: Any) -> Any:
        if np.any(np.equal(right, 0)):
            raise RecordError(f"division by zero in {name}")
        if name == "//" and np.result_type(left, right) == np.int64:
            overflow = np.logical_and(np.equal(left, _MIN_INT), np.equal(right, -1))
            if np.any(overflow):
                raise RecordError("integer overflow in //")
        with np.errstate(all="ignore"):
            return compute(left, right)

    return by_numpy(function)


floor_divide = _floored("//", np.floor_divide)
modulo = _floored("%", np.mod)


def nearest_double(decimals: Value) -> Value:
    """Return decimals as the nearest doubles; Arrow's own cast is off by one bit for about one in ten."""
    return decimals.cast(pa.string()).cast(pa.float64())


def rounding(kernel: Callable[[Value], Value]) -> Callable[[Value], Value]:
    """Return floor or ceil: integers are already whole and stay integers."""
    return lambda value: value if pa.types.is_integer(value.type) else kernel(value)


def _extreme(name: str) -> Callable[..., Value]:
    def kernel(*values: Value) -> Value:
        kind = values[0].type
        if pa.types.is_null(kind):
            return values[0]
        if pa.types.is_timestamp(kind):  # Arrow has no kernel for times in a zone
            values = tuple(value.cast(_INT) for value in values)
        return pc.call_function(name, list(values), _PROPAGATE).cast(kind)

    return kernel


_PROPAGATE = pc.ElementWiseAggregateOptions(skip_nulls=False)
min_of = _extreme("min_element_wise")
max_of = _extreme("max_element_wise")


def concat(*values: Value) -> Value:
    """Join strings; null when one is null."""
    return pc.binary_join_element_wise(*values, "", null_handling="emit_null")


def split(value: Value, separator: str, index: int) -> Value:
    """Return the part at an index (from the end when negative), null when there are fewer parts."""
    if isinstance(value, pa.Scalar):
        return split(pa.array([value.as_py()], pa.string()), separator, index)[0]
    parts = pc.split_pattern(value, separator)
    counts = pc.list_value_length(parts)
    if index >= 0:
        place = pc.add(parts.offsets.slice(0, len(parts)), index)
        exists = pc.greater(counts, index)
    else:
        place = pc.add(parts.offsets.slice(1), index)
        exists = pc.greater_equal(counts, -index)
    return parts.values.take(pc.if_else(exists, place, pa.scalar(None, place.type)))


@lru_cache(maxsize=256)
def _search(pattern: str) -> tuple[Any, Any]:
    return pc.get_function("match_substring_regex"), pc.MatchSubstringOptions(pattern)


def matches(value: Value, pattern: str) -> Value:
    """Return whether an RE2 pattern is found anywhere in a string."""
    function, options = _search(pattern)
    return function.call([value], options)


@lru_cache(maxsize=256)
def _extraction(pattern: str, group: int | str) -> tuple[Any, Any, int]:
    named, names = name_groups(pattern)
    return pc.get_function("extract_regex"), pc.ExtractRegexOptions(named), names.index(group)


def extract(value: Value, pattern: str, group: int | str) -> Value:
    """Return what a group of an RE2 pattern matched, null when the pattern is not found."""
    function, options, index = _extraction(pattern, group)
    return pc.struct_field(function.call([value], options), [index])


def name_groups(pattern: str) -> tuple[str, list[int | str]]:
    """Return a pattern whose groups all have names, as Arrow wants, and the group each name stands for.

    Example:
        >>> name_groups("(a)(?P<b>c)")
        ('(?P<g0>(?P<g1>a)(?P<b>c))', [0, 1, 'b'])
    """
    groups: list[int | str] = [0]
    inside = False
    out = ""
    for piece in re.findall(r"\\Q.*?(?:\\E|$)|\\.|\(\?P?<\w+>|\(\?|\[\^?\]?|.", pattern, re.DOTALL):
        if inside or piece.startswith("["):
            inside = piece != "]"
        elif piece == "(":
            groups.append(len(groups))
            piece = f"(?P<g{len(groups) - 1}>"  # noqa: PLW2901 - the same piece, named
        elif piece.startswith("(?") and piece.endswith(">"):
            groups.append(piece[piece.index("<") + 1 : -1])
        out += piece
    return f"(?P<g0>{out})", groups


def check_pattern(pattern: str, group: int | str | None = None) -> None:
    """Refuse a pattern that is no regular expression of RE2, or lacks a group.

    Raises:
        PipelineError: naming the pattern and the reason.
    """
    try:
        matches(pa.scalar(""), pattern)
        groups = [] if group is None else name_groups(pattern)[1]
        if group is not None and group in groups:
            extract(pa.scalar(""), pattern, group)
    except pa.ArrowInvalid as error:
        reason = str(error).partition("Invalid regular expression: ")[2] or str(error)
        raise PipelineError(
            f"{pattern!r} is not a regular expression: {reason}",
            hint="the syntax is that of RE2: no look-around, no back-references",
        ) from error
    if group is not None and group not in groups:
        listed = ", ".join(str(one) for one in groups)
        raise PipelineError(f"pattern {pattern!r} has no group {group!r}; groups: {listed}")


def in_range(moments: Value) -> Value:
    """Return timestamps, all of them within the years 1 to 9999."""
    ends = pc.min_max(spread(moments, 1).view(_INT)).values()
    low, high = (end.as_py() for end in ends)
    if low is not None and not (low >= MIN_EVENT_TIME and high <= MAX_EVENT_TIME):
        raise RecordError("a time lies outside the years 1 to 9999")
    return moments


def in_calendar(days: Value) -> Value:
    """Return dates, all of them within the years 1 to 9999."""
    in_range(days.cast(pa.timestamp("us")))
    return days


def read_times(text: Value) -> Value:
    """Return ISO 8601 strings as timestamps in UTC; without an offset they count as UTC."""
    zoned = pc.match_substring_regex(text, _ZONED)
    is_date = pc.equal(pc.utf8_length(text), _DATE_LENGTH)
    suffix = pc.if_else(zoned, "", pc.if_else(is_date, "T00:00:00Z", "Z"))
    return in_range(concat(text, suffix).cast(TIMESTAMP))


def write_times(moments: Value) -> Value:
    """Return timestamps as RFC 3339 text in UTC with six decimals."""
    return pc.strftime(moments.cast(TIMESTAMP), "%Y-%m-%dT%H:%M:%SZ")


def micros(moments: Value) -> Value:
    """Return timestamps as microseconds since the epoch."""
    return moments.cast(TIMESTAMP).cast(_INT)


def epoch_ms(moments: Value) -> Value:
    """Return timestamps as whole milliseconds since the epoch."""
    return floor_divide(micros(moments), pa.scalar(1000))


def truncate(moments: Value, length: int) -> Value:
    """Return the starts of the intervals of ``length`` microseconds that timestamps lie in."""
    time = micros(moments)
    start = pc.subtract_checked(time, modulo(time, pa.scalar(length)))
    return in_range(start.cast(TIMESTAMP))


def from_epoch(numbers: Value, unit: str) -> Value:
    """Return numbers of a unit since the epoch as timestamps."""
    if unit == "ns":
        time = floor_divide(numbers, pa.scalar(1000))
    else:
        time = pc.multiply_checked(numbers, {"s": 1_000_000, "ms": 1000, "us": 1}[unit])
    return in_range(time.cast(TIMESTAMP))


def strftime(moments: Value, pattern: str) -> Value:
    """Return times as text, whole seconds, in the zone of the timestamps."""
    seconds = pc.floor_temporal(moments, unit="second").cast(pa.timestamp("s", moments.type.tz))
    return pc.strftime(seconds, pattern)
