"""The auction site as a source: bounded or not, as fast as possible or live, in one split or several."""

from __future__ import annotations

import time
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from pyarrow import types

from pulse.errors import ConnectorError, PipelineError, UnknownField, did_you_mean
from pulse.io.base import Block, Decoded, End, Idle, Reader, Source
from pulse.io.nexmark import model
from pulse.io.nexmark.auctions import HORIZON
from pulse.io.nexmark.generator import generate
from pulse.io.nexmark.model import BASE, KINDS, STRIDE, Clockwork
from pulse.io.nexmark.shards import Shard
from pulse.model.arguments import placed
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME, SECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.io.base import Json, ReadRequest

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SHORTEST_IDLE = 1000
_LARGEST_GROUP = 10**9
_MOST_SHARDS = 1024
_LARGEST_BATCH = 1 << 20  # the text of one batch stays far below the 2 GiB of an Arrow string column
_LARGEST_GAP = 600 * SECOND  # the lifetime of an auction must be drawn as a 31-bit number of milliseconds


def monotonic_micros() -> int:
    """Return a clock that never goes back, in microseconds from an arbitrary point."""
    return time.monotonic_ns() // 1000


@placed
@dataclass(frozen=True)
class Nexmark(Source):
    """Persons, auctions and bids of an auction site: the standard benchmark of streaming systems.

    Every event is a function of its number, so that a run can start, stop and resume anywhere, in any number
    of splits, and always gives the same records. One flat schema holds all three kinds: ``kind`` says which
    it is, ``id`` is that of a person or an auction, and a column is null where its kind has no such field.
    Money is ``int64`` cents; ``date_time``, the event time, and ``expires`` are ``timestamp[ms, UTC]``. Only
    the columns that a pipeline reads are generated; text is what costs most.

    Watermarks are exact: after event n, the time of the first event of n's out-of-order group, so that
    nothing is ever late. The position of a split is the number of its next event.

    Args:
        events: how many events; None never ends.
        only: the kind, or kinds, to keep: ``person``, ``auction``, ``bid``. Others are not generated, and the
            schema has no columns that none of the kept kinds has; ``events`` counts them all the same.
        rate: events per second of event time, 1 to 1,000,000, to the nearest whole microsecond between two.
        inter_event_us: microseconds between two events, in place of ``rate``; up to ten minutes.
        group: events come out of order within groups of this many; not a multiple of 953, which would repeat
            ids in place of shuffling them.
        base: time of event 0, milliseconds since the epoch.
        start: number of the first event.
        shards: how many splits to read in parallel; each takes every so many-th run of 50 events.
        batch: events per block, before ``only`` drops any.
        live: whether an event waits for its turn by the clock, the first coming at once and each
            ``inter_event_us`` after the one before.
        clock: gives microseconds that never fall; read only when ``live``.

    Raises:
        PipelineError: when an option is out of its range.

    Example:
        >>> source = Nexmark(events=100, only="bid")
        >>> source.label, source.bounded, source.declared_schema().names[:4]
        ('nexmark(bid, 100 events)', True, ['kind', 'date_time', 'auction', 'bidder'])

    Source: the NEXMark generator of Apache Beam; ``channel`` and ``url`` follow the suite for Flink.
    """

    events: int | None = None
    _: KW_ONLY
    only: str | tuple[str, ...] | None = None
    rate: int = 10_000
    inter_event_us: int | None = None
    group: int = 1
    base: int = BASE
    start: int = 0
    shards: int = 1
    batch: int = 1 << 15
    live: bool = False
    clock: Callable[[], int] = field(default=monotonic_micros, repr=False, compare=False)
    bounded: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bounded", self.events is not None)
        for name, value, low, high in (
            ("events", self.events, 0, None),
            ("rate", self.rate, 1, SECOND),
            ("inter_event_us", self.inter_event_us, 1, _LARGEST_GAP),
            ("group", self.group, 1, _LARGEST_GROUP),
            ("start", self.start, 0, None),
            ("shards", self.shards, 1, _MOST_SHARDS),
            ("batch", self.batch, 1, _LARGEST_BATCH),
        ):
            if value is not None and (value < low or (high is not None and value > high)):
                limits = f"at least {low:,}" if high is None else f"from {low:,} to {high:,}"
                raise PipelineError(f"nexmark {name} {value} is out of range: it must be {limits}")
        if self.group % STRIDE == 0:
            raise PipelineError(
                f"nexmark group {self.group} is a multiple of {STRIDE}, which would repeat events",
                hint=f"choose a group that {STRIDE} does not divide, such as {self.group + 1}",
            )
        if not self.kinds:
            raise PipelineError(f"nexmark only names no kind of event; kinds: {', '.join(KINDS)}")
        for kind in self.kinds:
            if kind not in KINDS:
                raise PipelineError(
                    f"nexmark only {kind!r} is not a kind of event; kinds: {', '.join(KINDS)}",
                    hint=did_you_mean(kind, KINDS),
                )
        # An event may take the time of a later one of its group, and an auction expires later still.
        latest = self.start + (self.events or 1) + self.group + 2 * HORIZON
        if self.base * 1000 < MIN_EVENT_TIME or self.clockwork.watermark(latest) > MAX_EVENT_TIME:
            raise PipelineError(
                f"nexmark base {self.base} with {self.events or 'any number of'} events from {self.start} on "
                "gives times outside of the years 1 to 9999"
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of event that are generated."""
        if self.only is None:
            return KINDS
        return (self.only,) if isinstance(self.only, str) else self.only

    @property
    def clockwork(self) -> Clockwork:
        """What turns event numbers into ids and times."""
        gap = self.inter_event_us
        return Clockwork(self.base, gap or (SECOND + self.rate // 2) // self.rate, self.group)

    @property
    def label(self) -> str:
        """The kinds, when not all, and the number of events."""
        count = "unbounded" if self.events is None else f"{self.events} events"
        return f"nexmark({', '.join([*(self.kinds if self.only else ()), count])})"

    def declared_schema(self) -> pa.Schema:
        """Return the columns of the generated kinds."""
        return model.schema(self.kinds)

    def sniff_schema(self) -> pa.Schema:
        """Return the columns of the generated kinds."""
        return self.declared_schema()

    def splits(self) -> Sequence[str]:
        """Return one name per shard, counted from 0."""
        return tuple(str(index) for index in range(self.shards))

    def open(self, split: str, request: ReadRequest, position: Json = None) -> NexmarkReader:
        """Open a shard at its start or at an event number; any number may be given."""
        if split not in self.splits():
            raise ConnectorError(
                f"split {split!r} does not exist; nexmark has the splits 0 to {self.shards - 1}",
                where=self.label,
            )
        if position is None:
            position = self.start
        if not isinstance(position, int) or position < self.start:
            raise ConnectorError(
                f"position {position!r} is not an event number from {self.start} on", where=self.label
            )
        return NexmarkReader(self, Shard(int(split), self.shards), request, position)


class NexmarkReader(Reader):
    """Reads one shard: ``poll`` hands out runs of places, ``decode`` generates their events."""

    def __init__(self, source: Nexmark, shard: Shard, request: ReadRequest, position: int) -> None:
        schema = source.declared_schema()
        self._fields = tuple(schema.names) if request.fields is None else request.fields
        for name in self._fields:
            if name not in schema.names:
                raise UnknownField.of(name, schema.names)
        self._rows = request.layout == "rows"
        self._source = source
        self._clockwork = source.clockwork
        self._shard = shard
        self._first = shard.before(source.start)
        self._stop = None if source.events is None else shard.before(source.start + source.events)
        self._next = shard.before(position)
        self._opened_at = position
        self._opened = source.clock() if source.live else 0

    def poll(self) -> Block | Idle | End:
        """Hand out the next run of events: those whose turn has come, up to a batch."""
        stop = self._next + self._source.batch
        if self._stop is not None:
            if self._next >= self._stop:
                return End()
            stop = min(stop, self._stop)
        if self._source.live:
            gap, elapsed = self._clockwork.inter_event_us, self._source.clock() - self._opened
            due = self._shard.before(self._opened_at + elapsed // gap + 1)
            if due <= self._next:
                turn = (self._shard.number(self._next) - self._opened_at) * gap
                return Idle(max(turn - elapsed, _SHORTEST_IDLE))
            stop = min(stop, due)
        places = range(self._next, stop)
        self._next = stop
        return Block(
            places,
            position=self._shard.number(stop),
            origin=f"nexmark[{self._shard.index}]",
            nbytes=len(places) * 8 * len(self._fields),
            first=self._shard.number(places.start),
        )

    def decode(self, block: Block) -> Decoded:
        """Generate the events of a run, with the exact watermark after the last of them."""
        places: range = block.payload
        first, last = self._shard.number(places.start), self._shard.number(places.stop - 1)
        numbers = self._shard.numbers(np.arange(places.start, places.stop))
        events = generate(self._clockwork, numbers, kinds=self._source.kinds, fields=self._fields)
        return Decoded(
            _rows(events.batch) if self._rows else events.batch,
            events.times,
            events.numbers - first + 1,
            units=last - first + 1,
            watermark=self._clockwork.watermark(last),
        )

    def progress(self) -> tuple[int, int | None]:
        """Return how many events of the shard have been handed out, and how many it has."""
        return self._next - self._first, None if self._stop is None else self._stop - self._first


def _rows(batch: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the records as dicts; column by column is twice as fast as row by row."""
    if not batch.num_columns:
        return [{} for _ in range(batch.num_rows)]
    names = batch.schema.names
    values = (_values(column) for column in batch.columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]


def _values(column: pa.Array[Any]) -> list[Any]:
    """Return Python values; moments by way of integers, for Arrow's own way takes six times as long."""
    if not types.is_timestamp(column.type):
        return column.to_pylist()
    moments = column.cast(pa.int64()).to_pylist()
    return [None if ms is None else _EPOCH + timedelta(milliseconds=ms) for ms in moments]
