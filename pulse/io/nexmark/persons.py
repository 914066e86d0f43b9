"""Persons: who registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.io.nexmark import model
from pulse.io.nexmark.java_random import JavaRandom
from pulse.io.nexmark.text import digits, extra_lengths, filler, stripped, word

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from pulse.model.bundle import Int64s

FIRST_NAMES = ("Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter")
LAST_NAMES = ("Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris")
CITIES = (
    "Phoenix",
    "Los Angeles",
    "San Francisco",
    "Boise",
    "Portland",
    "Bend",
    "Redmond",
    "Seattle",
    "Kent",
    "Cheyenne",
)
STATES = ("AZ", "CA", "ID", "OR", "WA", "WY")

_NAMES = tuple(f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES)
_WANTED = 200
_FIXED = 8 + 19 + 2  # the id, the credit card and the state


def generate(ids: Int64s, fields: AbstractSet[str]) -> dict[str, pa.Array[Any]]:
    """Return the wanted columns of person events; ``kind`` and times are not among them.

    Args:
        ids: event ids of persons, ``int64[n]``.
        fields: names of columns; those that persons lack are passed over.
    """
    columns: dict[str, pa.Array[Any]] = {}
    if "id" in fields:
        columns["id"] = pa.array(model.last_person(ids) + model.FIRST_ID)
    if not fields & {"name", "email", "credit_card", "city", "state", "extra"}:
        return columns
    random = JavaRandom(ids)
    name = random.below(len(FIRST_NAMES)) * np.uint32(len(LAST_NAMES)) + random.below(len(LAST_NAMES))
    user, host = stripped(word(random, 7)), stripped(word(random, 5))
    card = [random.below(10_000).astype(np.int64) for _ in range(4)]
    city, state = random.below(len(CITIES)), random.below(len(STATES))
    for field, names, drawn in (("name", _NAMES, name), ("city", CITIES, city), ("state", STATES, state)):
        if field in fields:
            columns[field] = pa.array(names).take(drawn)
    email = user + "@" + host + ".com"
    if "email" in fields:
        columns["email"] = email.to_arrow()
    if "credit_card" in fields:
        groups = [digits(group, 4) for group in card]
        columns["credit_card"] = (groups[0] + " " + groups[1] + " " + groups[2] + " " + groups[3]).to_arrow()
    if "extra" in fields:
        current = _FIXED + _lengths(_NAMES)[name] + email.lengths + _lengths(CITIES)[city]
        columns["extra"] = filler(random, extra_lengths(random, current, _WANTED)).to_arrow()
    return columns


def _lengths(names: tuple[str, ...]) -> Int64s:
    return np.array([len(name) for name in names])
