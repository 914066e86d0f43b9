"""The type of each aggregate's result, and what it can be computed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.types as pat

from pulse.errors import TypeMismatch
from pulse.model.schema import type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.model.aggregates.aggregate import Aggregate

DECIMAL_DIGITS = 38
"""The digits of a sum of decimals, and the most that an input of one may have."""


def decoded_type(given: pa.DataType) -> pa.DataType:
    """Return the type of the values, whatever way they are encoded in.

    Example:
        >>> decoded_type(pa.dictionary(pa.int8(), pa.string())), decoded_type(pa.string_view())
        (DataType(string), DataType(string))
    """
    if isinstance(given, pa.DictionaryType | pa.RunEndEncodedType):
        return decoded_type(given.value_type)
    if pat.is_string_view(given):
        return pa.string()
    if pat.is_binary_view(given):
        return pa.binary()
    return pa.float32() if pat.is_float16(given) else given


def is_number(given: pa.DataType) -> bool:
    """Whether sums and means are defined for the type."""
    if pat.is_decimal(given):
        return bool(given.precision <= DECIMAL_DIGITS)
    return bool(pat.is_integer(given) or pat.is_floating(given) or pat.is_null(given))


def is_scalar(given: pa.DataType) -> bool:
    """Whether values of the type are equal or ordered by value: no lists, structs, maps or intervals."""
    return not (pat.is_nested(given) or pat.is_interval(given) or isinstance(given, pa.BaseExtensionType))


def _is_bool(given: pa.DataType) -> bool:
    return bool(pat.is_boolean(given) or pat.is_null(given))


_NUMBERS = ("numbers", is_number, "cast the input first, for example col('x').cast('double')")
_SCALARS = ("values that have an order", is_scalar, "name a field inside it, or use collect or combine")
_BOOLS = ("bools", _is_bool, "compare first, for example any_of(col('score') > 1)")

_NEEDS: dict[str, tuple[str, Callable[[pa.DataType], bool], str]] = {
    **dict.fromkeys(("sum", "mean", "variance", "stddev", "approx_quantile"), _NUMBERS),
    **dict.fromkeys(("min", "max", "first", "last", "top_k", "bottom_k"), _SCALARS),
    **dict.fromkeys(("count_distinct", "approx_count_distinct"), _SCALARS),
    **dict.fromkeys(("any_of", "all_of"), _BOOLS),
}

_FIXED: dict[str, pa.DataType] = {
    **dict.fromkeys(("count", "count_distinct", "approx_count_distinct"), pa.int64()),
    **dict.fromkeys(("mean", "variance", "stddev", "approx_quantile"), pa.float64()),
    **dict.fromkeys(("any_of", "all_of"), pa.bool_()),
}


def result_type(
    aggregate: Aggregate, given: pa.DataType | None, by: pa.DataType | None
) -> pa.DataType | None:
    """Return the type of an aggregate's result.

    Args:
        aggregate: the declaration.
        given: type of its input; None for whole records.
        by: type of what it orders by, if it does.

    Raises:
        TypeMismatch: when the kind is not defined for the input.
    """
    if aggregate.fn is not None:
        declared: pa.DataType | None = aggregate.option("type")
        return declared
    if given is None:
        return pa.int64()
    values = decoded_type(given)
    _check(aggregate, given, aggregate.input)
    if by is not None:
        _check(aggregate, by, aggregate.by)
    if aggregate.kind in _FIXED:
        return _FIXED[aggregate.kind]
    if aggregate.kind in ("collect", "top_k", "bottom_k"):
        return pa.list_(values)
    return sum_type(values) if aggregate.kind == "sum" else values


def sum_type(values: pa.DataType) -> pa.DataType:
    """Return the type of a sum.

    Example:
        >>> sum_type(pa.int8()), sum_type(pa.float32()), sum_type(pa.decimal128(5, 2))
        (DataType(int64), DataType(double), Decimal128Type(decimal128(38, 2)))
    """
    if pat.is_decimal(values):
        return pa.decimal128(DECIMAL_DIGITS, values.scale)
    return pa.float64() if pat.is_floating(values) else pa.int64()


def _check(aggregate: Aggregate, given: pa.DataType, of: object) -> None:
    if aggregate.kind not in _NEEDS:
        return
    what, holds, hint = _NEEDS[aggregate.kind]
    if not holds(decoded_type(given)):
        raise TypeMismatch(f"{aggregate} needs {what}, but {of} is {type_name(given)}", hint=hint)
