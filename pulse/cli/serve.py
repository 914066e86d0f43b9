"""``pulse serve``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pulse.cli.options import address, chatter

if TYPE_CHECKING:
    from pulse.http import App


@click.command()
@address("--port", default=9898, show_default=True, help="The port; 0 takes a free one.")
@chatter
def serve(*, port: int, host: str) -> None:
    """Serve /metrics and /healthz until Ctrl-C.

    The metrics are those of this process, which runs no pipeline: to observe a run, use
    "pulse run --http-port".
    """
    import trio  # noqa: PLC0415 - heavy

    from pulse.http import App  # noqa: PLC0415
    from pulse.metrics import CONTENT_TYPE, PrometheusObserver  # noqa: PLC0415

    trio.run(_serve, App(PrometheusObserver().text, CONTENT_TYPE), port, host)


async def _serve(app: App, port: int, host: str) -> None:
    import signal  # noqa: PLC0415 - with the others
    from functools import partial  # noqa: PLC0415

    import trio  # noqa: PLC0415

    from pulse.errors import PulseError  # noqa: PLC0415
    from pulse.http import serve as serve_app  # noqa: PLC0415

    failure: PulseError | None = None
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with trio.open_nursery() as nursery:
            try:
                found = await nursery.start(partial(serve_app, app, port=port, host=host))
            except PulseError as error:
                failure = error  # raised again outside, where no group wraps it
            else:
                click.echo(f"serving {found}/metrics", err=True)
                async for _ in signals:
                    break
            nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
