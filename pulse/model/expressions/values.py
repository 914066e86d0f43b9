"""Arithmetic and comparison of two values of one row, of whatever types they turn out to be.

It does what the type rules do over columns, but finds the types in the values: rows need no schema.
"""

from __future__ import annotations

import math
import operator
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from pulse.errors import RecordError, TypeMismatch, cut
from pulse.model.expressions.literals import read_time, to_utc
from pulse.model.schema import type_name, type_of

if TYPE_CHECKING:
    from collections.abc import Callable

MIN_INT = -(2**63)
MAX_INT = 2**63 - 1

_PLAIN = (int, float)
EXACT = Context(prec=76)
"""Arithmetic of decimals that never rounds: the products of two of 38 digits have 76."""
_ORDERED = (bool, int, float, Decimal, str, bytes, datetime, date, timedelta)


def plain(value: Any) -> Any:
    """Return a numpy scalar as the Python value it holds, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def is_number(value: Any) -> bool:
    """Return whether a value is an int, float or Decimal (bool is none of them)."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def is_int(value: Any) -> bool:
    """Return whether a value is an int (bool is not)."""
    return isinstance(value, int) and not isinstance(value, bool)


def undefined(symbol: str, *values: Any) -> RecordError:
    """Return the error for an operation that is not defined for the types of these values."""
    shown = " and ".join(f"{cut(repr(value), 60)} ({_kind(value)})" for value in values)
    return RecordError(f"{symbol} is not defined for {shown}")


def checked(symbol: str, result: int, *values: int) -> int:
    """Return an integer result that fits int64; raises ``RecordError`` when it does not."""
    if MIN_INT <= result <= MAX_INT:
        return result
    shown = f" {symbol} ".join(str(value) for value in values)
    raise RecordError(f"integer overflow: {shown} does not fit int64")


def align(symbol: str, left: Any, right: Any) -> tuple[Any, Any]:
    """Return two values, neither None, brought to one type as ``widen`` does.

    Raises:
        RecordError: when no one type holds both.

    Example:
        >>> align("==", 1, 2.5), align("==", date(2024, 5, 1), "2024-05-01")
        ((1.0, 2.5), (datetime.date(2024, 5, 1), datetime.date(2024, 5, 1)))
    """
    left, right = plain(left), plain(right)
    if is_number(left) and is_number(right):
        if isinstance(left, float) or isinstance(right, float):
            return float(left), float(right)
        return (left, right) if is_int(left) and is_int(right) else (Decimal(left), Decimal(right))
    if isinstance(left, date) or isinstance(right, date):
        return _align_times(symbol, left, right)
    if type(left) is type(right) and isinstance(left, _ORDERED):
        return left, right
    for kind in (str, bytes):
        if isinstance(left, kind) and isinstance(right, kind):
            return left, right
    raise undefined(symbol, left, right)


def arithmetic(
    symbol: str, compute: Callable[[Any, Any], Any], exact: Callable[[Decimal, Decimal], Decimal] | None
) -> Callable[[Any, Any], Any]:
    """Return the careful form of an operator over numbers.

    Args:
        symbol: the operator, for messages.
        compute: the operator over two ints or two floats.
        exact: the operator over two decimals, where it is defined.
    """

    def run(left: Any, right: Any) -> Any:
        if left is None or right is None:
            return None
        left, right = plain(left), plain(right)
        if symbol == "+" and isinstance(left, str) and isinstance(right, str):
            return left + right
        if not (is_number(left) and is_number(right)):
            raise undefined(symbol, left, right)
        left, right = align(symbol, left, right)
        if isinstance(left, Decimal):
            if exact is None:
                raise undefined(symbol, left, right)
            return exact(left, right)
        result = compute(left, right)
        return result if isinstance(left, float) else checked(symbol, result, left, right)

    return run


add = arithmetic("+", operator.add, EXACT.add)
subtract = arithmetic("-", operator.sub, EXACT.subtract)
multiply = arithmetic("*", operator.mul, EXACT.multiply)


def divide(left: Any, right: Any) -> float | None:
    """Return ``left / right`` as a double; a zero divisor gives null, as in SQL.

    Example:
        >>> divide(1, 4), divide(1, 0)
        (0.25, None)
    """
    if left is None or right is None:
        return None
    if not (left.__class__ in _PLAIN and right.__class__ in _PLAIN):
        left, right = plain(left), plain(right)
        if not (is_number(left) and is_number(right)):
            raise undefined("/", left, right)
    divisor = float(right)
    return float(left) / divisor if divisor else None


def _nonzero(symbol: str, compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def run(left: Any, right: Any) -> Any:
        if not right:
            raise RecordError(f"division by zero: {left} {symbol} {right}")
        return compute(left, right)

    return run


floor_divide = arithmetic("//", _nonzero("//", operator.floordiv), None)
modulo = arithmetic("%", _nonzero("%", operator.mod), None)


def _power(left: Any, right: Any) -> Any:
    if isinstance(left, int):
        if right < 0:
            raise RecordError(f"negative exponent: {left} ** {right} is no integer", hint="make one a double")
        if abs(left) > 1 and right > 64:  # noqa: PLR2004 - 2 ** 64 overflows already: spare the big number
            raise RecordError(f"integer overflow: {left} ** {right} does not fit int64")
        return left**right
    try:
        return math.pow(left, right)
    except OverflowError:
        return -math.inf if left < 0 and right % 2 == 1 else math.inf
    except ValueError:  # zero to a negative power, or a root of a negative number: IEEE 754 has answers
        if left:
            return math.nan
        return math.copysign(math.inf, left) if right % 2 == 1 else math.inf


power = arithmetic("**", _power, None)


def _align_times(symbol: str, left: Any, right: Any) -> tuple[Any, Any]:
    times = [_as_time(symbol, value, (left, right)) for value in (left, right)]
    if any(isinstance(value, datetime) for value in times):
        times = [
            to_utc(one) if isinstance(one, datetime) else datetime(one.year, one.month, one.day, tzinfo=UTC)
            for one in times
        ]
    return times[0], times[1]


def _as_time(symbol: str, value: Any, both: tuple[Any, Any]) -> date:
    if isinstance(value, date):
        return value
    moment = read_time(value) if isinstance(value, str) else None
    if moment is None:
        raise undefined(symbol, *both)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return moment.date() if moment == midnight else moment


def _kind(value: Any) -> str:
    try:
        return type_name(type_of(value))
    except TypeMismatch:
        return type(value).__name__
