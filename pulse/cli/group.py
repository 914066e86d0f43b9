"""The command group: errors as lines without tracebacks, and exit codes that scripts can rely on."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING, Any, NoReturn

import click

from pulse.errors import ConfigError, PipelineError, PulseError, PulseInternalError

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    debugging = False
    """Whether errors show where in the code they come from."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's own signature
        **extra: Any,
    ) -> Any:
        """Run a command and exit the process; with ``standalone_mode`` off, return and raise instead."""
        self.debugging = False
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            found = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            sys.exit(WRONG)
        except click.UsageError as error:
            self._fail(error, _lower(error.format_message()).rstrip("."), WRONG, _help(error))
        except click.Abort as error:
            self._fail(error, "aborted", FAILED, "what was not committed is dropped")
        except (ConfigError, PipelineError) as error:
            self._fail(error, str(error), WRONG)
        except (PulseError, PulseInternalError) as error:
            if isinstance(error.__cause__, BrokenPipeError):
                # Who reads the results has had enough, as in ``pulse run ... | head``.
                sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - nothing more can be written
                sys.exit(0)
            self._fail(error, str(error), FAILED)
        except Exception as error:  # noqa: BLE001 - the last frame of the program
            hint = None if self.debugging else "run again with --debug to see where"
            self._fail(error, f"{type(error).__name__}: {error}", FAILED, hint)
        sys.exit(found if isinstance(found, int) else 0)

    def _fail(self, error: BaseException, message: str, code: int, hint: str | None = None) -> NoReturn:
        if self.debugging or isinstance(error, PulseInternalError):
            traceback.print_exception(error)
        click.echo(f"error: {message}", err=True)
        if hint:
            click.echo(f"hint: {hint}", err=True)
        sys.exit(code)


def _help(error: click.UsageError) -> str | None:
    return f"see {error.ctx.command_path} --help" if error.ctx else None


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
