"""A second generator, one event at a time in plain Python, to hold the vectorised one against."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest

FIRST = ["Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter"]
LAST = ["Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris"]
CITY = [
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
]
STATE = ["AZ", "CA", "ID", "OR", "WA", "WY"]
CHANNELS = ["Google", "Facebook", "Baidu", "Apple"]


class ScalarRandom:
    """``java.util.Random`` as its Javadoc states it."""

    def __init__(self, seed: int) -> None:
        self.state = (seed ^ 0x5DEECE66D) & (2**48 - 1)

    def next(self, bits: int) -> int:
        self.state = (self.state * 0x5DEECE66D + 0xB) & (2**48 - 1)
        value = self.state >> (48 - bits)
        return value - 2**bits if bits == 32 and value >= 2**31 else value

    def next_int(self) -> int:
        return self.next(32)

    def below(self, bound: int) -> int:
        if bound & -bound == bound:
            return (bound * self.next(31)) >> 31
        while True:
            bits = self.next(31)
            value = bits % bound
            if bits - value + bound - 1 < 2**31:
                return value

    def double(self) -> float:
        return ((self.next(26) << 27) + self.next(27)) / 2**53


@dataclass
class ScalarGenerator:
    """The events of the auction site, one by one."""

    base: int = 1436918400000
    inter_event_us: int = 100
    group: int = 1

    def adjusted(self, number: int) -> int:
        return number // self.group * self.group + number * 953 % self.group

    def time(self, number: int) -> int:
        return self.base + number * self.inter_event_us // 1000

    def watermark(self, number: int) -> int:
        return self.time(number // self.group * self.group)

    def event(self, number: int) -> dict[str, Any]:
        event = self.adjusted(number)
        random = ScalarRandom(event)
        turn = event % 50
        kind = self.person if turn < 1 else self.auction if turn < 4 else self.bid
        return {"date_time": self.time(event), **kind(event, random)}

    def last_auction(self, event: int) -> int:
        epoch, turn = divmod(event, 50)
        if turn < 1:
            return (epoch - 1) * 3 + 2
        return epoch * 3 + (2 if turn >= 4 else turn - 1)

    def random_person(self, event: int, random: ScalarRandom) -> int:
        count = event // 50 + 1
        active = min(count, 1000)
        return count - active + random.below(active + 10)

    def random_auction(self, event: int, random: ScalarRandom) -> int:
        high = self.last_auction(event)
        low = max(high - 100, 0)
        return low + random.below(high - low + 1 + 10)

    def price(self, random: ScalarRandom) -> int:
        return math.floor(math.pow(10.0, random.double() * 6.0) * 100.0 + 0.5)

    def raw_word(self, random: ScalarRandom, longest: int, blank: str) -> str:
        length = 3 + random.below(longest - 3)
        return "".join(
            blank if random.below(13) == 0 else chr(ord("a") + random.below(26)) for _ in range(length)
        )

    def word(self, random: ScalarRandom, longest: int) -> str:
        return self.raw_word(random, longest, " ").strip()

    def filler(self, random: ScalarRandom, current: int, wanted: int) -> str:
        if current > wanted:
            return ""
        missing = wanted - current
        delta = round(missing * 0.2)
        length = missing - delta + (random.below(2 * delta) if delta else 0)
        text, value = "", 0
        for place in range(length):
            if place % 6 == 0:
                value = random.next_int()
            sign = -1 if value < 0 else 1
            text += chr(ord("a") + sign * (abs(value) % 26))
            value = sign * (abs(value) // 26)
        return text

    def person(self, event: int, random: ScalarRandom) -> dict[str, Any]:
        name = FIRST[random.below(11)] + " " + LAST[random.below(9)]
        email = self.word(random, 7) + "@" + self.word(random, 5) + ".com"
        card = " ".join(f"{random.below(10000):04}" for _ in range(4))
        city, state = CITY[random.below(10)], STATE[random.below(6)]
        current = 8 + sum(map(len, (name, email, card, city, state)))
        return {
            "kind": "person",
            "id": event // 50 + 1000,
            "name": name,
            "email": email,
            "credit_card": card,
            "city": city,
            "state": state,
            "extra": self.filler(random, current, 200),
        }

    def auction(self, event: int, random: ScalarRandom) -> dict[str, Any]:
        person = event // 50
        seller = person // 100 * 100 if random.below(4) > 0 else self.random_person(event, random)
        category = 10 + random.below(5)
        initial_bid = self.price(random)
        now = self.time(event)
        horizon = self.time(event + 100 * 50 // 3) - now
        expires = now + 1 + random.below(max(2 * horizon, 1))
        item_name, description = self.word(random, 20), self.word(random, 100)
        reserve = initial_bid + self.price(random)
        return {
            "kind": "auction",
            "id": self.last_auction(event) + 1000,
            "seller": seller + 1000,
            "category": category,
            "initial_bid": initial_bid,
            "expires": expires,
            "item_name": item_name,
            "description": description,
            "reserve": reserve,
            "extra": self.filler(random, 8 + len(item_name) + len(description) + 40, 500),
        }

    def bid(self, event: int, random: ScalarRandom) -> dict[str, Any]:
        last = self.last_auction(event)
        auction = last // 100 * 100 if random.below(2) > 0 else self.random_auction(event, random)
        person = event // 50
        bidder = person // 100 * 100 + 1 if random.below(4) > 0 else self.random_person(event, random)
        price = self.price(random)
        extra = self.filler(random, 32, 100)
        number = None
        if random.below(2) > 0:
            channel = CHANNELS[random.below(4)]
        else:
            number = random.below(10_000)
            channel = f"channel-{number}"
        folders = "/".join(self.raw_word(random, 5, "_") for _ in range(3))
        url = f"https://www.nexmark.com/{folders}/item.htm?query=1"
        if number is not None and random.below(10) > 0:
            url += f"&channel_id={number}"
        return {
            "kind": "bid",
            "auction": auction + 1000,
            "bidder": bidder + 1000,
            "price": price,
            "channel": channel,
            "url": url,
            "extra": extra,
        }


@pytest.fixture
def scalar_random() -> type[ScalarRandom]:
    return ScalarRandom


@pytest.fixture
def scalar_generator() -> type[ScalarGenerator]:
    return ScalarGenerator
