"""A part of a store under a prefix: one store, many steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from pulse.state.kv.base import KvState, KvView, StateStats, after_prefix

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulse.state.kv.base import Entry

_Whole = TypeVar("_Whole", bound=KvView)


class ScopedView(KvView, Generic[_Whole]):
    """The entries of a store or snapshot under a prefix, without it.

    Args:
        whole: where the entries are.
        prefix: what their keys start with.
        owned: whether closing this closes the whole.
    """

    def __init__(self, whole: _Whole, prefix: bytes, *, owned: bool = False) -> None:
        self._whole = whole
        self._prefix = prefix
        self._owned = owned

    def get(self, key: bytes) -> bytes | None:
        return self._whole.get(self._prefix + key)

    def get_many(self, keys: Iterable[bytes]) -> list[bytes | None]:
        prefix = self._prefix
        return self._whole.get_many([prefix + key for key in keys])

    def range(
        self, start: bytes = b"", stop: bytes | None = None, *, limit: int | None = None
    ) -> Iterator[Entry]:
        entries = self._whole.range(*self._bounds(start, stop), limit=limit)
        cut = len(self._prefix)
        return ((key[cut:], value) for key, value in entries)

    def scoped(self, prefix: bytes) -> KvView:
        return ScopedView(self._whole, self._prefix + prefix)

    def close(self) -> None:
        if self._owned:
            self._whole.close()

    def _bounds(self, start: bytes, stop: bytes | None) -> tuple[bytes, bytes | None]:
        return self._prefix + start, after_prefix(self._prefix) if stop is None else self._prefix + stop


class ScopedState(ScopedView[KvState], KvState):
    r"""A part of a store as a store of its own.

    Example:
        >>> from pulse.state.kv.memory import MemoryState
        >>> store = MemoryState()
        >>> store.scoped(b"count/").put(b"a", b"\x01")
        >>> list(store.range()), list(store.scoped(b"count/").range())
        ([(b'count/a', b'\x01')], [(b'a', b'\x01')])
    """

    def put(self, key: bytes, value: bytes) -> None:
        self._whole.put(self._prefix + key, value)

    def put_many(self, entries: Iterable[Entry]) -> None:
        prefix = self._prefix
        self._whole.put_many((prefix + key, value) for key, value in entries)

    def delete(self, key: bytes) -> None:
        self._whole.delete(self._prefix + key)

    def delete_many(self, keys: Iterable[bytes]) -> None:
        prefix = self._prefix
        self._whole.delete_many(prefix + key for key in keys)

    def delete_range(self, start: bytes = b"", stop: bytes | None = None) -> None:
        self._whole.delete_range(*self._bounds(start, stop))

    def snapshot(self) -> KvView:
        return ScopedView(self._whole.snapshot(), self._prefix, owned=True)

    def stats(self) -> StateStats:
        entries = size = 0
        for key, value in self.range():
            entries += 1
            size += len(key) + len(value)
        return StateStats(entries, size)

    def scoped(self, prefix: bytes) -> KvState:
        return ScopedState(self._whole, self._prefix + prefix)
