"""What a person writes: ``count()``, ``mean("score")``, ``top_k("word", 3, by="score")``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from pulse.errors import PipelineError
from pulse.model.aggregates.aggregate import Aggregate
from pulse.model.aggregates.combine_fn import CombineFn
from pulse.model.aggregates.distinct_sketch import datasketches
from pulse.model.arguments import placed
from pulse.model.expressions import Expr, col
from pulse.model.schema import data_type

if TYPE_CHECKING:
    import pyarrow as pa

Input: TypeAlias = "str | Expr"
"""A column name, or an expression over columns."""


def _expr(field: Input) -> Expr:
    return col(field) if isinstance(field, str) else field


@placed
def count(field: Input | None = None) -> Aggregate:
    """Count records, or the non-null values of a field; int64, 0 when there are none.

    Example:
        >>> str(count()), str(count("word"))
        ('count()', 'count(word)')
    """
    return Aggregate("count", None if field is None else _expr(field))


@placed
def sum(field: Input) -> Aggregate:  # noqa: A001 - the name that a person guesses
    """Add up numbers; null when there are none.

    Integers give int64 and never wrap: a result beyond it is an error. Decimals give decimal128 with all 38
    digits, floats double.
    """
    return Aggregate("sum", _expr(field))


@placed
def mean(field: Input) -> Aggregate:
    """Average numbers, as double, from the exact sum of integers and decimals; null when there are none."""
    return Aggregate("mean", _expr(field))


@placed
def min(field: Input) -> Aggregate:  # noqa: A001 - the name that a person guesses
    """Keep the smallest number, text, time, decimal or bool; null when there are none."""
    return Aggregate("min", _expr(field))


@placed
def max(field: Input) -> Aggregate:  # noqa: A001 - the name that a person guesses
    """Keep the largest number, text, time, decimal or bool; null when there are none."""
    return Aggregate("max", _expr(field))


@placed
def count_distinct(field: Input) -> Aggregate:
    """Count different non-null values, exactly; the state holds each of them once."""
    return Aggregate("count_distinct", _expr(field))


@placed
def first(field: Input) -> Aggregate:
    """Keep the value with the earliest event time; the smallest of several at that time."""
    return Aggregate("first", _expr(field))


@placed
def last(field: Input) -> Aggregate:
    """Keep the value with the latest event time; the largest of several at that time."""
    return Aggregate("last", _expr(field))


@placed
def variance(field: Input, *, ddof: int = 0) -> Aggregate:
    """Compute the variance, as double; null when there are no more than ``ddof`` values.

    Args:
        field: numbers.
        ddof: what is taken off the number of values in the divisor: 0 for all of a population, 1 for a
            sample of it.
    """
    return _moment("variance", field, ddof)


@placed
def stddev(field: Input, *, ddof: int = 0) -> Aggregate:
    """Compute the standard deviation, as double: the square root of ``variance``."""
    return _moment("stddev", field, ddof)


@placed
def collect(field: Input, *, nulls: bool = False) -> Aggregate:
    """List the values in the order of arrival; an empty list when there are none.

    The order of arrival is fixed for one split; records of several splits meet in the order in which the
    runner interleaves them.

    Args:
        field: values of any type.
        nulls: whether nulls are listed too.
    """
    return Aggregate("collect", _expr(field), (("nulls", True),) if nulls else ())


@placed
def top_k(field: Input, k: int, *, by: Input | None = None) -> Aggregate:
    """List the k largest values, largest first.

    Args:
        field: values to list.
        k: how many, at least 1.
        by: what to order by instead of the value; of those with equal ``by`` the larger value comes first.
            Records whose ``by`` is null are skipped.
    """
    return _ranked("top_k", field, k, by)


@placed
def bottom_k(field: Input, k: int, *, by: Input | None = None) -> Aggregate:
    """List the k smallest values, smallest first; see ``top_k``."""
    return _ranked("bottom_k", field, k, by)


@placed
def any_of(field: Input) -> Aggregate:
    """Tell whether any of the bools is true; null when there are none."""
    return Aggregate("any_of", _expr(field))


@placed
def all_of(field: Input) -> Aggregate:
    """Tell whether all of the bools are true; null when there are none."""
    return Aggregate("all_of", _expr(field))


@placed
def approx_count_distinct(field: Input) -> Aggregate:
    """Estimate the number of different non-null values, to about 1.6 %, in at most 4 KiB of state.

    1.6 % is one standard error; up to about 300 values the count is nearly always exact.

    Raises:
        MissingDependency: when ``datasketches`` is not installed.
    """
    datasketches()
    return Aggregate("approx_count_distinct", _expr(field))


@placed
def approx_quantile(field: Input, q: float) -> Aggregate:
    """Estimate a quantile, as double: the least value that at least ``q`` of the values do not exceed.

    It is exact as long as there are at most 256 different values, and within 1 % of the exact value after
    that. Null when there are no values.

    Args:
        field: numbers.
        q: from 0 (the smallest value) to 1 (the largest).
    """
    if not 0 <= q <= 1:
        raise PipelineError(f"quantile {q!r} is not between 0 and 1", hint="0.5 is the median, 0.99 is p99")
    return Aggregate("approx_quantile", _expr(field), (("q", float(q)),))


@placed
def approx_median(field: Input) -> Aggregate:
    """Estimate the median: ``approx_quantile(field, 0.5)``."""
    return approx_quantile(field, 0.5)


@placed
def combine(fn: CombineFn, field: Input | None = None, *, type: pa.DataType | str | None = None) -> Aggregate:  # noqa: A002
    """Aggregate with a person's own function, which runs in Python for every record.

    Args:
        fn: the function.
        field: what it is given: the values of this field, nulls too (as None); None: whole records.
        type: the type of its result, or its name; None: taken from the results.
    """
    if not isinstance(fn, CombineFn):
        raise PipelineError(
            f"combine takes a CombineFn, not {fn!r}",
            hint="subclass pulse.CombineFn with create, add, merge and extract, and pass an instance",
        )
    options: tuple[tuple[str, Any], ...] = (("fn", fn),)
    if type is not None:
        options = (*options, ("type", data_type(type)))
    return Aggregate("combine", None if field is None else _expr(field), options)


def _moment(kind: str, field: Input, ddof: int) -> Aggregate:
    if ddof < 0:
        raise PipelineError(f"{kind} takes a ddof of 0 or more, not {ddof!r}")
    return Aggregate(kind, _expr(field), (("ddof", ddof),) if ddof else ())


def _ranked(kind: str, field: Input, k: int, by: Input | None) -> Aggregate:
    if k < 1:
        raise PipelineError(f"{kind} takes a k of 1 or more, not {k!r}")
    options: tuple[tuple[str, Any], ...] = (("k", k),)
    return Aggregate(kind, _expr(field), options if by is None else (*options, ("by", _expr(by))))


avg = mean
distinct = count_distinct
list_of = collect
