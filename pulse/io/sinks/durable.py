"""Making files durable and visible: fsync, rename, and what an operating system error becomes."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa

from pulse.errors import ConnectorError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT}


@contextmanager
def disk_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn an error of the operating system into one that names the path and the reason.

    Raises:
        ConnectorError: retriable when the disk or quota is full, for space can be made.

    Example:
        >>> with disk_errors("out.jsonl"):
        ...     raise OSError(28, "No space left on device")
        Traceback (most recent call last):
        pulse.errors.ConnectorError: cannot write 'out.jsonl': no space left on device
    """
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else str(error)
        raise ConnectorError(
            f"cannot write {os.fspath(path)!r}: {reason[:1].lower()}{reason[1:]}",
            retriable=number in _FULL,
        ) from error


def make_directory(path: Path) -> None:
    """Make a directory with its parents and see that files can be made in it.

    Raises:
        ConnectorError: when it is a file, or cannot be made or written.
    """
    with disk_errors(path):
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def sync_file(path: Path) -> None:
    """Have the content of a closed file reach the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Have the names in a directory reach the disk; does nothing where directories cannot be synced."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
