"""One output file that appears complete, grows by whole checkpoints, and never shows what may be undone.

What is written goes to *segments*: hidden files ``.<name>.<number>.tmp`` beside the output, one per
checkpoint. A commit renames the first segment to the output, which replaces a former result in one step, and
appends each later one at the offset that its checkpoint recorded. Committing again finds the segment gone and
does nothing; committing after a crash in the middle of an append cuts the output at the offset and appends
once more. So a run without checkpoints gives a file that is complete or absent, and a run with them one that
holds exactly the committed records.

After a restart the prepared data of the restored checkpoint is committed first: the file then goes on from
there. A run that commits nothing before it writes starts over, and removes what a crashed run left.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypedDict, cast

import pyarrow as pa

from pulse.errors import ConnectorError
from pulse.io.sinks.durable import disk_errors, make_directory, sync_directory, sync_file

if TYPE_CHECKING:
    from pathlib import Path

    from pulse.io.sinks.compression import Compression

_BUFFER = 1 << 20
_GZIP_LEVEL = 6


class Segment(TypedDict):
    """A staged piece of the output: its hidden file, where it belongs and how long it is, in bytes."""

    staged: str
    offset: int
    bytes: int


class Prepared(TypedDict):
    """What a commit needs.

    The segments not yet committed, the length of the output with them in bytes, and the number of segments
    so far.
    """

    segments: list[Segment]
    end: int
    count: int


class StagedFile:
    """Writes one file through segments.

    Args:
        path: the output; its directory is made when it is absent.
        compression: each segment is compressed by itself; readers join the members or frames.
        keep_prepared: whether an abort keeps what was prepared, because a checkpoint may refer to it.

    Raises:
        ConnectorError: when the path is a directory or its directory cannot be written.
    """

    def __init__(self, path: Path, *, compression: Compression = "none", keep_prepared: bool = False) -> None:
        if path.is_dir():
            raise ConnectorError(
                f"cannot write {os.fspath(path)!r}: it is a directory", hint="name a file inside it"
            )
        make_directory(path.parent)
        self.path = path
        self._compression = compression
        self._keep_prepared = keep_prepared
        self._pending: list[Segment] = []
        self._count = 0
        self._end = 0
        self._begun = False
        self._stream: Any = None
        self._file: Any = None
        self._open: Path | None = None

    def write(self, data: bytes) -> None:
        """Append to the segment of the coming checkpoint."""
        with disk_errors(self.path):
            if self._stream is None:
                self._start()
            self._stream.write(data)

    def prepare(self) -> Prepared:
        """Close and sync the segment; the first is made even when empty, so that an empty result shows."""
        with disk_errors(self.path):
            self._begin()
            if self._stream is None and self._count == 0:
                self._start()
            if self._open is not None:
                self._close_stream()
                sync_file(self._open)
                sync_directory(self.path.parent)
                size = self._open.stat().st_size
                self._pending.append({"staged": self._open.name, "offset": self._end, "bytes": size})
                self._end += size
                self._open = None
        return {"segments": [*self._pending], "end": self._end, "count": self._count}

    def commit(self, prepared: Prepared) -> None:
        """Publish the segments that are still staged, in order.

        Raises:
            ConnectorError: when a segment or the output it belongs to is gone.
        """
        with disk_errors(self.path):
            published = [self._publish(each) for each in prepared["segments"]]
            for staged in filter(None, published):
                staged.unlink(missing_ok=True)
            sync_directory(self.path.parent)
        done = {each["staged"] for each in prepared["segments"]}
        self._pending = [each for each in self._pending if each["staged"] not in done]
        if not self._begun:
            self._end, self._count = prepared["end"], prepared["count"]

    def retract(self, kept: Prepared) -> None:
        """Cut off what was published after a checkpoint.

        Args:
            kept: what was prepared at that checkpoint.
        """
        with disk_errors(self.path):
            if self.path.exists() and self.path.stat().st_size > kept["end"]:
                with self.path.open("rb+") as file:
                    file.truncate(kept["end"])
                    os.fsync(file.fileno())

    def abort(self) -> None:
        """Remove what is not committed; what a checkpoint may refer to stays, hidden."""
        self.close()
        if not self._keep_prepared:
            for each in self._pending:
                (self.path.parent / each["staged"]).unlink(missing_ok=True)
            self._pending = []

    def close(self) -> None:
        """Close the file; a segment that was never prepared is removed."""
        if self._open is not None:
            if self._stream is not None:
                with suppress(OSError, pa.ArrowException):  # a full disk must not keep it from being removed
                    self._close_stream()
            self._open.unlink(missing_ok=True)
            self._open = None

    def _begin(self) -> None:
        """Remove what a crashed run staged, before anything else is staged."""
        if not self._begun:
            self._begun = True
            pattern = re.compile(re.escape(f".{self.path.name}.") + r"\d{5,}\.tmp")
            for each in self.path.parent.iterdir():
                if pattern.fullmatch(each.name):
                    each.unlink(missing_ok=True)

    def _start(self) -> None:
        """Open the next segment."""
        self._begin()
        staged = self.path.with_name(f".{self.path.name}.{self._count:05d}.tmp")
        self._file = pa.output_stream(staged, buffer_size=_BUFFER, compression=None)  # type: ignore[arg-type]
        self._stream = _compressed(self._file, self._compression)
        self._open = staged
        self._count += 1

    def _close_stream(self) -> None:
        stream, self._stream = self._stream, None
        stream.close()
        self._file.close()

    def _publish(self, segment: Segment) -> Path | None:
        """Publish one segment; return its file when it was copied and is to be removed."""
        staged, offset = self.path.parent / segment["staged"], segment["offset"]
        size = self.path.stat().st_size if self.path.exists() else -1
        if not staged.exists():
            if size < offset + segment["bytes"]:
                raise ConnectorError(
                    f"cannot commit {os.fspath(self.path)!r}: the staged file {segment['staged']!r} is gone "
                    f"and the output does not hold its {segment['bytes']} bytes",
                    hint="restore the file, or start over without the checkpoint",
                )
            return None
        if offset == 0:
            staged.replace(self.path)
            return None
        if size < offset:
            raise ConnectorError(
                f"cannot commit {os.fspath(self.path)!r}: it was cut or removed since the checkpoint, "
                f"which expects {offset} bytes",
                hint="restore the file, or start over without the checkpoint",
            )
        with staged.open("rb") as source, self.path.open("rb+") as target:
            target.truncate(offset)
            target.seek(offset)
            shutil.copyfileobj(source, target, _BUFFER)
            target.flush()
            os.fsync(target.fileno())
        return staged


def _compressed(file: pa.NativeFile, compression: Compression) -> Any:
    """Return a stream that compresses into a file; the same records give the same bytes."""
    if compression == "gzip":  # arrow's has only the slowest level
        return gzip.GzipFile(
            fileobj=cast("Any", file), mode="wb", compresslevel=_GZIP_LEVEL, mtime=0, filename=""
        )
    return file if compression == "none" else pa.CompressedOutputStream(file, compression)
