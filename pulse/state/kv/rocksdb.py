"""State on disk, larger than memory: RocksDB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from pulse.state.kv.base import KvState, StateStats, batches
from pulse.state.kv.rocksdb_errors import check_place, failure
from pulse.state.kv.rocksdb_files import replace_directory
from pulse.state.kv.rocksdb_memory import RocksDbMemory, load
from pulse.state.kv.rocksdb_view import RocksDbView, Walk, check

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from pulse.state.kv.base import Entry, KvView

_PROPERTIES = ("rocksdb.estimate-num-keys", "rocksdb.total-sst-files-size", "rocksdb.cur-size-all-mem-tables")
_BATCH = 1 << 20  # bytes: what RocksDB takes at once may exceed its write buffers by as much
_OVERHEAD = 32


class RocksDbState(KvState):
    """A store in a directory, through rocksdict in raw mode: bytes in, bytes out, nothing is ever unpickled.

    There is no write-ahead log: what makes state safe is ``checkpoint``. ``close`` writes everything out, so
    a store that was closed opens again as it was; after a crash it is whatever had reached a file, and the
    checkpoint has to be restored.

    Args:
        path: its directory, made when absent; one process at a time can have it open.
        memory: what it may hold in memory; give several stores the same object to share it.
        max_open_files: the most files of data open at a time.
        must_exist: whether an absent or empty directory is an error.

    Raises:
        MissingDependency: rocksdict is not installed.
        StateError: locked, damaged, no directory for a store; here and from every method.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        memory: RocksDbMemory | None = None,
        max_open_files: int = 256,
        must_exist: bool = False,
    ) -> None:
        self._path = Path(path)
        self._memory = memory or RocksDbMemory()
        self._max_open_files = max_open_files
        self._rocks = load()
        self._unlogged = self._rocks.WriteOptions()
        self._unlogged.disable_wal = True
        self._open_readers: WeakSet[Walk | RocksDbView] = WeakSet()
        check_place(self._path, must_exist=must_exist)
        self._db = self._open()

    def get(self, key: bytes) -> bytes | None:
        try:
            return self._db.get(key)  # type: ignore[no-any-return]
        except Exception as error:
            raise failure("cannot read", self._path, error) from error

    def get_many(self, keys: Iterable[bytes]) -> list[bytes | None]:
        try:
            return list(map(self._db.get, keys))  # faster than get with a list, when blocks are in the cache
        except Exception as error:
            raise failure("cannot read", self._path, error) from error

    def range(
        self, start: bytes = b"", stop: bytes | None = None, *, limit: int | None = None
    ) -> Iterator[Entry]:
        options = self._rocks.ReadOptions()
        if stop is not None:
            if stop <= start:
                return iter(())
            options.set_iterate_upper_bound(stop)
        try:
            cursor = self._db.iter(options)
            cursor.seek(start)
        except Exception as error:
            raise failure("cannot read", self._path, error) from error
        walk = Walk(cursor, self._path, limit, stop)
        self._open_readers.add(walk)
        return walk

    def put(self, key: bytes, value: bytes) -> None:
        try:
            self._db.put(key, value, self._unlogged)
        except Exception as error:
            raise failure("cannot write", self._path, error) from error

    def put_many(self, entries: Iterable[Entry]) -> None:
        batch = self._rocks.WriteBatch(raw_mode=True)
        size = 0
        for key, value in entries:
            batch.put(key, value)
            size += len(key) + len(value) + _OVERHEAD
            if size > _BATCH:
                self._write(batch)
                batch, size = self._rocks.WriteBatch(raw_mode=True), 0
        self._write(batch)

    def delete(self, key: bytes) -> None:
        try:
            self._db.delete(key, self._unlogged)
        except Exception as error:
            raise failure("cannot write", self._path, error) from error

    def delete_many(self, keys: Iterable[bytes]) -> None:
        for some in batches(keys):
            batch = self._rocks.WriteBatch(raw_mode=True)
            for key in some:
                batch.delete(key)
            self._write(batch)

    def delete_range(self, start: bytes = b"", stop: bytes | None = None) -> None:
        if stop is None:
            stop = self._last_key() + b"\0"
        if start < stop:
            batch = self._rocks.WriteBatch(raw_mode=True)
            batch.delete_range(start, stop)
            self._write(batch)

    def snapshot(self) -> KvView:
        try:
            view = RocksDbView(self._db.iter(), self._path)
        except Exception as error:
            raise failure("cannot read", self._path, error) from error
        self._open_readers.add(view)
        return view

    def checkpoint(self, directory: str | os.PathLike[str]) -> None:
        """Write the store as it is now into a new directory, on the same file system in no time.

        Writes that are in no file yet go to one; files of data are hard links to the store's own, so a file
        that was in an earlier checkpoint is the same inode again and takes no more room. On another file
        system they are copied. Another thread may go on reading and writing meanwhile.

        Args:
            directory: must not exist; its parent is made when absent.

        Raises:
            StateError: the directory exists, or cannot be written.
        """
        target = Path(directory)
        if target.exists():
            raise failure("cannot write", target, FileExistsError("a checkpoint needs a new directory"))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._rocks.Checkpoint(self._db).create_checkpoint(str(target))
        except Exception as error:
            raise failure("cannot write", target, error) from error

    def restore_checkpoint(self, directory: str | os.PathLike[str]) -> None:
        """Replace the store by a checkpoint, which stays as it is: files of data are hard links again.

        Iterators and snapshots of the store end. A crash in between leaves the store as it was, or absent:
        restore again.

        Raises:
            StateError: the directory is no checkpoint, or is damaged.
        """
        source = Path(directory)
        check_place(source, must_exist=True)
        self.close()
        try:
            replace_directory(self._path, source)
        except OSError as error:
            raise failure("cannot restore", self._path, error) from error
        self._db = self._open()

    def stats(self) -> StateStats:
        try:
            entries, *sizes = [self._db.property_int_value(name) or 0 for name in _PROPERTIES]
        except Exception as error:
            raise failure("cannot read", self._path, error) from error
        return StateStats(entries, sum(sizes))

    def close(self) -> None:
        for reader in list(self._open_readers):
            reader.close()  # whatever reads keeps the directory locked
        try:
            self._db.close()
        except self._rocks.DbClosedError:
            return
        except Exception as error:
            raise failure("cannot close", self._path, error) from error

    def _open(self) -> Any:
        options = self._memory.options(max_open_files=self._max_open_files)
        try:
            self._path.mkdir(parents=True, exist_ok=True)
            return self._rocks.Rdict(str(self._path), options)
        except Exception as error:
            raise failure("cannot open", self._path, error) from error

    def _write(self, batch: Any) -> None:
        try:
            self._db.write(batch, self._unlogged)
        except Exception as error:
            raise failure("cannot write", self._path, error) from error

    def _last_key(self) -> bytes:
        try:
            cursor = self._db.iter()
        except Exception as error:
            raise failure("cannot read", self._path, error) from error
        cursor.seek_to_last()
        check(cursor, self._path)
        return cursor.key() if cursor.valid() else b""
