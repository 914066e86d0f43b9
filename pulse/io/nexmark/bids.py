"""Bids: who offers how much for what, and through which channel."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.io.nexmark import model
from pulse.io.nexmark.java_random import JavaRandom
from pulse.io.nexmark.text import Text, extra_draws, extra_lengths, filler, word

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from pulse.model.bundle import Int64s

HOT_AUCTION_RATIO = 2
HOT_BIDDER_RATIO = 4
HOT_CHANNELS = ("Google", "Facebook", "Baidu", "Apple")
CHANNELS = 10_000

_CURRENT, _WANTED = 32, 100


def generate(ids: Int64s, fields: AbstractSet[str]) -> dict[str, pa.Array[Any]]:
    """Return the wanted columns of bid events; ``kind`` and ``date_time`` are not among them.

    Args:
        ids: event ids of bids, ``int64[n]``.
        fields: names of columns; those that bids lack are passed over.
    """
    columns: dict[str, pa.Array[Any]] = {}
    if not fields & {"auction", "bidder", "price", "extra", "channel", "url"}:
        return columns
    random = JavaRandom(ids)
    last = model.last_auction(ids)
    is_hot = random.below(HOT_AUCTION_RATIO) > 0
    auction = np.where(is_hot, model.hot(last), model.random_auction(random, last, ~is_hot))
    person = model.last_person(ids)
    is_hot = random.below(HOT_BIDDER_RATIO) > 0
    bidder = np.where(is_hot, model.hot(person) + 1, model.random_person(random, person, ~is_hot))
    numbers = {"auction": auction + model.FIRST_ID, "bidder": bidder + model.FIRST_ID}
    if fields & {"price", "extra", "channel", "url"}:
        numbers["price"] = model.price(random)
    columns |= {field: pa.array(values) for field, values in numbers.items() if field in fields}
    if not fields & {"extra", "channel", "url"}:
        return columns
    lengths = extra_lengths(random, np.full(len(ids), _CURRENT), _WANTED)
    if "extra" in fields:
        columns["extra"] = filler(random, lengths).to_arrow()
    if fields & {"channel", "url"}:
        random.skip(extra_draws(lengths))
        columns |= _channels(random, len(ids), fields)
    return columns


def _channels(random: JavaRandom, count: int, fields: AbstractSet[str]) -> dict[str, pa.Array[Any]]:
    """Draw a hot channel or a numbered one, then the address that the bid came through.

    The address names a numbered channel nine times in ten, and a hot one never.
    """
    columns: dict[str, pa.Array[Any]] = {}
    is_hot = random.below(2) > 0
    hot = random.below(len(HOT_CHANNELS), is_hot).astype(np.int64)
    number = random.below(CHANNELS, ~is_hot).astype(np.int64)
    if "channel" in fields:
        columns["channel"] = _names().take(np.where(is_hot, CHANNELS + hot, number))
    if "url" in fields:
        address = Text.constant("https://www.nexmark.com/", count)
        for after in ("/", "/", "/item.htm?query=1"):
            address = address + word(random, 5, blank="_") + after
        named = (random.below(10, ~is_hot) > 0) & ~is_hot
        columns["url"] = (address + _suffixes().take(np.where(named, number, CHANNELS))).to_arrow()
    return columns


@cache
def _names() -> pa.StringArray:
    """Return the names of channels, numbered ones first."""
    return pa.array([*(f"channel-{number}" for number in range(CHANNELS)), *HOT_CHANNELS])


@cache
def _suffixes() -> Text:
    """Return what each number adds to an address, then nothing."""
    return Text.of([*(f"&channel_id={number}" for number in range(CHANNELS)), ""])
