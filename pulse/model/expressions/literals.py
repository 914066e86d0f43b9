"""Constants: the Python values an expression may hold, and their Arrow types."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from pyarrow import types

from pulse.errors import TypeMismatch, cut
from pulse.model.expressions.tree import Literal
from pulse.model.schema import TIMESTAMP, is_text, type_name, type_of

Scalar: TypeAlias = "bool | int | float | str | bytes | datetime | date | Decimal | None"
"""A value that can stand as a constant."""

_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)


def literal(value: Any) -> Literal:
    """Return a value as a literal node.

    Raises:
        TypeMismatch: when no literal has that type.

    Example:
        >>> literal(2), literal("a").type
        (Literal(value=2, type=DataType(int64)), DataType(string))
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, datetime):
        return Literal(to_utc(value).replace(fold=0), TIMESTAMP)
    if value is None or isinstance(value, bool | int | float | str | bytes | date | Decimal):
        return Literal(value, type_of(value))
    raise TypeMismatch(
        f"value {cut(repr(value), 60)} of Python type {type(value).__name__} cannot stand in an expression",
        hint="use None, bool, int, float, str, bytes, datetime, date or Decimal; a list only in is_in",
    )


def convert_literal(node: Literal, kind: pa.DataType) -> Literal | None:
    """Return a literal as one of another type without loss of meaning, or None where that needs a cast.

    A string becomes the time that it tells, an integer a double or decimal, null anything.

    Raises:
        TypeMismatch: for a string that should be a time and is not.

    Example:
        >>> convert_literal(literal("2024-05-01"), pa.date32()).value
        datetime.date(2024, 5, 1)
    """
    value = node.value
    if value is None or node.type == kind:
        return Literal(value, kind)
    if isinstance(value, str) and types.is_timestamp(kind):
        return Literal(_parsed(value, TIMESTAMP), TIMESTAMP)
    if isinstance(value, str) and types.is_date(kind):
        moment = _parsed(value, kind)
        return Literal(moment.date(), kind) if _is_midnight(moment) else Literal(moment, TIMESTAMP)
    if isinstance(value, int) and not isinstance(value, bool):
        if types.is_floating(kind):
            return Literal(float(value), pa.float64())
        if types.is_decimal(kind):
            return Literal(Decimal(value), type_of(Decimal(value)))
    return None


def read_time(text: str) -> datetime | None:
    """Return ISO 8601 text as a moment in UTC, or None when it is not of the plain form.

    Text without an offset counts as UTC; a date alone as its midnight.

    Example:
        >>> read_time("2024-05-01T10:00:00+02:00"), read_time("May 1st")
        (datetime.datetime(2024, 5, 1, 8, 0, tzinfo=datetime.timezone.utc), None)
    """
    if _ISO.fullmatch(text) is None:
        return None
    try:
        return to_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return None


def to_utc(value: datetime) -> datetime:
    """Return a moment in UTC; one without a zone is taken as UTC."""
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def is_string_literal(node: object) -> bool:
    """Return whether a node is a constant string."""
    return isinstance(node, Literal) and is_text(node.type)


def _parsed(text: str, kind: pa.DataType) -> datetime:
    moment = read_time(text)
    if moment is None:
        raise TypeMismatch(
            f"{text!r} is compared with a {type_name(kind)} but is no ISO 8601 time",
            hint="write '2024-05-01' or '2024-05-01T10:00:00Z'",
        )
    return moment


def _is_midnight(moment: datetime) -> bool:
    return (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
