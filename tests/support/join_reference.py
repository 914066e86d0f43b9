"""What the joins mean, one pair at a time: loops over dicts, nothing shared with the engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.support import reference as ref


@dataclass(frozen=True)
class Item:
    """A record of an input: its key, its number, its event time, the watermark before it."""

    key: Any
    number: int
    time: int
    mark: int


def items(keys: list[Any], times: list[int], delay: int | None) -> list[Item]:
    marks = ref.end_only(times) if delay is None else ref.bounded(delay)(times)
    return [Item(k, n, t, m) for n, (k, t, m) in enumerate(zip(keys, times, marks, strict=True))]


def _same(one: Item, other: Item) -> bool:
    return one.key is not None and one.key == other.key


def _result(one: Item | None, other: Item | None, time: int, window: Any = None) -> tuple[Any, ...]:
    key = one.key if one is not None and one.key is not None else other.key if other is not None else None
    return (key, one and one.number, other and other.number, time, window)


def _outer(how: str, side: int) -> bool:
    return how == "full" or how == ("left", "right")[side]


def interval(  # noqa: PLR0917 - the terms of the join
    left: list[Item], right: list[Item], lower: int, upper: int, how: str, lateness: int, where: Any
) -> tuple[Counter[Any], Counter[Any]]:
    late = [[i for i in side if i.time + lateness < i.mark] for side in (left, right)]
    sides = [[i for i in side if i.time + lateness >= i.mark] for side in (left, right)]
    found: Counter[Any] = Counter()
    lonely = [set(sides[0]), set(sides[1])]
    for one in sides[0]:
        for other in sides[1]:
            if _same(one, other) and one.time + lower <= other.time <= one.time + upper and where(one, other):
                found[_result(one, other, max(one.time, other.time))] += 1
                lonely[0].discard(one)
                lonely[1].discard(other)
    if _outer(how, 0):
        found.update(_result(one, None, one.time) for one in lonely[0])
    if _outer(how, 1):
        found.update(_result(None, other, other.time) for other in lonely[1])
    return found, Counter((side, i.number) for side in (0, 1) for i in late[side])


def windowed(  # noqa: C901, PLR0917 - all there is to a window join
    left: list[Item], right: list[Item], window: Any, lateness: int, how: str, where: Any
) -> tuple[Counter[Any], Counter[Any], int]:
    found: Counter[Any] = Counter()
    late: Counter[Any] = Counter()
    gaps = 0
    members: dict[tuple[int, int], list[list[Item]]] = {}
    for side, group in enumerate((left, right)):
        for item in group:
            own = ref.windows_of(window, item.time)
            gaps += not own
            open_ = [w for w in own if w[1] + lateness > item.mark]
            if own and not open_:
                late[side, item.number] += 1
            for w in open_:
                members.setdefault(w, [[], []])[side].append(item)
    for w, sides in members.items():
        time = min(w[1] - 1, ref.END_OF_YEAR_9999)
        matched: set[tuple[int, Item]] = set()
        on_time: set[tuple[int, Item]] = set()
        for one in sides[0]:
            for other in sides[1]:
                if _same(one, other) and where(one, other):
                    found[_result(one, other, time, w)] += 1
                    matched |= {(0, one), (1, other)}
                    if one.mark < w[1] and other.mark < w[1]:
                        on_time |= {(0, one), (1, other)}
        for side in (0, 1):
            for item in sides[side] if _outer(how, side) else ():
                if (side, item) not in (on_time if item.mark < w[1] else matched):
                    pair = (item, None) if side == 0 else (None, item)
                    found[_result(*pair, time, w)] += 1
    return found, late, gaps


def sessions(items_: list[Item], gap: int) -> list[tuple[tuple[int, int], list[Item]]]:
    """Return the sessions of records of one key."""
    found: list[tuple[tuple[int, int], list[Item]]] = []
    for item in sorted(items_, key=lambda i: i.time):
        if found and item.time < found[-1][0][1]:
            (start, _), group = found[-1]
            found[-1] = ((start, item.time + gap), [*group, item])
        else:
            found.append(((item.time, item.time + gap), [item]))
    return found


def as_of(  # noqa: PLR0917 - the terms of the join
    left: list[Item], right: list[Item], direction: str, tolerance: int | None, how: str, gone: Any
) -> tuple[Counter[Any], Counter[Any]]:
    late = [[i for i in side if i.time < i.mark] for side in (left, right)]
    sides = [[i for i in side if i.time >= i.mark] for side in (left, right)]
    found: Counter[Any] = Counter()
    for one in sides[0]:
        near = [
            o
            for o in sides[1]
            if _same(one, o) and (tolerance is None or abs(o.time - one.time) <= tolerance)
        ]
        before = max((o for o in near if o.time <= one.time), key=lambda o: (o.time, o.number), default=None)
        after = min((o for o in near if o.time >= one.time), key=lambda o: (o.time, o.number), default=None)
        best = {"backward": before, "forward": after}.get(direction)
        if direction == "nearest":
            best = before or after
            if before and after and after.time - one.time < one.time - before.time:
                best = after
        if best is not None and gone(best):
            best = None
        if best is not None or how == "left":
            found[_result(one, best, one.time)] += 1
    return found, Counter((side, i.number) for side in (0, 1) for i in late[side])
