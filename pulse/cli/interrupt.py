"""Ctrl-C before a run has begun: while modules are imported, the config is read and sources are looked at."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from types import TracebackType


class EarlyInterrupt:
    """Makes a Ctrl-C that no runner takes end the command as a first Ctrl-C does: in order, with exit code 0.

    A runner has its own handler while it runs; that one is in force then, and this one before and after.
    """

    def __init__(self) -> None:
        self._before: Any = None
        self._seen = False

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._take)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        if isinstance(error, KeyboardInterrupt) and self._seen:
            click.echo("interrupted before the run began: nothing was written", err=True)
            raise click.exceptions.Exit(0) from None

    def _take(self, *_: object) -> None:
        self._seen = True
        raise KeyboardInterrupt
