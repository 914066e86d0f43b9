"""Options that commands share. Each has an environment variable that ``--help`` shows."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pulse.cli.group import Group

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

PREFIX = "PULSE_"


def option(*names: str, **settings: Any) -> Callable[[F], F]:
    """Return a click option whose environment variable is ``PULSE_`` and its long name.

    Example:
        >>> @click.command()
        ... @option("--http-port", type=int)
        ... def run(http_port): ...
        >>> run.params[0].envvar
        'PULSE_HTTP_PORT'
    """
    long = next(name for name in names if name.startswith("--"))
    settings.setdefault("envvar", PREFIX + long.split("/")[0][2:].replace("-", "_").upper())
    return click.option(*names, show_envvar=True, **settings)


def target(command: F) -> F:
    """Add the pipeline to work on: an argument, or ``--config`` as in the first Pulse."""
    command = option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Replace a value of the config, such as window.size=30s or step.NAME.size=30s; repeatable.",
    )(command)
    command = option("--config", metavar="FILE", help="The config file, in place of the argument.")(command)
    return click.argument("target", required=False, metavar="[CONFIG|MODULE:PIPELINE]")(command)


def parallelism(command: F) -> F:
    """Add the number of replicas."""
    return option(
        "--parallelism", type=click.IntRange(1), metavar="N", help="Replicas of keyed steps; 1 by default."
    )(command)


def chatter(command: F) -> F:
    """Add what is told on standard error."""
    command = option("--debug", is_flag=True, callback=_debug, expose_value=False, help="Show tracebacks.")(
        command
    )
    return option(
        "-v",
        "--verbose",
        is_flag=True,
        callback=_verbose,
        expose_value=False,
        help="Show log messages of level INFO, and tracebacks.",
    )(command)


def address(port: str, **settings: Any) -> Callable[[F], F]:
    """Add where /metrics is served."""

    def add(command: F) -> F:
        command = option(
            port, type=click.IntRange(0, 65535), metavar="PORT", envvar="PULSE_HTTP_PORT", **settings
        )(command)
        return option(
            "--http-host",
            "host",
            default="127.0.0.1",
            show_default=True,
            metavar="ADDRESS",
            help="Address that is listened on; 0.0.0.0 is open to other machines.",
        )(command)

    return add


def _debug(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it
    root = context.find_root().command
    if value and isinstance(root, Group):
        root.debugging = True


def _verbose(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click calls it
    if context.resilient_parsing:
        return
    _debug(context, _, value)
    logger, handler = logging.getLogger("pulse"), _Lines()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO if value else logging.WARNING)

    def restore() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    context.call_on_close(restore)


class _Lines(logging.Handler):
    """Writes log messages as lines on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message, such as ``warning: ...``."""
        click.echo(f"{record.levelname.lower()}: {record.getMessage()}", err=True)
