"""The ASGI application: ``/metrics`` for Prometheus and ``/healthz`` for whoever restarts processes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class App:
    """Answers GET and HEAD of ``/metrics`` and ``/healthz``; everything else is 404 or 405.

    Args:
        metrics: gives the body of ``/metrics``.
        content_type: the media type of that body.
        health: gives what ``/healthz`` shows as JSON; its ``"status"`` is ``"ok"`` for HTTP 200, anything
            else for 503.
    """

    metrics: Callable[[], bytes]
    content_type: str
    health: Callable[[], dict[str, Any]] = lambda: {"status": "ok"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event, as ASGI has it."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            status, content_type, body = self.answer(scope["method"], scope["path"])
            if scope["method"] == "HEAD":
                body = b""
            headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def answer(self, method: str, path: str) -> tuple[int, str, bytes]:
        """Return status, media type and body of a request.

        Example:
            >>> App(lambda: b"up 1", "text/plain").answer("GET", "/metrics")
            (200, 'text/plain', b'up 1')
        """
        if method not in {"GET", "HEAD"}:
            return 405, _TEXT, b"only GET and HEAD are answered\n"
        if path == "/metrics":
            return 200, self.content_type, self.metrics()
        if path == "/healthz":
            health = self.health()
            return 200 if health.get("status") == "ok" else 503, "application/json", orjson.dumps(health)
        return 404, _TEXT, b"nothing here; try /metrics or /healthz\n"


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
