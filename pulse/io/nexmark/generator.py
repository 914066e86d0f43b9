"""Events by number: the columns of any choice of event numbers, and nothing that was not asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.io.nexmark import auctions, bids, model, persons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.io.nexmark.model import Clockwork
    from pulse.model.bundle import Int64s


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Some events in the order of their numbers.

    Args:
        numbers: event numbers, ``int64[n]``, counted from 0.
        times: event times, ``int64[n]``, microseconds.
        batch: the wanted columns, in the order in which they were asked for.
    """

    numbers: Int64s
    times: Int64s
    batch: pa.RecordBatch


def generate(clockwork: Clockwork, numbers: Int64s, *, kinds: Sequence[str], fields: Sequence[str]) -> Events:
    """Return the events with the given numbers that are of the given kinds.

    Each event draws from a generator of its own, seeded with its id, so that any number can be had without
    those before it, and what follows the last wanted field in the order of draws costs nothing.

    Args:
        clockwork: turns numbers into ids and times.
        numbers: event numbers, ``int64[n]``, rising.
        kinds: the kinds to generate; events of the others are left out.
        fields: the columns to generate, names of ``model.COLUMNS``.

    Example:
        >>> events = generate(model.Clockwork(), np.arange(6), kinds=("bid",), fields=("kind", "auction"))
        >>> events.numbers.tolist(), events.batch.to_pylist()
        ([4, 5], [{'kind': 'bid', 'auction': 1000}, {'kind': 'bid', 'auction': 1000}])
    """
    ids = clockwork.ids(numbers)
    codes = model.kind_codes(ids)
    wanted = [code for code, kind in enumerate(model.KINDS) if kind in kinds]
    if len(wanted) < len(model.KINDS):
        keep = np.flatnonzero(np.isin(codes, wanted))
        numbers, ids, codes = numbers[keep], ids[keep], codes[keep]
    timestamps = clockwork.timestamps(ids)
    columns = _columns(clockwork, ids, codes, wanted, frozenset(fields))
    if "kind" in fields:
        columns["kind"] = pa.array(model.KINDS).take(codes)
    # The time is always there, so that a batch without wanted fields still knows its length.
    columns["date_time"] = pa.array(timestamps).cast(model.COLUMNS["date_time"][0])
    batch = pa.RecordBatch.from_pydict(columns).select(list(fields))
    return Events(numbers, timestamps * 1000, batch)


def _columns(
    clockwork: Clockwork, ids: Int64s, codes: Int64s, kinds: list[int], fields: frozenset[str]
) -> dict[str, pa.Array[Any]]:
    if len(kinds) == 1:
        return _of_kind(clockwork, kinds[0], ids, fields)
    rows = [np.flatnonzero(codes == code) for code in kinds]
    parts = [_of_kind(clockwork, code, ids[at], fields) for code, at in zip(kinds, rows, strict=True)]
    names = {name for part in parts for name in part}
    return {name: _interleave([part.get(name) for part in parts], rows) for name in names}


def _of_kind(
    clockwork: Clockwork, code: int, ids: Int64s, fields: frozenset[str]
) -> dict[str, pa.Array[Any]]:
    match model.KINDS[code]:
        case "person":
            return persons.generate(ids, fields)
        case "auction":
            return auctions.generate(ids, fields, clockwork)
        case _:
            return bids.generate(ids, fields)


def _interleave(parts: list[pa.Array[Any] | None], rows: list[Int64s]) -> pa.Array[Any]:
    """Put the values of each kind into its rows; the rows of a kind without values become null."""
    places = np.empty(sum(map(len, rows)), np.int64)
    absent = np.ones(len(places), np.bool_)
    present = 0
    for values, at in zip(parts, rows, strict=True):
        if values is not None:
            places[at] = np.arange(present, present + len(at))
            absent[at] = False
            present += len(at)
    together = pa.concat_arrays([values for values in parts if values is not None])
    return together.take(pa.array(places, pa.int64(), mask=absent))
