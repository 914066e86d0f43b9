"""Serving beside a run: in a thread of its own, so that a busy engine does not keep a scraper waiting."""

from __future__ import annotations

from contextlib import contextmanager
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

import trio

from pulse.http.server import LOCAL, serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.http.app import App


@contextmanager
def serving(app: App, *, port: int, host: str = LOCAL) -> Iterator[str]:
    """Serve while the body of ``with`` runs; gives the address, such as ``http://127.0.0.1:9898``.

    Args:
        app: what answers; called from another thread.
        port: the port; 0 takes a free one.
        host: the address to listen on.

    Raises:
        MissingDependency: when hypercorn is not installed.
        ConnectorError: when the address cannot be listened on.
    """
    server = _Server(app, port, host)
    server.start()
    outcome = server.outcome.get()
    if isinstance(outcome, BaseException):
        server.join()
        raise outcome
    try:
        yield outcome
    finally:
        server.stop()


class _Server(Thread):
    """A thread with an event loop that does nothing but serve."""

    def __init__(self, app: App, port: int, host: str) -> None:
        super().__init__(name="pulse-http", daemon=True)
        self._app, self._port, self._host = app, port, host
        self._scope = trio.CancelScope()
        self._token: trio.lowlevel.TrioToken | None = None
        self.outcome: SimpleQueue[str | BaseException] = SimpleQueue()

    def run(self) -> None:
        """Serve until stopped; the address, or why there is none, goes to ``outcome``."""
        try:
            trio.run(self._main)
        except Exception as error:  # noqa: BLE001 - raised where the server was asked for
            self.outcome.put(error)

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        with self._scope:
            await serve(self._app, port=self._port, host=self._host, task_status=self)

    def started(self, value: str) -> None:
        """Tell the address."""
        self.outcome.put(value)

    def stop(self) -> None:
        """Stop serving and wait until it has."""
        if self._token is not None:
            self._token.run_sync_soon(self._scope.cancel)
        self.join()
