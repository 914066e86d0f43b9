"""The model of the auction site: proportions, ids, times and the schema of its events.

Of every 50 events the first is a person, the next three are auctions, the rest are bids.

Source: the NEXMark generator of Apache Beam (``sdks/java/testing/nexmark``); the ``channel`` and ``url`` of a
bid follow the suite for Flink.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from pulse.io.nexmark.java_random import JavaRandom
    from pulse.model.bundle import Int64s, Mask

KINDS = ("person", "auction", "bid")
"""The three kinds of event, in the order of their turn within an epoch."""

EPOCH = 50
"""Events after which the pattern of kinds repeats."""

PERSONS = 1
AUCTIONS = 3

FIRST_ID = 1000
"""Id of the first person and of the first auction."""

BASE = 1_436_918_400_000
"""2015-07-15T00:00:00Z in milliseconds, the time of event 0."""

STRIDE = 953
"""The prime that shuffles events within an out-of-order group."""

_ACTIVE_PERSONS = 1000
_OPEN_AUCTIONS = 100
_LEAD = 10  # ids drawn ahead of the last one, as if the two events had been swapped
_HOT = 100  # one person and one auction of every hundred is hot

_EXACT = Context(prec=40)
_TIME = pa.timestamp("ms", tz="UTC")

COLUMNS: dict[str, tuple[pa.DataType, tuple[str, ...]]] = {
    "kind": (pa.string(), KINDS),
    "date_time": (_TIME, KINDS),
    "id": (pa.int64(), ("person", "auction")),
    "name": (pa.string(), ("person",)),
    "email": (pa.string(), ("person",)),
    "credit_card": (pa.string(), ("person",)),
    "city": (pa.string(), ("person",)),
    "state": (pa.string(), ("person",)),
    "item_name": (pa.string(), ("auction",)),
    "description": (pa.string(), ("auction",)),
    "initial_bid": (pa.int64(), ("auction",)),
    "reserve": (pa.int64(), ("auction",)),
    "expires": (_TIME, ("auction",)),
    "seller": (pa.int64(), ("auction",)),
    "category": (pa.int64(), ("auction",)),
    "auction": (pa.int64(), ("bid",)),
    "bidder": (pa.int64(), ("bid",)),
    "price": (pa.int64(), ("bid",)),
    "channel": (pa.string(), ("bid",)),
    "url": (pa.string(), ("bid",)),
    "extra": (pa.string(), KINDS),
}
"""Every column with its type and the kinds that have it; it is null in events of other kinds."""


def schema(kinds: tuple[str, ...]) -> pa.Schema:
    """Return the columns that events of these kinds have.

    Example:
        >>> schema(("bid",)).names
        ['kind', 'date_time', 'auction', 'bidder', 'price', 'channel', 'url', 'extra']
    """
    return pa.schema([(name, type_) for name, (type_, owners) in COLUMNS.items() if set(owners) & set(kinds)])


@dataclass(frozen=True, slots=True)
class Clockwork:
    """Turns event numbers into event ids and times.

    Args:
        base: time of event 0, milliseconds since the epoch.
        inter_event_us: time from one event to the next, microseconds.
        group: events come out of order within groups of this many; 1 is in order.
    """

    base: int = BASE
    inter_event_us: int = 100
    group: int = 1

    def ids(self, numbers: Int64s) -> Int64s:
        """Return the id of each event by its number: a shuffle within each group.

        Example:
            >>> Clockwork(group=5).ids(np.arange(7)).tolist()
            [0, 3, 1, 4, 2, 5, 8]
        """
        if self.group == 1:
            return numbers
        first = numbers // self.group * self.group
        return first + (numbers - first) * (STRIDE % self.group) % self.group

    def timestamps(self, ids: Int64s) -> Int64s:
        """Return the event time of each event id, milliseconds."""
        return self.base + ids * self.inter_event_us // 1000

    def watermark(self, number: int) -> int:
        """Return the exact watermark after an event: the time of the first of its group, microseconds.

        Example:
            >>> Clockwork(base=0, inter_event_us=1000, group=5).watermark(8)
            5000
        """
        first = number // self.group * self.group
        return (self.base + first * self.inter_event_us // 1000) * 1000


def kind_codes(ids: Int64s) -> Int64s:
    """Return the index into ``KINDS`` of each event id.

    Example:
        >>> kind_codes(np.array([0, 1, 3, 4, 49, 50])).tolist()
        [0, 1, 1, 2, 2, 0]
    """
    turn = ids - ids // EPOCH * EPOCH
    return (turn >= PERSONS).astype(np.int64) + (turn >= PERSONS + AUCTIONS)


def last_person(ids: Int64s) -> Int64s:
    """Return the number of the latest person as of each event, counted from 0."""
    return ids // EPOCH


def last_auction(ids: Int64s) -> Int64s:
    """Return the number of the latest auction as of each auction or bid, counted from 0."""
    epoch = ids // EPOCH
    turn = ids - epoch * EPOCH
    last: Int64s = epoch * AUCTIONS + np.minimum(turn - PERSONS, AUCTIONS - 1)
    return last


def hot(last: Int64s) -> Int64s:
    """Return the hot person or auction as of the latest one."""
    return last // _HOT * _HOT


def random_person(random: JavaRandom, last: Int64s, where: Mask) -> Int64s:
    """Draw one of the active persons, or one of the next few."""
    active = np.minimum(last + 1, _ACTIVE_PERSONS)
    return last + 1 - active + random.below(active + _LEAD, where).astype(np.int64)


def random_auction(random: JavaRandom, last: Int64s, where: Mask) -> Int64s:
    """Draw one of the auctions that are probably open, or one of the next few."""
    low = np.maximum(last - _OPEN_AUCTIONS, 0)
    return low + random.below(last - low + 1 + _LEAD, where).astype(np.int64)


def price(random: JavaRandom) -> Int64s:
    """Draw a price in cents, from 100 to 100,000,000, uniform in its logarithm.

    Java rounds half up. Powers from different mathematical libraries differ in the last bit, which shows only
    next to a half: there the power is computed exactly and rounded to a double, so that every machine agrees.
    """
    exponents = random.doubles() * 6.0
    shifted = np.power(10.0, exponents) * 100.0 + 0.5
    prices = np.floor(shifted)
    near = np.flatnonzero(np.abs(shifted - np.rint(shifted)) < 1e-6)  # noqa: PLR2004 - 60 times the last bit
    for row in near.tolist():
        power = _EXACT.power(Decimal(10), Decimal(float(exponents[row])))
        prices[row] = np.floor(float(power) * 100.0 + 0.5)
    return prices.astype(np.int64)
