"""A lock on a state directory, so that two runs never share it."""

from __future__ import annotations

import json
import os
import socket
from typing import TYPE_CHECKING, Any

from pulse.errors import StateError
from pulse.state.checkpoints.files import state_errors

if TYPE_CHECKING:
    from pathlib import Path

LOCK = "lock"


class DirectoryLock:
    """Holds a directory from its making until ``release`` or the end of the process, however it ends.

    Args:
        directory: the directory; it exists.

    Raises:
        StateError: when another process holds it, or the system has no such locks.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / LOCK
        with state_errors("lock", self.path):
            self._handle: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            self._take(directory)
        except BaseException:
            os.close(self._handle)
            self._handle = None
            raise

    def _take(self, directory: Path) -> None:
        try:
            import fcntl  # noqa: PLC0415 - not on every system
        except ImportError:
            raise StateError(
                "a state directory needs file locks, which this operating system does not have",
                hint="run on Linux or macOS, or without --state-dir",
            ) from None
        assert self._handle is not None  # noqa: S101 - just opened
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(
                f"state directory {str(directory)!r} is in use by {self._holder()}",
                hint="wait for that run to end, stop it, or name another state directory",
            ) from None
        os.ftruncate(self._handle, 0)
        about = {"pid": os.getpid(), "host": socket.gethostname()}
        os.pwrite(self._handle, json.dumps(about).encode(), 0)

    def _holder(self) -> str:
        assert self._handle is not None  # noqa: S101 - open while the lock is asked for
        try:
            found: Any = json.loads(os.pread(self._handle, 4096, 0))
            return f"process {found['pid']} on {found['host']}"
        except (ValueError, KeyError, TypeError):
            return "another process"

    def release(self) -> None:
        """Let others have the directory."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
