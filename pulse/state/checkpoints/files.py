"""Files that reach the disk before anything relies on them, and that are known by their checksum."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pulse.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@contextmanager
def state_errors(what: str, path: Path) -> Iterator[None]:
    """Turn an error of the operating system into a ``StateError`` that names the path and the reason.

    Example:
        >>> from pathlib import Path
        >>> with state_errors("write", Path("state")):
        ...     raise OSError(28, "No space left on device")
        Traceback (most recent call last):
        pulse.errors.StateError: cannot write 'state': no space left on device
    """
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StateError(f"cannot {what} {str(path)!r}: {reason[:1].lower()}{reason[1:]}") from error


def write_synced(path: Path, parts: Iterable[Any]) -> tuple[int, str]:
    """Write a file, have it reach the disk, and return its size and checksum."""
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        for part in parts:
            file.write(part)
            digest.update(part)
            size += len(part)
        file.flush()
        os.fsync(file.fileno())
    return size, digest.hexdigest()


def checksum(data: bytes | memoryview) -> str:
    """Return the SHA-256 of bytes.

    Example:
        >>> checksum(b"")[:8]
        'e3b0c442'
    """
    return hashlib.sha256(data).hexdigest()


def sync_names(directory: Path) -> None:
    """Have the names in a directory reach the disk, where directories can be synced."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
