"""What a store of state does: an ordered map of bytes to bytes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_BATCH = 16_384
_Item = TypeVar("_Item")
Entry = tuple[bytes, bytes]


@dataclass(frozen=True)
class StateStats:
    """How big a store is, roughly: good for metrics and budgets, not for counting.

    Args:
        entries: the number of keys. RocksDB estimates it: a key that was written twice, or deleted, may count
            until files are compacted.
        bytes: of memory for a store in memory; of memory and files for one on disk.
    """

    entries: int
    bytes: int


class KvView(ABC):
    """The reading half: a store, or a snapshot of one.

    Keys are in byte order everywhere, as in ``sorted``. What ``range`` and ``iter_prefix`` return gives the
    entries that were there when it was called, whatever is written meanwhile; it may be left before its end.
    Nothing but ``close`` may be called after ``close``, and iterators end with it.
    """

    @abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None when there is none."""

    def get_many(self, keys: Iterable[bytes]) -> list[bytes | None]:
        """Return the values of keys in their order, None for each that is absent."""
        return list(map(self.get, keys))

    @abstractmethod
    def range(
        self, start: bytes = b"", stop: bytes | None = None, *, limit: int | None = None
    ) -> Iterator[Entry]:
        """Iterate over the entries with start <= key < stop, in byte order of their keys.

        Args:
            start: the first key, present or not.
            stop: the key before which to end; None is the end of the store.
            limit: the most entries to give: reading the first few of many is cheap only with it.
        """

    def iter_prefix(self, prefix: bytes, *, limit: int | None = None) -> Iterator[Entry]:
        """Iterate over the entries whose keys start with a prefix, in byte order of their keys."""
        return self.range(prefix, after_prefix(prefix), limit=limit)

    @abstractmethod
    def scoped(self, prefix: bytes) -> KvView:
        """Return the entries under a prefix as a view of its own, whose keys are without the prefix."""

    @abstractmethod
    def close(self) -> None:
        """Let go of files and memory; closing twice does no harm."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()


class KvState(KvView):
    """A store: what a step of a pipeline keeps between bundles, or several steps, each in a ``scoped`` part.

    A store is written by one thread at a time, and not by two processes. What is written is safe only in a
    checkpoint: a store by itself promises nothing after a crash.
    """

    @abstractmethod
    def put(self, key: bytes, value: bytes) -> None:
        """Set the value of a key."""

    @abstractmethod
    def put_many(self, entries: Iterable[Entry]) -> None:
        """Set many values; of a key that comes several times the last one stays."""

    @abstractmethod
    def delete(self, key: bytes) -> None:
        """Remove a key, if it is there."""

    @abstractmethod
    def delete_many(self, keys: Iterable[bytes]) -> None:
        """Remove many keys, those that are there."""

    @abstractmethod
    def delete_range(self, start: bytes = b"", stop: bytes | None = None) -> None:
        """Remove all entries with start <= key < stop; None is the end of the store."""

    def delete_prefix(self, prefix: bytes) -> None:
        """Remove all entries whose keys start with a prefix."""
        self.delete_range(prefix, after_prefix(prefix))

    @abstractmethod
    def snapshot(self) -> KvView:
        """Return the store as it is now: later writes do not show in it.

        It holds memory, or files that are replaced meanwhile, until it is closed. Another thread may read it
        while this one goes on writing to the store.
        """

    def restore(self, snapshot: KvView) -> None:
        """Replace all entries by those of a snapshot, of this store or of any other.

        A crash in between leaves a part of them: restore again.
        """
        entries = snapshot.range()
        self.delete_range()
        for batch in batches(entries):
            self.put_many(batch)

    @abstractmethod
    def stats(self) -> StateStats:
        """Return how many entries there are and how many bytes they take, roughly."""

    def scoped(self, prefix: bytes) -> KvState:
        """Return the entries under a prefix as a store of its own, whose keys are without the prefix.

        No prefix in use may be the start of another: those that ``pulse.state.keys.encode_key`` makes of
        tuples with the same number of values are not. Closing a part closes nothing; ``stats`` of a part
        reads all of it.
        """
        from pulse.state.kv.scoped import ScopedState  # noqa: PLC0415 - which is a KvState itself

        return ScopedState(self, prefix)


def after_prefix(prefix: bytes) -> bytes | None:
    r"""Return the first key after all that start with a prefix, None when nothing comes after them.

    Example:
        >>> after_prefix(b"ab"), after_prefix(b"a\xff"), after_prefix(b"\xff"), after_prefix(b"")
        (b'ac', b'b', None, None)
    """
    head = prefix.rstrip(b"\xff")
    return head[:-1] + bytes([head[-1] + 1]) if head else None


def batches(items: Iterable[_Item], size: int = _BATCH) -> Iterator[list[_Item]]:
    """Cut into lists of at most ``size`` items.

    Example:
        >>> list(batches("abc", 2))
        [['a', 'b'], ['c']]
    """
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch
