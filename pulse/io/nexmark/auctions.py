"""Auctions: what is put up for sale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.io.nexmark import model
from pulse.io.nexmark.java_random import JavaRandom
from pulse.io.nexmark.text import extra_lengths, filler, stripped, word

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from pulse.io.nexmark.model import Clockwork
    from pulse.model.bundle import Int64s

HOT_SELLER_RATIO = 4
FIRST_CATEGORY = 10
CATEGORIES = 5
HORIZON = 100 * model.EPOCH // model.AUCTIONS
"""Events until a hundred more auctions have been opened."""

_WANTED = 500
_FIXED = 6 * 8  # six numbers


def generate(ids: Int64s, fields: AbstractSet[str], clockwork: Clockwork) -> dict[str, pa.Array[Any]]:
    """Return the wanted columns of auction events; ``kind`` and ``date_time`` are not among them.

    Args:
        ids: event ids of auctions, ``int64[n]``.
        fields: names of columns; those that auctions lack are passed over.
        clockwork: gives the times that ``expires`` follows from.
    """
    columns: dict[str, pa.Array[Any]] = {}
    if "id" in fields:
        columns["id"] = pa.array(model.last_auction(ids) + model.FIRST_ID)
    text = fields & {"item_name", "description", "reserve", "extra"}
    if not text and not fields & {"seller", "category", "initial_bid", "expires"}:
        return columns
    random = JavaRandom(ids)
    person = model.last_person(ids)
    is_hot = random.below(HOT_SELLER_RATIO) > 0
    seller = np.where(is_hot, model.hot(person), model.random_person(random, person, ~is_hot))
    category = random.below(CATEGORIES).astype(np.int64) + FIRST_CATEGORY
    initial_bid = model.price(random)
    now = clockwork.timestamps(ids)
    horizon = clockwork.timestamps(ids + HORIZON) - now
    expires = now + 1 + random.below(np.maximum(2 * horizon, 1))
    numbers = {"seller": seller + model.FIRST_ID, "category": category, "initial_bid": initial_bid}
    columns |= {field: pa.array(values) for field, values in numbers.items() if field in fields}
    if "expires" in fields:
        columns["expires"] = pa.array(expires).cast(model.COLUMNS["expires"][0])
    if not text:
        return columns
    item_name, description = stripped(word(random, 20)), stripped(word(random, 100))
    reserve = initial_bid + model.price(random)
    if "item_name" in fields:
        columns["item_name"] = item_name.to_arrow()
    if "description" in fields:
        columns["description"] = description.to_arrow()
    if "reserve" in fields:
        columns["reserve"] = pa.array(reserve)
    if "extra" in fields:
        current = _FIXED + item_name.lengths + description.lengths
        columns["extra"] = filler(random, extra_lengths(random, current, _WANTED)).to_arrow()
    return columns
