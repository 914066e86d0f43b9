"""Cutting a stream of bytes into blocks of whole records, in constant memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pulse.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.io.base import Block, Decoded

LONGEST = 64 << 20
"""Bytes that one record may take; more is taken for a file of another kind."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Text:
    """Whole records of one file.

    Args:
        data: the bytes of the records.
        header: the bytes of the file's header record, for formats that have one.
    """

    data: bytes
    header: bytes = b""


class TextFormat(Protocol):
    """What a format of text files tells of itself."""

    @property
    def header(self) -> bool:
        """Whether the first record of a file is a header."""

    def cut(self, data: bytes) -> int:
        """Return where the last whole record of the data ends, 0 when there is none."""

    def first(self, data: bytes) -> int:
        """Return where the first record of the data that is not blank ends."""

    def lines(self, data: bytes) -> int:
        """Return how many lines the data spans."""

    def decode(self, block: Block) -> Decoded:
        """Turn a block whose payload is ``Text`` into records."""


class Cutter:
    """Joins what is read of one file and cuts off whole records.

    Args:
        text_format: says where records end.
        name: the file, for messages.
        offset: bytes before the first byte that will be pushed.
        line: lines before it.
        header: the header record, when the stream starts behind it.
    """

    def __init__(
        self, text_format: TextFormat, name: str, offset: int = 0, line: int = 0, header: bytes = b""
    ) -> None:
        self.offset = offset
        self.line = line
        self.header = header
        self._format = text_format
        self._name = name
        self._held = b""

    def wanted(self, block_bytes: int) -> int:
        """Return how many bytes to read next; doubles while one record is longer than a block."""
        return max(block_bytes - len(self._held), len(self._held), 1)

    def push(self, chunk: bytes) -> tuple[Text, int] | None:
        """Take what was read; return the whole records there are, and the lines before them.

        Raises:
            ConnectorError: when one record is longer than any record should be.
        """
        self._held = self._held + chunk if self._held else chunk
        end = self._format.cut(self._held)
        if not end and len(self._held) > LONGEST:
            raise ConnectorError(
                f"file {self._name!r} has a record longer than {LONGEST >> 20} MiB after line {self.line}",
                hint="is it of this format, and is every quote closed?",
                where=f"{self._name}:{self.line + 1}",
            )
        return self._emit(end)

    def finish(self) -> tuple[Text, int] | None:
        """Return what is left at the end of the file: a record that no line end follows."""
        return self._emit(len(self._held))

    def _emit(self, end: int) -> tuple[Text, int] | None:
        if not end:
            return None
        data, self._held = self._held[:end], self._held[end:]
        at_start = self.offset == 0
        self.offset += end
        if at_start and data.startswith(_BYTE_ORDER_MARK):
            data = data[len(_BYTE_ORDER_MARK) :]
        if self._format.header and not self.header:
            end = self._format.first(data)
            self.header, data = data[:end], data[end:]
            self.line += self._format.lines(self.header)
        before = self.line
        self.line += self._format.lines(data)
        return (Text(data, self.header), before) if data else None


def read_header(read: Callable[[int], bytes | None], text_format: TextFormat, name: str) -> bytes:
    """Return the header record of a file, from its start.

    Args:
        read: reads up to so many bytes; none at the end.
        text_format: says where records end.
        name: the file, for messages.
    """
    cutter = Cutter(text_format, name)
    while not cutter.header:
        chunk = read(cutter.wanted(1 << 16))
        if not chunk:
            cutter.finish()
            break
        cutter.push(chunk)
    return cutter.header
