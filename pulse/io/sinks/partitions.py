"""Hive-style partitions: which directory each record belongs to, decided for a whole bundle at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from pulse.errors import ConnectorError
from pulse.io.sinks import text
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME, SECOND, to_datetime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.model.bundle import Int64s

DEFAULT = "__HIVE_DEFAULT_PARTITION__"
"""The partition of null, and of event times outside of years 1 to 9999."""

_DAY = 86_400 * SECOND
_DIRECTIVE = re.compile(r"%[-_0^#]?([A-Za-z%])")
_BY_HOUR = frozenset("HIp")
_BY_MINUTE = frozenset("MR")
_BY_DAY = frozenset("YmdjyGVuwUWCaAbBhDFeg%")


def directory(field: str, value: str | None) -> str:
    """Return the name of a partition's directory; characters that paths or readers trip over are encoded.

    Example:
        >>> directory("dt", "2024-05-01"), directory("user", "a/b c"), directory("user", None)
        ('dt=2024-05-01', 'user=a%2Fb%20c', 'user=__HIVE_DEFAULT_PARTITION__')
    """
    return f"{quote(field, safe='')}={DEFAULT if value is None else quote(value, safe='')}"


def check_format(partition_format: str) -> None:
    """Refuse a format that gives no date.

    Raises:
        ConnectorError: when it holds no directive, or is no format at all.
    """
    if not set(_DIRECTIVE.findall(partition_format)) - {"%"}:
        raise ConnectorError(
            f"partition_format {partition_format!r} has no date in it",
            hint="use strftime directives such as '%Y-%m-%d' or '%Y-%m-%dT%H'",
        )


def by_date(times: Int64s, partition_format: str) -> tuple[Int64s, list[str | None]]:
    """Return the partition of each event time as an index, and the partitions' values.

    Only the distinct days (or hours, minutes, as the format asks) are formatted, never each record.

    Example:
        >>> codes, names = by_date(np.array([0, 5, _DAY, 2**63 - 1]), "%Y-%m-%d")
        >>> codes.tolist(), names
        ([0, 0, 1, 2], ['1970-01-01', '1970-01-02', None])
    """
    unit = _unit(partition_format)
    cells, codes = np.unique(times // unit, return_inverse=True)
    names: dict[str | None, int] = {}
    final = np.empty(len(cells), np.int64)
    for index, cell in enumerate(cells.tolist()):
        inside = MIN_EVENT_TIME <= cell * unit <= MAX_EVENT_TIME
        name = to_datetime(cell * unit).strftime(partition_format) if inside else None
        final[index] = names.setdefault(name, len(names))
    return final[codes], list(names)


def by_field(column: text.Column) -> tuple[Int64s, list[str | None]]:
    """Return the partition of each value as an index, and the partitions' values as text.

    Example:
        >>> codes, names = by_field(pa.array(["a", None, "a", "b"]))
        >>> codes.tolist(), names
        ([0, 1, 0, 2], ['a', None, 'b'])
    """
    if pa.types.is_nested(column.type):
        column = text.cells(column)
    if pa.types.is_null(column.type):
        return np.zeros(len(column), np.int64), [None]
    encoded = column.dictionary_encode("encode")
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, text.cells(encoded.dictionary).to_pylist()


def split(codes: Int64s, count: int) -> Iterator[tuple[int, Int64s | None]]:
    """Yield each partition that occurs with the indices of its records, in their order; None for all of them.

    Example:
        >>> [(code, rows.tolist()) for code, rows in split(np.array([1, 0, 1]), 2)]
        [(0, [1]), (1, [0, 2])]
    """
    if count == 1:
        yield 0, None
        return
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=count))
    start = 0
    for code, end in enumerate(ends.tolist()):
        if end > start:
            yield code, order[start:end]
        start = end


def _unit(partition_format: str) -> int:
    """Return the longest span of time, in microseconds, in which the format cannot change."""
    used = set(_DIRECTIVE.findall(partition_format))
    for more, unit in ((_BY_DAY, _DAY), (_BY_DAY | _BY_HOUR, 3600 * SECOND)):
        if used <= more:
            return unit
    if used <= _BY_DAY | _BY_HOUR | _BY_MINUTE:
        return 60 * SECOND
    return 1 if "f" in used else SECOND
