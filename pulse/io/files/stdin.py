"""Standard input: read as it comes; the head that a schema was sniffed from is not lost."""

from __future__ import annotations

import io
import os
import select
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.errors import ConnectorError

if TYPE_CHECKING:
    from pulse.io.files.codec import Codec

_WAIT = 0.05
"""Seconds that one read may wait for data, so that a person's Ctrl-C is heard."""

_PAUSE = 0.2
"""Seconds without data after which what was peeked at is enough: longer than a busy program's pauses."""


class StandardInput:
    """The process's standard input, with a buffer of what was peeked at.

    Args:
        raw: the binary stream.
        codec: how it is compressed, if it is.
    """

    def __init__(self, raw: Any, codec: Codec | None) -> None:
        self.raw = raw
        self.codec = codec
        self.consumed = 0
        self.ended = False
        self._ahead = b""
        self._reader: Any = pa.CompressedInputStream(pa.PythonFile(raw, mode="r"), codec) if codec else raw
        self._handle = None if codec else _handle(raw)

    def peek(self, size: int) -> bytes:
        """Return the next bytes without taking them, up to ``size``.

        Waits for the first whole line or the end, and then for more only until there is a pause.
        """
        while len(self._ahead) < size and not self.ended:
            if b"\n" in self._ahead and not self._ready(_PAUSE):
                break
            chunk = self._take(size - len(self._ahead))
            self.ended = not chunk
            self._ahead += chunk
        return self._ahead[:size]

    def read(self, size: int) -> bytes | None:
        """Read what there is, up to ``size`` bytes: none at the end, None when nothing came yet."""
        chunk, self._ahead = self._ahead[:size], self._ahead[size:]
        if not chunk:
            if not self._ready(_WAIT):
                return None
            chunk = self._take(size)
        while chunk and self._handle is not None and len(chunk) < size and self._ready(0):
            more = self._take(size - len(chunk))
            if not more:
                break
            chunk += more
        self.consumed += len(chunk)
        return chunk

    def _take(self, size: int) -> bytes:
        try:
            if self._handle is not None:
                # past Python's own buffer, which would read on in a pipe that has nothing
                return os.read(self._handle, size)
            return bytes(self._reader.read(size))
        except OSError as error:
            raise ConnectorError(f"standard input can't be read: {error}", where="-") from error

    def _ready(self, wait: float) -> bool:
        if self._handle is None:
            return True
        return bool(select.select([self._handle], [], [], wait)[0])


_current: list[StandardInput] = []


def standard_input(codec: Codec | None) -> StandardInput:
    """Return the reader of standard input: one per process, because its bytes come once."""
    raw = sys.stdin.buffer
    if not _current or _current[0].raw is not raw or _current[0].codec != codec:
        _current[:] = [StandardInput(raw, codec)]
    return _current[0]


def _handle(raw: Any) -> int | None:
    """Return the file descriptor that can be waited on, or None when there is none."""
    if not isinstance(raw, io.BufferedReader) or sys.platform == "win32":
        return None
    try:
        return raw.fileno()
    except OSError:
        return None
