"""The contract of state backends, as a public test: what every store must do.

``check_state`` is for people who write a store of their own; the project's stores pass it too.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pulse.state.kv.base import Entry, KvState, KvView

_AWKWARD = (b"", b"\0", b"\0\0", b"a", b"a\0", b"a\xff", b"a\xff\xff", b"b", b"\xff", b"\xff\xff", b"\xffa")
_STEPS = 400
_MANY = 3000


def check_state(make: Callable[[], KvState], *, seed: int = 0) -> None:
    """Check that a store keeps the contract of ``pulse.state.kv.base``.

    - A store begins empty; what is put can be got, until it is deleted; any bytes are a key and a value.
    - Ranges and prefixes give exactly their entries in byte order, at most ``limit`` of them.
    - An iterator gives what was there when it was made, whatever is written while it is read.
    - A snapshot stays as it was; restoring it, or one of another store, brings everything back.
    - ``scoped`` parts see and change only what is theirs, within each other and in snapshots too.
    - ``stats`` grow with the store, and say nothing of an empty one.
    - ``close`` may be called twice.

    Args:
        make: returns a new empty store each time; several are open at once.
        seed: of the random writes.

    Raises:
        AssertionError: naming the part of the contract that is broken.

    Example:
        >>> from pulse.state.kv.memory import MemoryState
        >>> check_state(MemoryState)
    """
    for check in (
        _check_single,
        _check_order,
        _check_ranges,
        _check_iterators,
        _check_snapshots,
        _check_scopes,
    ):
        with make() as state:
            _same(f"{check.__name__[7:]}: a new store", state.range(), [])
            check(state)
    with make() as state, make() as other:
        _check_restore(state, other)
        _check_stats(state)
    with make() as state:
        _check_random(state, random.Random(seed))  # noqa: S311 - repeatable, not secret
    state = make()
    state.close()
    state.close()


def _check_single(state: KvState) -> None:
    for key in _AWKWARD:
        assert state.get(key) is None, f"a new store has no {key!r}"  # noqa: S101
        state.put(key, b"first")
        state.put(key, key + b"\0value")
    _same("values that were put", zip(_AWKWARD, state.get_many(_AWKWARD), strict=True), _entries(_AWKWARD))
    state.put(b"a", b"")
    _same("an empty value", [state.get(b"a")], [b""])
    state.delete(b"a")
    state.delete(b"a")
    _same("keys after a delete", state.get_many([b"b", b"a", b"b"]), [b"b\0value", None, b"b\0value"])
    state.put_many([(b"b", b"1"), (b"c", b"2"), (b"b", b"3")])
    _same("of a key that is put twice the last value", state.get_many(iter([b"b", b"c"])), [b"3", b"2"])
    state.delete_many([*_AWKWARD, b"absent", b"c"])
    _same("a store after all is deleted", state.range(), [])


def _check_order(state: KvState) -> None:
    keys = [number.to_bytes(2) for number in range(_MANY)]
    shuffled = keys.copy()
    random.Random(1).shuffle(shuffled)  # noqa: S311
    state.put_many(iter([(key, b"bulk") for key in shuffled[: _MANY // 2]]))
    for key in shuffled[_MANY // 2 :]:
        state.put(key, b"single")
    _same("keys in byte order", (key for key, _ in state.range()), keys)
    state.delete_many(iter(keys[::2]))
    _same("keys in byte order after deletes", (key for key, _ in state.range()), keys[1::2])
    state.delete_range(keys[10], keys[-10])
    left = [key for key in keys[1::2] if not keys[10] <= key < keys[-10]]
    _same("keys after delete_range", (key for key, _ in state.range()), left)


def _check_ranges(state: KvState) -> None:
    state.put_many(_entries(_AWKWARD))
    model = dict(_entries(_AWKWARD))
    for start in (*_AWKWARD, b"aa"):
        prefixed = [entry for entry in sorted(model.items()) if entry[0].startswith(start)]
        _same(f"iter_prefix({start!r})", state.iter_prefix(start), prefixed)
        _same(f"iter_prefix({start!r}, limit=2)", state.iter_prefix(start, limit=2), prefixed[:2])
        for stop in (None, *_AWKWARD):
            expected = _between(model, start, stop)
            _same(f"range({start!r}, {stop!r})", state.range(start, stop), expected)
            for limit in (0, 1, len(expected), len(expected) + 1):
                what = f"range({start!r}, {stop!r}, limit={limit})"
                _same(what, state.range(start, stop, limit=limit), expected[:limit])
    for start, stop in ((b"b", b"a"), (b"a", b"a"), (b"a\0", b"b"), (b"\xff", None)):
        state.delete_range(start, stop)
        for key, _ in _between(model, start, stop):
            del model[key]
        _same(f"entries after delete_range({start!r}, {stop!r})", state.range(), sorted(model.items()))
    state.delete_prefix(b"\0")
    _same(
        "entries after delete_prefix", state.range(), [e for e in sorted(model.items()) if e[0][:1] != b"\0"]
    )
    state.delete_range()
    _same("entries after delete_range()", state.range(), [])


def _check_iterators(state: KvState) -> None:
    before = [(number.to_bytes(2), b"before") for number in range(_MANY)]
    state.put_many(before)
    whole, late = state.range(), state.range()
    seen = [next(whole)]
    state.put(before[5][0], b"after")
    state.put(before[5][0] + b"new", b"after")
    state.delete(before[7][0])
    state.delete_range(before[100][0])
    _same("what an iterator gives while the store is written", [*seen, *whole], before)
    _same("what an iterator gives that was made before writes", late, before)
    for key, value in state.range():
        state.delete(key)
        state.put(b"moved" + key, value)
    _same("entries moved while they were read", [len(list(state.iter_prefix(b"moved")))], [100])
    unfinished = state.range()
    next(unfinished)


def _check_snapshots(state: KvState) -> None:
    before = [(number.to_bytes(2), b"before") for number in range(_MANY)]
    state.put_many(before)
    with state.snapshot() as snapshot:
        first, part = snapshot.range(), snapshot.scoped(b"\1")
        seen = [next(first)]
        state.put_many([(key, b"after") for key, _ in before[::2]])
        state.delete_range(before[1000][0], before[2000][0])
        state.put(b"\0\0new", b"after")
        with state.snapshot() as second:
            _same("a second snapshot", second.range(), state.range())
        _check_view("a snapshot after writes", snapshot, before)
        _same("an iterator over a snapshot", [*seen, *first], before)
        under = [(key[1:], value) for key, value in before if key[:1] == b"\1"]
        _check_view("a part of a snapshot", part, under)
        state.restore(snapshot)
        _check_view("a restored store", state, before)


def _check_view(what: str, view: KvView, expected: list[Entry]) -> None:
    _same(f"{what}: range", view.range(), expected)
    start, stop = expected[3][0], expected[-3][0]
    _same(f"{what}: part of the range", view.range(start, stop), expected[3:-3])
    _same(f"{what}: limit", view.range(start, limit=2), expected[3:5])
    prefixed = [entry for entry in expected if entry[0].startswith(start[:1])]
    _same(f"{what}: iter_prefix", view.iter_prefix(start[:1]), prefixed)
    _same(f"{what}: get_many", view.get_many([start, b"absent"]), [expected[3][1], None])
    _same(f"{what}: get", [view.get(stop), view.get(b"absent")], [expected[-3][1], None])


def _check_scopes(state: KvState) -> None:
    one, two = state.scoped(b"one/"), state.scoped(b"\xff")
    inner = one.scoped(b"in/")
    state.put_many([(b"one", b"whole"), (b"one0", b"whole")])
    for part in (one, two, inner):
        part.put_many(_entries(_AWKWARD))
        part.put(b"k", b"v")
        part.delete(b"\0")
        part.delete_many([b"\0\0", b"k"])
    kept = _entries(_AWKWARD[:1] + tuple(sorted(_AWKWARD[3:])))
    _same("a part", two.range(), kept)
    _same("a part of a part", inner.range(), kept)
    _same("the whole", [state.get(b"one/in/a\xff"), state.get(b"one/b")], [b"a\xff\0value", b"b\0value"])
    _same("get_many of a part", one.get_many([b"in/a", b"b", b"k"]), [b"a\0value", b"b\0value", None])
    _same("iter_prefix of a part", one.iter_prefix(b"in/", limit=1), [(b"in/", b"\0value")])
    with one.snapshot() as snapshot:
        one.delete_range(b"\0", b"\xff")
        _same("the end of a part", one.range(), _entries((b"", b"\xff", b"\xffa", b"\xff\xff")))
        one.delete_range()
        _same("a part of a part that is empty", inner.range(), [])
        _same("another part", two.range(), kept)
        _same("what no part owns", state.range(stop=b"\xff"), [(b"one", b"whole"), (b"one0", b"whole")])
        inner.restore(snapshot.scoped(b"in/"))
        _same("a part that is restored", inner.range(), kept)
        _same("what else is not restored", one.range(stop=b"in/"), [])
    _same("stats of a part", [inner.stats().entries], [len(kept)])


def _check_restore(state: KvState, other: KvState) -> None:
    state.put_many(_entries(_AWKWARD))
    other.put_many([(b"a", b"other"), (b"zz", b"other")])
    other.restore(state)
    _same("a store restored from another", other.range(), sorted(_entries(_AWKWARD)))
    state.delete(b"a")
    _same("a store whose origin changed", [other.get(b"a")], [b"a\0value"])


def _check_stats(state: KvState) -> None:
    state.delete_range()
    state.put_many([(number.to_bytes(4), bytes(100)) for number in range(_MANY)])
    stats = state.stats()
    assert stats.entries >= _MANY, f"{_MANY} entries count as {stats.entries}"  # noqa: S101
    assert stats.bytes >= 100 * _MANY, f"{_MANY} entries of 104 bytes count as {stats.bytes} bytes"  # noqa: S101


def _check_random(state: KvState, choose: random.Random) -> None:
    model: dict[bytes, bytes] = {}
    log: list[str] = []

    def key() -> bytes:
        return bytes(choose.choices(b"\0ab\xff", k=choose.randint(0, 3)))

    for step in range(_STEPS):
        some = [(key(), str(step).encode()) for _ in range(choose.randint(0, 8))]
        start, stop = key(), choose.choice((None, key()))
        match choose.randrange(6):
            case 0 | 1:
                log.append(f"put_many({some})")
                state.put_many(some)
                model.update(some)
            case 2:
                log.append(f"delete_many({some})")
                state.delete_many(each for each, _ in some)
                for each, _ in some:
                    model.pop(each, None)
            case 3:
                log.append(f"delete_range({start!r}, {stop!r})")
                state.delete_range(start, stop)
                for each, _ in _between(model, start, stop):
                    del model[each]
            case 4:
                log.append(f"delete({start!r})")
                state.delete(start)
                model.pop(start, None)
            case _:
                log.append(f"put({start!r}, b'')")
                state.put(start, b"")
                model[start] = b""
        recent = ", ".join(log[-5:])
        start, stop = key(), choose.choice((None, key()))
        _same(
            f"range({start!r}, {stop!r}) after {recent}",
            state.range(start, stop),
            _between(model, start, stop),
        )
        _same(f"get({start!r}) after {recent}", [state.get(start)], [model.get(start)])


def _entries(keys: Iterable[bytes]) -> list[Entry]:
    return [(key, key + b"\0value") for key in keys]


def _between(model: dict[bytes, bytes], start: bytes, stop: bytes | None) -> list[Entry]:
    return [
        entry for entry in sorted(model.items()) if start <= entry[0] and (stop is None or entry[0] < stop)
    ]


def _same(what: str, found: Iterable[object], expected: Iterable[object]) -> None:
    one, two = list(found), list(expected)
    if one == two:
        return
    for index, (left, right) in enumerate(zip(one, two, strict=False)):
        assert left == right, f"{what} differ at {index}: found {left!r}, expected {right!r}"  # noqa: S101
    raise AssertionError(f"{what} differ: found {len(one)}, expected {len(two)}")
