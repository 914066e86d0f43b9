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

    It moves a cursor itself, for rocksdict's own iterators end at a damaged block as if nothing came after.

    Args:
        cursor: rocksdict's ``RdictIter``, at the first entry; it sees the store as it was when that was made.
        path: the directory, for errors.
        limit: the most entries to give.
        stop: the bound that the cursor was made with; RocksDB reads it where it is, so it must live as long.
    """

    def __init__(self, cursor: Any, path: Path, limit: int | None, stop: bytes | None) -> None:
        self._cursor = cursor
        self._path = path
        self._left = -1 if limit is None else limit
        self._stop = stop
        self._ended = False

    def __iter__(self) -> Walk:
        return self

    def __next__(self) -> Entry:
        cursor = self._cursor
        if cursor is None:
            if self._ended:
                raise StopIteration
            raise StateError(f"the state in {self._path} was closed while it was read")
        if self._left == 0 or not cursor.valid():
            check(cursor, self._path)
            self._ended = True
            self.close()
            raise StopIteration
        self._left -= 1
        entry = cursor.key(), cursor.value()
        cursor.next()
        return entry

    def close(self) -> None:
        """Let go of the files."""
        self._cursor = None


class RocksDbView(KvView):
    """A snapshot: one cursor, which sees the store as it was when that was made, moved to where it is read.

    It is not rocksdict's ``Snapshot``, for iterating over that shows later writes. One thread at a time
    reads it.

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
        check(cursor, self._path)
        return page

    def _seek(self, key: bytes) -> Any:
        if self._cursor is None:
            raise StateError(f"the snapshot of the state in {self._path} was closed")
        self._cursor.seek(key)
        check(self._cursor, self._path)
        return self._cursor


def check(cursor: Any, path: Path) -> None:
    """Raise what stopped a cursor, if it was an error.

    Raises:
        StateError: files are damaged or cannot be read.
    """
    try:
        cursor.status()
    except Exception as error:
        raise failure("cannot read", path, error) from error
