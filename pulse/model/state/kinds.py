"""Which Python values a declared type of state holds: a check that costs one look-up per write."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pyarrow as pa

from pulse.errors import StateError, cut
from pulse.model.schema import data_type

if TYPE_CHECKING:
    from collections.abc import Callable

ANY = "any"
"""The type that holds all plain data."""

_NONE = type(None)
_PLAIN = frozenset(
    {
        _NONE,
        *(bool, int, float, str, bytes, Decimal, datetime, date, time, timedelta, UUID),
        *(tuple, list, set, frozenset, dict),
    }
)
_KINDS: tuple[tuple[Callable[[pa.DataType], bool], tuple[type, ...]], ...] = (
    (pa.types.is_boolean, (bool,)),
    (pa.types.is_integer, (int,)),
    (pa.types.is_floating, (float, int)),
    (pa.types.is_decimal, (Decimal, int)),
    (pa.types.is_string, (str,)),
    (pa.types.is_large_string, (str,)),
    (pa.types.is_binary, (bytes,)),
    (pa.types.is_large_binary, (bytes,)),
    (pa.types.is_timestamp, (datetime,)),
    (pa.types.is_date, (date,)),
    (pa.types.is_time, (time,)),
    (pa.types.is_duration, (timedelta,)),
    (pa.types.is_list, (list, tuple)),
    (pa.types.is_struct, (dict,)),
    (pa.types.is_map, (dict,)),
)


def kinds_of(name: str) -> frozenset[type]:
    """Return the Python types whose values a type of state holds; None is one of them always.

    Args:
        name: the name of a type, such as ``"int64"``, or ``"any"``.

    Raises:
        TypeMismatch: when there is no such type.

    Example:
        >>> sorted(kind.__name__ for kind in kinds_of("double"))
        ['NoneType', 'float', 'int']
    """
    if name == ANY:
        return _PLAIN
    kind = data_type(name)
    for is_kind, found in _KINDS:
        if is_kind(kind):
            return frozenset({_NONE, *found})
    return _PLAIN


def misfit(cell: str, type_name: str, value: Any) -> StateError:
    """Return the error for a value that a cell of a type does not hold.

    Example:
        >>> print(misfit("seen", "int64", "x").message)
        state 'seen' holds int64, but was given str 'x'
    """
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    holds = "plain data" if type_name == ANY else type_name
    return StateError(
        f"state {cell!r} holds {holds}, but was given {name} {cut(repr(value), 60)}",
        hint="state is plain data: numbers, text, bytes, times, and lists, tuples, sets and dicts of these; "
        "convert the value, or declare another type",
    )
