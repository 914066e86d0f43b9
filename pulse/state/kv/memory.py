"""State in memory: a dict, with its keys in order when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.state.kv.base import KvState, KvView, StateStats
from pulse.state.kv.scoped import ScopedView
from pulse.state.kv.sorted_keys import SortedKeys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulse.state.kv.base import Entry

_ENTRY = (
    160  # bytes that an entry takes beside its own: two objects, a slot of the dict, a place in the order
)


class MemoryView(KvView):
    """Entries of a dict, in order; by itself the snapshot of a store, which nothing changes any more."""

    def __init__(self, data: dict[bytes, bytes], keys: SortedKeys) -> None:
        self._data = data
        self._keys = keys

    def get(self, key: bytes) -> bytes | None:
        return self._data.get(key)

    def get_many(self, keys: Iterable[bytes]) -> list[bytes | None]:
        return list(map(self._data.get, keys))

    def range(
        self, start: bytes = b"", stop: bytes | None = None, *, limit: int | None = None
    ) -> Iterator[Entry]:
        keys = self._keys.between(start, stop, limit)
        return zip(keys, [self._data[key] for key in keys], strict=True)

    def scoped(self, prefix: bytes) -> KvView:
        return ScopedView(self, prefix)

    def close(self) -> None:
        self._data = {}
        self._keys = SortedKeys(self._data)


class MemoryState(KvState, MemoryView):
    r"""A store in memory, for state that fits there.

    Single and bulk writes cost what a dict costs. Order costs when it is looked at after writes: a little for
    few writes, one pass over all keys for many. A snapshot copies references, about 20 ms a million entries.

    Example:
        >>> store = MemoryState()
        >>> store.put_many([(b"b", b"2"), (b"a", b"1"), (b"c", b"3")])
        >>> store.delete(b"c")
        >>> with store.snapshot() as before:
        ...     store.delete_range(b"a", b"b")
        ...     list(store.range()), before.get(b"a"), store.get(b"a")
        ([(b'b', b'2')], b'1', None)
    """

    def __init__(self) -> None:
        data: dict[bytes, bytes] = {}
        super().__init__(data, SortedKeys(data))
        self._bytes = 0

    def put(self, key: bytes, value: bytes) -> None:
        old = self._data.get(key)
        if old is None:
            self._keys.touch((key,))
            self._bytes += len(key) + len(value)
        else:
            self._bytes += len(value) - len(old)
        self._data[key] = value

    def put_many(self, entries: Iterable[Entry]) -> None:
        data, batch = self._data, dict(entries)
        known = data.keys() & batch.keys()
        self._bytes += sum(map(len, batch)) + sum(map(len, batch.values()))
        self._bytes -= sum(len(key) + len(data[key]) for key in known)
        self._keys.touch(batch.keys() - known if known else batch)
        data.update(batch)

    def delete(self, key: bytes) -> None:
        old = self._data.pop(key, None)
        if old is not None:
            self._keys.touch((key,))
            self._bytes -= len(key) + len(old)

    def delete_many(self, keys: Iterable[bytes]) -> None:
        gone = self._data.keys() & set(keys)
        self._remove(gone)
        self._keys.touch(gone)

    def delete_range(self, start: bytes = b"", stop: bytes | None = None) -> None:
        self._remove(self._keys.cut(start, stop))

    def snapshot(self) -> KvView:
        data = self._data.copy()
        return MemoryView(data, self._keys.copy(data))

    def stats(self) -> StateStats:
        return StateStats(len(self._data), self._bytes + _ENTRY * len(self._data))

    def close(self) -> None:
        super().close()
        self._bytes = 0

    def _remove(self, keys: Iterable[bytes]) -> None:
        take = self._data.pop
        self._bytes -= sum(len(key) + len(take(key)) for key in keys)
