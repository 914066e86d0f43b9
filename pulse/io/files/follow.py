"""Follows one growing file, as ``tail -F`` does, over rotation and truncation."""

from __future__ import annotations

import os
from collections import deque
from typing import IO, TYPE_CHECKING

from pulse.errors import ConnectorError
from pulse.io.base import Block, Decoded, End, Idle, Reader
from pulse.io.files.codec import codec_of
from pulse.io.files.cutter import Cutter, read_header
from pulse.io.files.position import FilePosition

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.io.base import Json
    from pulse.io.files.cutter import Text, TextFormat

_COUNTER_DIGITS = 5
"""Digits of a rotated file's ending up to which it is a counter and not a date."""


class FollowReader(Reader):
    """Reads a local file to its end and then what is added to it.

    When the path names another file (rotation by renaming), the old one is read to its end first; a file that
    became shorter (rotation by copying and cutting) is read from its start. A last line without a line end
    waits for it, unless its file is finished. Rotation is noticed at ``poll``, also while there is much left
    to read of the old file. Files that had the path between two polls are found beside it under their new
    names, oldest first. The old file is left once something stands in the next one, for a writer may go on
    with it for a moment after it was renamed.

    Args:
        path: the file.
        text_format: cuts and decodes.
        block_bytes: about how much to read at a time.
        position: where to continue. A file that was rotated meanwhile is found again beside the path, if it
            was renamed and not yet compressed.

    Raises:
        ConnectorError: when the file to continue is gone.
    """

    def __init__(
        self, path: str, text_format: TextFormat, *, block_bytes: int, position: Json = None
    ) -> None:
        self._path = path
        self._format = text_format
        self._block_bytes = block_bytes
        self._files: deque[IO[bytes]] = deque()
        self._cutter = Cutter(text_format, path)
        try:
            self._open(FilePosition.from_json(position) if position is not None else FilePosition(path))
        except OSError as error:
            raise ConnectorError(
                f"file {path!r} can't be opened: {error.strerror}", where=path, retriable=True
            ) from error

    def poll(self) -> Block | Idle | End:
        """Read the next block, or nothing when nothing was added."""
        self._notice_rotation()
        file = self._files[0]
        size = self._cutter.wanted(self._block_bytes)
        chunk = file.read(size)
        if not chunk and len(self._files) > 1 and os.fstat(self._files[1].fileno()).st_size:
            found = self._cutter.finish()
            self._files.popleft().close()
            block = self._block(*found, at_start=True) if found else None
            self._cutter = Cutter(self._format, self._path)
            return block or Idle(0)
        if not chunk and os.fstat(file.fileno()).st_size < file.tell():
            found = self._cutter.finish()
            block = self._block(*found, at_start=True) if found else None
            file.seek(0)
            self._cutter = Cutter(self._format, self._path)
            return block or Idle(0)
        found = self._cutter.push(chunk) if chunk else None
        return self._block(*found) if found else Idle()

    def decode(self, block: Block) -> Decoded:
        """Turn a block into records."""
        return self._format.decode(block)

    def decoder(self) -> Callable[[Block], Decoded]:
        """Return the format's ``decode``, which knows nothing of files."""
        return self._format.decode

    def progress(self) -> tuple[int, int | None]:
        """Return the bytes read of the current file; its end is not known."""
        return self._files[0].tell() if self._files else 0, None

    def close(self) -> None:
        """Close the file, and those that came after it."""
        while self._files:
            self._files.popleft().close()

    def _block(self, text: Text, line: int, *, at_start: bool = False) -> Block:
        inode = _inode(self._files[0])
        at = self._cutter
        place = FilePosition(self._path, inode=inode)
        if not at_start:
            place = FilePosition(self._path, at.offset, at.line, 0, inode)
        return Block(text, place.as_json(), self._path, len(text.data), line)

    def _notice_rotation(self) -> None:
        """Open the files that have or had the path since, so that later rotations can't hide them."""
        held = [_inode(file) for file in self._files]
        try:
            if os.stat(self._path).st_ino == held[-1]:  # noqa: PTH116
                return
            newest = _opened(self._path)
        except FileNotFoundError:
            return  # between two files
        known = {*held, _inode(newest)}
        try:
            between = [path for path, inode in self._rotated(held[-1]) if inode not in known]
            self._files.extend(_opened(path) for path in between)
        except FileNotFoundError:
            newest.close()  # it is being renamed just now: the next poll sees all of it
            return
        self._files.append(newest)

    def _open(self, position: FilePosition) -> None:
        paths = [self._path]
        if position.inode is not None and os.stat(self._path).st_ino != position.inode:  # noqa: PTH116
            rotated = self._rotated(position.inode)
            if not rotated:
                raise ConnectorError(
                    f"file {self._path!r} was rotated since the checkpoint, and the old one is gone from "
                    "beside it",
                    hint="put the old file back beside it, or start without the checkpoint",
                    where=self._path,
                )
            paths = [*(path for path, _ in rotated), self._path]
        self._files.extend(_opened(path) for path in paths)
        if os.fstat(self._files[0].fileno()).st_size < position.offset:
            self.close()
            raise ConnectorError(
                f"file {self._path!r} is shorter than the position to continue at, byte {position.offset}",
                hint="it was cut since the checkpoint; start without the checkpoint to read it anew",
                where=self._path,
            )
        wanted = position.offset and self._format.header
        header = read_header(self._files[0].read, self._format, self._path) if wanted else b""
        self._files[0].seek(position.offset)
        self._cutter = Cutter(self._format, self._path, position.offset, position.line, header)

    def _rotated(self, inode: int) -> list[tuple[str, int]]:
        """Return the file that had the path, under its new name, and those that had it after; with inodes.

        Empty when it is not beside the path any more. Those after it have a counter or date behind the name:
        what is called ``.bak`` is a copy that someone made.
        """
        folder, name = os.path.split(self._path)
        with os.scandir(folder or ".") as entries:
            beside = sorted(
                (each.stat().st_mtime_ns, *_age(each.name.removeprefix(f"{name}.")), each.path, each.inode())
                for each in entries
                if each.name.startswith(f"{name}.") and codec_of(each.name, None) is None
            )
        inodes = [found for *_, found in beside]
        start = inodes.index(inode) if inode in inodes else len(beside)
        return [
            (path, found)
            for *_, path, found in beside[start:]
            if found == inode or path.rpartition(f"{name}.")[2][:1].isdecimal()
        ]


def _age(suffix: str) -> tuple[int, str]:
    """Return what sorts the endings of rotated files, the oldest first: counters fall, dates rise.

    Example:
        >>> sorted(["1", "10", "2"], key=_age), sorted(["20240502", "20240501"], key=_age)
        (['10', '2', '1'], ['20240501', '20240502'])
    """
    return (-int(suffix), "") if suffix.isdecimal() and len(suffix) <= _COUNTER_DIGITS else (0, suffix)


def _inode(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_ino


def _opened(path: str) -> IO[bytes]:
    return open(path, "rb", buffering=0)  # noqa: PTH123 - closed by the reader
