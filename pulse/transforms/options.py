"""Options that several transforms share, checked where a person writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from numbers import Integral
from typing import TYPE_CHECKING, Any, get_args

import pyarrow as pa

from pulse.errors import PipelineError, cut, did_you_mean
from pulse.graph.ops.base import OnError
from pulse.model.expressions import Expr, col, parse
from pulse.model.schema import schema_of
from pulse.model.watermarks import WatermarkStrategy

if TYPE_CHECKING:
    from collections.abc import Callable


def check_on_error(value: str) -> OnError:
    """Return an error policy, or say which there are.

    Example:
        >>> check_on_error("skip")
        'skip'
    """
    allowed = get_args(OnError)
    if value not in allowed:
        raise PipelineError(
            f"on_error {value!r} is not one of {', '.join(allowed)}", hint=did_you_mean(str(value), allowed)
        )
    return value  # type: ignore[return-value]


def check_watermarks(strategy: Any) -> WatermarkStrategy | None:
    """Return a watermark strategy, or None; say which there are when it is something else.

    Example:
        >>> check_watermarks(None) is None
        True
    """
    if strategy is None or isinstance(strategy, get_args(WatermarkStrategy)):
        return strategy
    raise PipelineError(
        f"watermarks takes a strategy, not {type(strategy).__name__} {strategy!r}",
        hint="use BoundedOutOfOrderness('5s'), monotonic(), EndOnly(), FromField('field') or FromSource()",
    )


def check_function(function: Any, transform: str) -> Callable[..., Any]:
    """Return a person's function, or say that it is none."""
    if not callable(function):
        raise PipelineError(
            f"{transform} takes a function, not {type(function).__name__} {function!r}",
            hint="for an expression use Filter(col('x') > 1), Select(...) or WithColumns(...)",
        )
    return function  # type: ignore[no-any-return]


def shown(value: Any) -> str:
    """Return a value that has no place in an argument, with its type.

    Example:
        >>> shown("x"), shown(int)
        ("str 'x'", 'the class int')
    """
    return (
        f"the class {value.__name__}"
        if isinstance(value, type)
        else f"{type(value).__name__} {cut(repr(value))}"
    )


def check_records(records: Any) -> None:
    """Raise a ``PipelineError`` for a record in memory that has a field whose name is no text."""
    if not isinstance(records, Sequence):
        return
    names = {name: None for record in records if isinstance(record, Mapping) for name in record}
    for name in names:
        if not isinstance(name, str):
            raise PipelineError(
                f"Create was given a record with the field {shown(name)}, but names of fields are texts",
                hint="write {'name': value}; for records of another shape, wrap each: {'record': ...}",
            )


def check_times(times: Any) -> None:
    """Raise a ``PipelineError`` for an event time that is neither microseconds nor a datetime."""
    for time in times if isinstance(times, Sequence) and not isinstance(times, str | bytes) else ():
        if not isinstance(time, Integral | datetime) or isinstance(time, bool):
            raise PipelineError(
                f"Create takes event times in microseconds or as datetimes as times, not {shown(time)}",
                hint="when the records hold the time, as a text or number, name its field: time_field='t'",
            )


def to_schema(schema: Mapping[str, str] | pa.Schema | None) -> pa.Schema | None:
    """Return a declared schema; names of types as people write them.

    Example:
        >>> to_schema({"n": "int64"}).names
        ['n']
    """
    return schema if schema is None or isinstance(schema, pa.Schema) else schema_of(schema)


def to_expr(value: Any) -> Expr:
    """Return an expression: itself, or a field by its name.

    Example:
        >>> str(to_expr("word"))
        'word'
    """
    if isinstance(value, Expr):
        return value
    if isinstance(value, str):
        return col(value)
    raise PipelineError(
        f"{value!r} is neither a field name nor an expression", hint="write 'field' or col('field') * 2"
    )


def to_condition(value: Any) -> Expr:
    """Return a condition: an expression, or its text form."""
    return parse(value) if isinstance(value, str) else to_expr(value)
