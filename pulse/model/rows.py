"""From columns to rows: the one place where a record becomes a Python dict."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.errors import RecordError, cut
from pulse.model.time import MAX_EVENT_TIME, MAX_TIME, MIN_EVENT_TIME, MIN_TIME, to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH = to_datetime(0)


def to_rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the records as dicts; nanoseconds are cut to microseconds, which is what Python knows.

    Example:
        >>> to_rows(pa.record_batch({"a": [1, 2], "b": ["x", None]}))
        [{'a': 1, 'b': 'x'}, {'a': 2, 'b': None}]
    """
    names = batch.schema.names
    if not names:
        return [{} for _ in range(batch.num_rows)]
    return _builder(len(names))(names, [to_values(column) for column in batch.columns])


def to_values(column: pa.Array[Any]) -> list[Any]:
    """Return the values of a column as Python objects; zoned times are in UTC.

    ``MIN_TIME`` and ``MAX_TIME``, the ends of time that bound the global window, are None.

    Raises:
        RecordError: naming the first time outside the years 1 to 9999, which Python has no object for.

    Example:
        >>> to_values(pa.array([0], pa.timestamp("us", "UTC")))
        [datetime.datetime(1970, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)]
    """
    kind = column.type
    if pa.types.is_timestamp(kind):
        # Finer times are cut, coarser ones must not wrap around.
        moments = _in_micros(column)
        if kind.tz in {"UTC", "Z", "+00:00"}:
            return _utc(moments.cast(pa.int64()).to_pylist())
        column = moments
    try:
        values: list[Any] = column.to_pylist()
    except (OverflowError, ValueError) as error:
        raise _outside(_first_unknown(column)) from error
    return values


def shown_row(batch: pa.RecordBatch, row: int) -> str:
    """Return one record as text for messages; of a time outside the years 1 to 9999 the number behind it.

    Example:
        >>> shown_row(pa.record_batch({"t": pa.array([2**62], pa.timestamp("us"))}), 0)
        "{'t': 4611686018427387904}"
    """
    return repr(
        {name: _shown(column[row]) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
    )


def _shown(value: Any) -> Any:
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        return getattr(value, "value", None)


def _in_micros(column: pa.Array[Any]) -> pa.Array[Any]:
    kind = column.type
    try:
        return column.cast(pa.timestamp("us", kind.tz), safe=kind.unit != "ns")
    except pa.ArrowInvalid as error:
        raise _outside(f"{kind.unit} since the epoch: {error}") from error


def _utc(micros: list[int | None]) -> list[Any]:
    """Return aware datetimes; twenty times as fast as pyarrow, which looks up the zone for each value."""
    epoch = _EPOCH
    return [
        None
        if value is None
        else epoch + timedelta(0, 0, value)
        if MIN_EVENT_TIME <= value <= MAX_EVENT_TIME
        else _unless_end(value)
        for value in micros
    ]


def _unless_end(value: int) -> Any:
    if value not in {MIN_TIME, MAX_TIME}:
        raise _outside(f"{value} us since the epoch")
    return None


def _first_unknown(column: pa.Array[Any]) -> str:
    """Return the number behind the first value that Python has no object for."""
    for value in column:
        try:
            value.as_py()
        except (OverflowError, ValueError):
            return f"{getattr(value, 'value', 'within')} of type {column.type}"
    return f"of type {column.type}"


def _outside(value: str) -> RecordError:
    return RecordError(f"time {cut(value, 120)} lies outside the years 1 to 9999")


@lru_cache(maxsize=256)
def _builder(width: int) -> Callable[[list[str], list[list[Any]]], list[dict[str, Any]]]:
    """Return a function that builds dicts of a number of fields.

    A dict display is twice as fast as ``dict(zip(...))``, and it needs the number of fields to be written
    out. The source text below is made from that number alone; the names are passed as values.
    """
    places = range(width)
    keys = ", ".join(f"k{i}" for i in places)
    values = ", ".join(f"v{i}" for i in places)
    pairs = ", ".join(f"k{i}: v{i}" for i in places)
    text = (
        f"def build(names, columns):\n"
        f"    {keys}, = names\n"
        f"    return [{{{pairs}}} for {values}, in zip(*columns, strict=True)]\n"
    )
    scope: dict[str, Any] = {}
    exec(compile(text, "<rows>", "exec"), scope)  # noqa: S102 - see above: nothing of the data is in it
    build: Callable[[list[str], list[list[Any]]], list[dict[str, Any]]] = scope["build"]
    return build
