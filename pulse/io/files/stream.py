"""One file as a stream of bytes, decompressed, from any offset."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.errors import ConnectorError
from pulse.io.files.locate import STDIN
from pulse.io.files.stdin import standard_input

if TYPE_CHECKING:
    from pulse.io.files.codec import Codec
    from pulse.io.files.locate import Located

_SKIP = 1 << 20


class Stream(ABC):
    """Bytes from one file; offsets count decompressed bytes."""

    @abstractmethod
    def read(self, size: int) -> bytes | None:
        """Read up to ``size`` bytes: none at the end, None when there are none now but may be later."""

    def consumed(self) -> int:
        """Return how many bytes were read from the disk or the network, as far as known."""
        return 0

    def close(self) -> None:  # noqa: B027 - some hold nothing
        """Release the file."""


class BytesStream(Stream):
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        chunk = self._data[self._at : self._at + size]
        self._at += len(chunk)
        return chunk


class FileStream(Stream):
    """A file on the local disk or in an object store.

    Args:
        file: the file.
        codec: how it is compressed, if it is.

    Raises:
        ConnectorError: when it cannot be opened or read.
    """

    def __init__(self, file: Located, codec: Codec | None) -> None:
        self._name = file.name
        try:
            self._raw: Any = (
                open(file.path, "rb", buffering=0)  # noqa: PTH123, SIM115 - closed by close()
                if file.filesystem is None
                else file.filesystem.open_input_file(file.path)
            )
        except OSError as error:
            raise self._failed("opened", error, retriable=file.filesystem is not None) from error
        native = self._raw if isinstance(self._raw, pa.NativeFile) else pa.PythonFile(self._raw, mode="r")
        self._reader: Any = pa.CompressedInputStream(native, codec) if codec else self._raw
        self._codec = codec

    def skip_to(self, offset: int) -> None:
        """Go to an offset; a compressed file is read up to there."""
        if self._codec is None:
            if offset > self._size():
                raise self._shorter(offset)
            self._raw.seek(offset)
            return
        while offset:
            chunk = self.read(min(offset, _SKIP))
            if not chunk:
                raise self._shorter(offset)
            offset -= len(chunk)

    def read(self, size: int) -> bytes:
        """Read up to ``size`` bytes: none at the end."""
        try:
            return bytes(self._reader.read(size))
        except OSError as error:
            raise self._failed("decompressed" if self._codec else "read", error) from error

    def consumed(self) -> int:
        """Return how many bytes were read, compressed ones when it is compressed."""
        return int(self._raw.tell()) if self._raw.seekable() else 0

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
        self._raw.close()

    def _size(self) -> int:
        end = int(self._raw.seek(0, 2) if not isinstance(self._raw, pa.NativeFile) else self._raw.size())
        self._raw.seek(0)
        return end

    def _shorter(self, offset: int) -> ConnectorError:
        return ConnectorError(
            f"file {self._name!r} ends before the position to continue at ({offset} bytes are missing)"
            if self._codec
            else f"file {self._name!r} is shorter than the position to continue at, byte {offset}",
            hint="it was replaced or cut since the checkpoint; start without the checkpoint to read it anew",
            where=self._name,
        )

    def _failed(self, what: str, error: OSError, *, retriable: bool = False) -> ConnectorError:
        reason = error.strerror or str(error)
        return ConnectorError(
            f"file {self._name!r} can't be {what}: {reason}", where=self._name, retriable=retriable
        )


class StandardStream(Stream):
    """Standard input, decompressed; what was peeked at is read again."""

    def __init__(self, codec: Codec | None) -> None:
        self._input = standard_input(codec)

    def read(self, size: int) -> bytes | None:
        """Read what there is: none at the end, None when nothing came yet."""
        return self._input.read(size)

    def consumed(self) -> int:
        """Return how many bytes were read, compressed ones when it is compressed."""
        return self._input.consumed


def open_stream(file: Located, codec: Codec | None, offset: int = 0) -> Stream:
    """Open a file at an offset of its decompressed bytes.

    Raises:
        ConnectorError: when it cannot be opened, is shorter, or is standard input or a pipe and ``offset`` is
            not 0, for what was read of those is gone.
    """
    if offset and not file.seekable:
        what = "standard input" if file.name == STDIN else f"pipe {file.name!r}"
        raise ConnectorError(
            f"{what} can't be continued at a position, because what was read of it is gone",
            hint="write the input to a file first, or run without checkpoints",
            where=file.name,
        )
    if file.name == STDIN:
        return StandardStream(codec)
    stream = FileStream(file, codec)
    if offset:
        try:
            stream.skip_to(offset)
        except ConnectorError:
            stream.close()
            raise
    return stream
