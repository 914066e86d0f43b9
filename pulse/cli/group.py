"""The command group: errors as lines without tracebacks, and exit codes that scripts can rely on."""

from __future__ import annotations

import sys
import traceback
from typing import Any, NoReturn

import click

from pulse.errors import ConfigError, PipelineError, PulseError, PulseInternalError

FAILED = 1
WRONG = 2

EPILOG = """\
Exit codes: 0 done (also after a first Ctrl-C, which stops reading and finishes), 1 failed or aborted by a
second Ctrl-C, 2 wrong usage, config or pipeline.

Every option can be set by its environment variable; a flag goes before the variable, the variable before the
config file. Results go to standard output, everything else to standard error.
"""


class Group(click.Group):
    """A group whose commands fail with ``error:`` and ``hint:`` lines."""

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run a command and exit the process; with ``standalone_mode`` off, return and raise instead."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **extra)
        try:
            found = super().main(*args, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            sys.exit(WRONG)
        except click.UsageError as error:
            _fail(_usage(error), _help(error), WRONG)
        except click.ClickException as error:
            _fail(_lower(error.format_message()), None, FAILED)
        except click.Abort:
            _fail("aborted", "what was not committed was dropped", FAILED)
        except (ConfigError, PipelineError) as error:
            _show_traceback(error)
            _fail(str(error), None, WRONG)
        except PulseError as error:
            _show_traceback(error)
            _fail(str(error), None, FAILED)
        except PulseInternalError as error:
            traceback.print_exception(error)
            _fail(str(error), None, FAILED)
        except Exception as error:  # noqa: BLE001 - the last frame of the program
            _show_traceback(error)
            hint = None if debugging() else "run again with --debug to see where"
            _fail(f"{type(error).__name__}: {error}", hint, FAILED)
        sys.exit(found if isinstance(found, int) else 0)


_debugging = [False]


def set_debugging(*, on: bool) -> None:
    """Say whether errors show where in the code they come from."""
    _debugging[0] = on


def debugging() -> bool:
    """Return whether errors show where in the code they come from."""
    return _debugging[0]


def _show_traceback(error: BaseException) -> None:
    if debugging():
        traceback.print_exception(error)


def _fail(message: str, hint: str | None, code: int) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    if hint:
        click.echo(f"hint: {hint}", err=True)
    sys.exit(code)


def _usage(error: click.UsageError) -> str:
    return _lower(error.format_message()).rstrip(".")


def _help(error: click.UsageError) -> str | None:
    return f"see {error.ctx.command_path} --help" if error.ctx else None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
