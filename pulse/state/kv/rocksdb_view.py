"""Reading a store in RocksDB as it was at one moment."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from pulse.errors import StateError
from pulse.state.kv.base import KvView
from pulse.state.kv.rocksdb_errors import failure
from pulse.state.kv.scoped import ScopedView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pulse.state.kv.base import Entry

_PAGE = 1024


class Walk:
    """An iterator over entries that a store can end: an open one keeps the directory locked.

    Args:
        entries: rocksdict's iterator, which sees the store as it was when that was made.
        path: the directory, for errors.
        limit: the most entries to give.
    """

    def __init__(self, entries: Iterator[Entry], path: Path, limit: int | None = None) -> None:
        self._entries: Iterator[Entry] | None = entries
        self._path = path
        self._left = -1 if limit is None else limit

    def __iter__(self) -> Walk:
        return self

    def __next__(self) -> Entry:
        if self._entries is None:
            raise StateError(f"the state in {self._path} was closed while it was read")
        if self._left == 0:
            raise StopIteration
        self._left -= 1
        try:
            return next(self._entries)
        except StopIteration:
            raise
        except Exception as error:
            raise failure("cannot read", self._path, error) from error

    def close(self) -> None:
        """Let go of the files."""
        self._entries = None


class RocksDbView(KvView):
    """A snapshot: one cursor, which sees the store as it was when that was made, moved to where it is read.

    It is not rocksdict's ``Snapshot``, for iterating over that shows later writes.

    Args:
        cursor: rocksdict's ``RdictIter``.
        path: the directory, for errors.
    """

    def __init__(self, cursor: Any, path: Path) -> None:
        self._cursor = cursor
        self._path = path

    def get(self, key: bytes) -> bytes | None:
        cursor = self._seek(key)
        return cursor.value() if cursor.valid() and cursor.key() == key else None

    def range(
        self, start: bytes = b"", stop: bytes | None = None, *, limit: int | None = None
    ) -> Iterator[Entry]:
        return chain.from_iterable(self._pages(start, stop, limit))

    def scoped(self, prefix: bytes) -> KvView:
        return ScopedView(self, prefix)

    def close(self) -> None:
        self._cursor = None

    def _pages(self, start: bytes, stop: bytes | None, limit: int | None) -> Iterator[list[Entry]]:
        """Read page by page, each from where the last one ended: others move the cursor in between."""
        while limit is None or limit > 0:
            size = _PAGE if limit is None else min(_PAGE, limit)
            page = self._page(start, stop, size)
            yield page
            if len(page) < size:
                return
            start = page[-1][0] + b"\0"
            limit = None if limit is None else limit - size

    def _page(self, start: bytes, stop: bytes | None, size: int) -> list[Entry]:
        page: list[Entry] = []
        cursor = self._seek(start)
        while len(page) < size and cursor.valid():
            key = cursor.key()
            if stop is not None and key >= stop:
                break
            page.append((key, cursor.value()))
            cursor.next()
        self._check(cursor)
        return page

    def _seek(self, key: bytes) -> Any:
        if self._cursor is None:
            raise StateError(f"the snapshot of the state in {self._path} was closed")
        self._cursor.seek(key)
        self._check(self._cursor)
        return self._cursor

    def _check(self, cursor: Any) -> None:
        try:
            cursor.status()
        except Exception as error:
            raise failure("cannot read", self._path, error) from error
