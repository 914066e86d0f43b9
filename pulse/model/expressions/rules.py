"""Type rules: from the types of the arguments to what a function converts them to and returns.

A rule gets canonical types (see ``canonical``) and returns None where the function is not defined. Null, the
type of a column without any value, fits everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import pyarrow as pa
from pyarrow import types

from pulse.errors import UnknownField
from pulse.model.schema import TIMESTAMP, as_decimal, is_number, is_text, widen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.model.expressions.tree import Option

INT, DOUBLE, BOOL, STRING, DATE = pa.int64(), pa.float64(), pa.bool_(), pa.string(), pa.date32()
_MAX_DIGITS = 38


class Signature(NamedTuple):
    """What the arguments are converted to, and the type of the result."""

    arguments: tuple[pa.DataType, ...]
    result: pa.DataType


class Rule(Protocol):
    """From argument types and options to a signature, or None where the function is not defined."""

    def __call__(self, kinds: Sequence[pa.DataType], options: Sequence[Option], /) -> Signature | None:
        """Return the signature, or None."""


def canonical(kind: pa.DataType) -> pa.DataType:
    """Return the type in which functions work: int64, double, string, binary, date32, timestamp in us.

    Example:
        >>> canonical(pa.int16()), canonical(pa.dictionary(pa.int32(), pa.string()))
        (DataType(int64), DataType(string))
    """
    if types.is_dictionary(kind):
        return canonical(kind.value_type)
    if isinstance(kind, pa.TimestampType):
        return pa.timestamp("us", kind.tz or "UTC")
    for test, wide in _CANONICAL:
        if test(kind):
            return wide
    return kind


_CANONICAL: tuple[tuple[Callable[[pa.DataType], bool], pa.DataType], ...] = (
    (types.is_integer, INT),
    (types.is_floating, DOUBLE),
    (is_text, STRING),
    (types.is_date, DATE),
    (types.is_large_binary, pa.binary()),
    (types.is_fixed_size_binary, pa.binary()),
)


def common(kinds: Sequence[pa.DataType]) -> pa.DataType | None:
    """Return the one type that holds all of these, or None."""
    found: pa.DataType | None = pa.null()
    for kind in kinds:
        found = None if found is None else widen(found, kind)
    return found


def shared(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:  # noqa: ARG001
    """Rule of functions whose arguments and result have one type, whichever it is."""
    kind = common(kinds)
    return None if kind is None else Signature((kind,) * len(kinds), kind)


def ordered(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:
    """Rule of functions over values of one type that has an order, and return it."""
    signature = shared(kinds, options)
    return signature if signature and _has_order(signature.result) else None


def extreme(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:
    """Rule of least and greatest: one type that has an order and more than two values."""
    signature = ordered(kinds, options)
    return signature if signature and not types.is_boolean(signature.result) else None


def comparison(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:
    """Rule of comparisons: one type that has an order, to bool."""
    signature = ordered(kinds, options)
    if signature and types.is_null(signature.result):
        return Signature((BOOL,) * len(kinds), BOOL)
    return signature and Signature(signature.arguments, BOOL)


def any_to_bool(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature:  # noqa: ARG001
    """Rule of tests for null."""
    return Signature(tuple(kinds), BOOL)


def choice(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:
    """Rule of ``when``: condition, value, condition, value, ..., otherwise."""
    conditions, values = kinds[0:-1:2], [*kinds[1::2], kinds[-1]]
    signature = shared(values, options)
    if signature is None or not all(_fits(kind, BOOL) for kind in conditions):
        return None
    return Signature((*(BOOL, signature.result) * len(conditions), signature.result), signature.result)


def arithmetic(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:  # noqa: ARG001
    """Rule of ``-``, unary minus and abs: int64 and decimal stay what they are, all else is double."""
    kind = _number(kinds)
    if kind is None:
        return None
    if len(kinds) == 1 or not types.is_decimal(kind):
        return Signature((kind,) * len(kinds), kind)
    left, right = (as_decimal(one) for one in kinds)
    scale = max(left.scale, right.scale)
    whole = max(left.precision - left.scale, right.precision - right.scale)
    return _decimals(left, right, whole + scale + 1, scale)


def addition(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:
    """Rule of ``+``: numbers, or strings, which are joined."""
    kind = common(kinds)
    return Signature((STRING, STRING), STRING) if kind == STRING else arithmetic(kinds, options)


def multiplication(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:
    """Rule of ``*``: as ``-``, but the digits of decimals add up."""
    kind = _number(kinds)
    if kind is None or not types.is_decimal(kind):
        return arithmetic(kinds, options)
    left, right = (as_decimal(one) for one in kinds)
    return _decimals(left, right, left.precision + right.precision + 1, left.scale + right.scale)


def binary_number(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:  # noqa: ARG001
    """Rule of ``//``, ``%``, ``**`` and rounding: int64 or double; decimals must be cast first."""
    kind = _number(kinds)
    return None if kind is None or types.is_decimal(kind) else Signature((kind,) * len(kinds), kind)


def to_double(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:  # noqa: ARG001
    """Rule of ``/`` and the real functions: any number, to double."""
    return None if _number(kinds) is None else Signature((DOUBLE,) * len(kinds), DOUBLE)


def member(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:
    """Rule of ``.field(name)``: a struct, to the type of that member; raises ``UnknownField``."""
    kind, name = kinds[0], str(options[0])
    if not isinstance(kind, pa.StructType):
        return None
    if kind.get_field_index(name) < 0:
        raise UnknownField.of(name, [field.name for field in kind])
    return Signature((kind,), kind.field(name).type)


def from_to(*accepted: pa.DataType, result: pa.DataType) -> Rule:
    """Return the rule of functions over one type (or a few) with a fixed result, any number of arguments."""

    def rule(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:  # noqa: ARG001
        targets: list[pa.DataType] = []
        for kind in kinds:
            fitting = [one for one in accepted if _fits(kind, one)]
            if not fitting:
                return None
            # A timestamp keeps its own zone: the parts of a time are those that its zone shows.
            targets.append(fitting[0] if types.is_null(kind) else kind)
        return Signature(tuple(targets), result)

    return rule


def to_timestamp(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:  # noqa: ARG001
    """Rule of functions that return moments in UTC."""
    return Signature((TIMESTAMP,), TIMESTAMP) if _fits(kinds[0], TIMESTAMP) else None


def to_zone(kinds: Sequence[pa.DataType], options: Sequence[Option]) -> Signature | None:
    """Rule of ``.dt.to_time_zone(zone)``."""
    zoned = pa.timestamp("us", str(options[0]))
    return Signature((TIMESTAMP,), zoned) if _fits(kinds[0], TIMESTAMP) else None


def _fits(kind: pa.DataType, target: pa.DataType) -> bool:
    return kind == target or types.is_null(kind) or (types.is_timestamp(kind) and types.is_timestamp(target))


def _number(kinds: Sequence[pa.DataType]) -> pa.DataType | None:
    kind = common(kinds)
    if kind is None:
        return DOUBLE if all(is_number(one) for one in kinds) else None
    if types.is_null(kind):
        return DOUBLE
    return kind if is_number(kind) else None


def _decimals(
    left: pa.Decimal128Type[int, int], right: pa.Decimal128Type[int, int], precision: int, scale: int
) -> Signature | None:
    return Signature((left, right), pa.decimal128(precision, scale)) if precision <= _MAX_DIGITS else None


def _has_order(kind: pa.DataType) -> bool:
    return not (types.is_nested(kind) or types.is_interval(kind))
