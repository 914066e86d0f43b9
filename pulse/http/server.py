"""Serving an ASGI application with hypercorn on trio."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Protocol

import trio

from pulse.errors import ConnectorError, MissingDependency

if TYPE_CHECKING:
    from pulse.http.app import App

LOCAL = "127.0.0.1"
"""Metrics tell about a person's data, so that other machines see them only when asked for."""


class Started(Protocol):
    """Told once, as by ``trio.Nursery.start``."""

    def started(self, value: str, /) -> None:
        """Take the address that is served."""


async def serve(
    app: App,
    *,
    port: int,
    host: str = LOCAL,
    task_status: Started = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve until cancelled.

    Args:
        app: what answers.
        port: the port; 0 takes a free one.
        host: the address to listen on.
        task_status: given the address, such as ``http://127.0.0.1:9898``, once connections are taken.

    Raises:
        MissingDependency: when hypercorn is not installed.
        ConnectorError: when the address cannot be listened on.
    """
    try:
        import hypercorn.trio  # noqa: PLC0415 - an optional package
        from hypercorn.config import Config  # noqa: PLC0415
    except ImportError:
        raise MissingDependency.of("hypercorn", "http", purpose="serving /metrics over HTTP") from None
    config = Config()
    config.accesslog = config.errorlog = None
    config.graceful_timeout = 0.2
    bound = _listen(host, port)
    address = f"http://{_shown(host)}:{bound.getsockname()[1]}"
    config.bind = [f"fd://{bound.detach()}"]  # hypercorn closes it
    application: Any = app
    async with trio.open_nursery() as nursery:
        await nursery.start(hypercorn.trio.serve, application, config)
        task_status.started(address)


def _listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; opened here so that a taken port is an error a person understands."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConnectorError(
            f"cannot serve on {host}:{port}: {reason.lower()}",
            hint="choose another port with --http-port; 0 takes a free one",
        ) from None
    return bound


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
