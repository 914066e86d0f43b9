"""The ASGI application, and serving it."""

from __future__ import annotations

import json
import socket
import sys
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, build_opener

import pytest
import trio

from pulse.errors import ConnectorError, MissingDependency
from pulse.http import App, serve, serving

if TYPE_CHECKING:
    from collections.abc import Callable


def app(**health: Any) -> App:
    return App(lambda: b"up 1\n", "text/plain; version=0.0.4", lambda: health or {"status": "ok"})


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/metrics", 200, b"up 1\n"),
        ("GET", "/healthz", 200, b'{"status":"ok"}'),
        ("GET", "/", 404, b"nothing here; try /metrics or /healthz\n"),
        ("POST", "/metrics", 405, b"only GET and HEAD are answered\n"),
    ],
)
def test_answers(method: str, path: str, status: int, body: bytes) -> None:
    found = app().answer(method, path)
    assert (found[0], found[2]) == (status, body)


def test_an_unhealthy_process_answers_503() -> None:
    assert app(status="failed").answer("GET", "/healthz")[0] == 503


def with_server(look: Callable[[str], Any], application: App) -> Any:
    async def main() -> Any:
        async with trio.open_nursery() as nursery:
            address = await nursery.start(
                lambda task_status: serve(application, port=0, task_status=task_status)
            )
            found = await trio.to_thread.run_sync(look, address)
            nursery.cancel_scope.cancel()
        return found

    return trio.run(main)


def test_serves_on_a_free_local_port() -> None:
    opened = build_opener().open

    def look(address: str) -> Any:
        assert address.startswith("http://127.0.0.1:")
        with opened(f"{address}/metrics") as response:
            metrics = response.headers["content-type"], response.read()
        head_request = Request(f"{address}/metrics", method="HEAD")  # noqa: S310 - our own server
        with opened(head_request) as response:
            head = response.status, response.read()
        with opened(f"{address}/healthz") as response:
            health = json.loads(response.read())
        with pytest.raises(HTTPError, match="404") as missing:
            opened(f"{address}/nothing")
        missing.value.close()
        return metrics, head, health

    metrics, head, health = with_server(look, app(status="ok", seconds=1.5))
    assert metrics == ("text/plain; version=0.0.4", b"up 1\n")
    assert head == (200, b"")
    assert health == {"status": "ok", "seconds": 1.5}


def test_a_taken_port_is_a_clear_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConnectorError) as caught:
            trio.run(lambda: serve(app(), port=port))
    assert str(caught.value) == (
        f"cannot serve on 127.0.0.1:{port}: address already in use\n"
        "hint: choose another port with --http-port; 0 takes a free one"
    )


def test_without_hypercorn_the_error_prints_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypercorn.trio", None)
    with pytest.raises(MissingDependency) as caught:
        trio.run(lambda: serve(app(), port=0))
    assert str(caught.value) == (
        "serving /metrics over HTTP needs the package 'hypercorn', which is not installed\n"
        "hint: pip install 'pulse-streaming[http]'"
    )


def test_serving_beside_other_work() -> None:
    opened = build_opener().open
    with serving(app(), port=0) as address:
        found = opened(f"{address}/metrics").read()
    assert found == b"up 1\n"
    with pytest.raises(URLError, match="refused"):
        opened(f"{address}/metrics")


def test_serving_on_a_taken_port_fails_at_once() -> None:
    with (
        serving(app(), port=0) as address,
        pytest.raises(ConnectorError, match="address already in use"),
        serving(app(), port=int(address.rpartition(":")[2])),
    ):
        pass
