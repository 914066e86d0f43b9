"""Functions over times: the parts of a time are those that its zone shows, UTC unless it has another."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from pulse.model.expressions import kernels, rules
from pulse.model.expressions.columns import strict, typed
from pulse.model.expressions.function import Function
from pulse.model.expressions.literals import to_utc
from pulse.model.expressions.rows import strict as strict_row
from pulse.model.schema import TIMESTAMP
from pulse.model.time import from_datetime, micros, to_datetime

if TYPE_CHECKING:
    from collections.abc import Callable

_MICROS = {"s": 1_000_000, "ms": 1000, "us": 1}


@lru_cache(maxsize=64)
def _length(text: str) -> int:
    return micros(text)


def _truncate(value: datetime, length: str) -> datetime:
    time = from_datetime(value)
    return to_datetime(time - time % _length(length))


def _from_epoch(value: int, unit: str) -> datetime:
    return to_datetime(value // 1000 if unit == "ns" else value * _MICROS[unit])


def _strftime(value: datetime, pattern: str) -> Any:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return kernels.strftime(pa.scalar(aware), pattern).as_py()


def _to_zone(value: datetime, zone: str) -> datetime:
    return to_utc(value).astimezone(ZoneInfo(zone))


def _part(
    name: str, kernel: Callable[..., Any], row: Callable[..., Any], *, of_date: bool = False
) -> Function:
    accepted = (TIMESTAMP, rules.DATE) if of_date else (TIMESTAMP,)
    return Function(
        rule=rules.from_to(*accepted, result=rules.INT),
        columns=strict(kernel),
        rows=strict_row(row, (datetime, date) if of_date else (datetime,), name),
        takes="timestamps and dates" if of_date else "timestamps",
        cost=4,
    )


TEMPORAL: dict[str, Function] = {
    "dt.year": _part("dt.year", pc.year, lambda t: t.year, of_date=True),
    "dt.month": _part("dt.month", pc.month, lambda t: t.month, of_date=True),
    "dt.day": _part("dt.day", pc.day, lambda t: t.day, of_date=True),
    "dt.hour": _part("dt.hour", pc.hour, lambda t: t.hour),
    "dt.minute": _part("dt.minute", pc.minute, lambda t: t.minute),
    "dt.second": _part("dt.second", pc.second, lambda t: t.second),
    "dt.weekday": _part("dt.weekday", pc.day_of_week, lambda t: t.weekday(), of_date=True),
    "dt.epoch_ms": _part("dt.epoch_ms", kernels.epoch_ms, lambda t: from_datetime(t) // 1000),
    "dt.date": Function(
        rule=rules.from_to(TIMESTAMP, rules.DATE, result=rules.DATE),
        columns=strict(lambda t: t.cast(pa.date32(), safe=False)),
        rows=strict_row(lambda t: t.date() if isinstance(t, datetime) else t, (datetime, date), "dt.date"),
        takes="timestamps and dates",
        cost=4,
    ),
    "dt.truncate": Function(
        rule=rules.to_timestamp,
        columns=strict(lambda t, length: kernels.truncate(t, _length(length))),
        rows=strict_row(_truncate, (datetime,), "dt.truncate"),
        takes="timestamps",
        can_fail=True,
        cost=4,
    ),
    "dt.from_epoch": Function(
        rule=rules.from_to(rules.INT, result=TIMESTAMP),
        columns=strict(kernels.from_epoch),
        rows=strict_row(_from_epoch, (int,), "dt.from_epoch"),
        takes="integers",
        can_fail=True,
        cost=2,
    ),
    "dt.to_time_zone": Function(
        rule=rules.to_zone,
        columns=typed(lambda t, kind: t.cast(kind)),
        rows=strict_row(_to_zone, (datetime,), "dt.to_time_zone"),
        takes="timestamps",
    ),
    "dt.strftime": Function(
        rule=rules.from_to(TIMESTAMP, result=rules.STRING),
        columns=strict(kernels.strftime),
        rows=strict_row(_strftime, (datetime,), "dt.strftime"),
        takes="timestamps",
        cost=80,
    ),
}
"""The functions over times, by name."""
