"""Reads files one after another, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.io.base import Block, Decoded, End, Idle, Reader
from pulse.io.files.codec import codec_of
from pulse.io.files.cutter import Cutter, read_header
from pulse.io.files.position import FilePosition, resume_at
from pulse.io.files.stream import open_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.io.base import Json
    from pulse.io.files.codec import Codec
    from pulse.io.files.cutter import TextFormat
    from pulse.io.files.locate import Located
    from pulse.io.files.stream import Stream


class TextReader(Reader):
    """Reads text files one after another in the order given, as one split.

    Args:
        files: the files.
        text_format: cuts and decodes.
        compression: as declared; None goes by the endings of the paths.
        block_bytes: about how much to read at a time.
        position: where to continue.
        opener: opens one file at an offset.

    Raises:
        ConnectorError: when a file cannot be read, or the position does not fit the files.
    """

    def __init__(
        self,
        files: Sequence[Located],
        text_format: TextFormat,
        *,
        compression: str | None,
        block_bytes: int,
        position: Json = None,
        opener: Callable[[Located, Codec | None, int], Stream] = open_stream,
    ) -> None:
        self._open = opener
        self._files = files
        self._format = text_format
        self._compression = compression
        self._block_bytes = block_bytes
        self._next = 0
        self._done = 0
        self._stream: Stream | None = None
        self._cutter = Cutter(text_format, files[0].name)
        if position is not None:
            self._continue(FilePosition.from_json(position))

    def poll(self) -> Block | Idle | End:
        """Read the next block of the current file, or of the next one."""
        while self._stream is not None or self._next < len(self._files):
            stream = self._stream or self._start(self._next)
            chunk = stream.read(self._cutter.wanted(self._block_bytes))
            if chunk is None:
                return Idle(0)
            found = self._cutter.push(chunk) if chunk else self._cutter.finish()
            if not chunk:
                self._done += stream.consumed()
                self.close()
            if found is not None:
                text, line = found
                return Block(text, self._position(), self._file.name, len(text.data), line)
        return End()

    def decode(self, block: Block) -> Decoded:
        """Turn a block into records."""
        return self._format.decode(block)

    def decoder(self) -> Callable[[Block], Decoded]:
        """Return ``decode`` as something that can be sent to another process."""
        return self._format.decode

    def progress(self) -> tuple[int, int | None]:
        """Return the bytes read from disk, and those of all files."""
        sizes = [file.size for file in self._files]
        total = None if None in sizes else sum(size for size in sizes if size is not None)
        return self._done + (self._stream.consumed() if self._stream else 0), total

    def close(self) -> None:
        """Close the current file."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    @property
    def header(self) -> bytes:
        """The header record of the file that was read last; empty when it has none."""
        return self._cutter.header

    @property
    def _file(self) -> Located:
        return self._files[self._next - 1]

    def _position(self) -> Json:
        at = self._cutter
        return FilePosition(self._file.name, at.offset, at.line, self._next - 1).as_json()

    def _start(self, index: int, offset: int = 0, line: int = 0) -> Stream:
        file = self._files[index]
        codec = codec_of(file.name, self._compression)
        stream = self._open(file, codec, offset)
        header = self._header(file, codec) if offset and self._format.header else b""
        self._cutter = Cutter(self._format, file.name, offset, line, header)
        self._stream, self._next = stream, index + 1
        return stream

    def _header(self, file: Located, codec: Codec | None) -> bytes:
        stream = self._open(file, codec, 0)
        try:
            return read_header(stream.read, self._format, file.name)
        finally:
            stream.close()

    def _continue(self, position: FilePosition) -> None:
        index = resume_at([file.name for file in self._files], position.file, position.index)
        self._done = sum(file.size or 0 for file in self._files[:index])
        self._start(index, position.offset, position.line)
