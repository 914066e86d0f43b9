"""Where in a person's own code an exception came from."""

from __future__ import annotations

import os
import re
import sysconfig
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError, PulseError, RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OWN = str(Path(__file__).resolve().parent.parent) + os.sep
_FOREIGN = tuple(sysconfig.get_paths()[name] + os.sep for name in ("stdlib", "purelib", "platlib"))


def line_of(error: BaseException, function: Callable[..., Any] | None = None) -> str | None:
    """Return ``file:line`` of the deepest frame that is the person's own.

    Args:
        error: what was raised.
        function: the person's function, whose definition is named when no frame of theirs is left.
    """
    found = None
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith((_OWN, *_FOREIGN)) and not file.startswith("<frozen"):
            found = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    if found is None and function is not None:
        code = getattr(function, "__code__", None)
        found = f"{code.co_filename}:{code.co_firstlineno}" if code else None
    return found


def way_out(error: BaseException, data: str) -> str | None:
    """Return the hint of an error that a person's function raised.

    Args:
        error: what was raised.
        data: the hint for an error that the record at hand may be the reason of.

    Returns:
        The error's own hint when it has one; None for a mistake in the program, which leaving out records
        does not mend.

    Example:
        >>> way_out(KeyError("word"), "skip it"), way_out(NameError("no 'wrd'"), "skip it")
        ('skip it', None)
        >>> way_out(PipelineError("no such output", hint="declare it"), "skip it")
        'declare it'
    """
    if isinstance(error, PulseError) and error.hint is not None:
        return error.hint
    return None if _is_mistake(error) else data


_ARGUMENTS = re.compile(
    r"\(\) (takes .*argument|missing \d+ required |got (an unexpected|multiple values|some positional))"
)


def _is_mistake(error: BaseException) -> bool:
    """Return whether the program is wrong, whatever the record is."""
    if isinstance(error, TypeError):
        return _ARGUMENTS.search(str(error)) is not None
    if isinstance(error, AttributeError):
        # Of plain values, such as None, it is the record that is not as expected.
        return type(error.obj).__module__ != "builtins"
    return isinstance(error, NameError | ImportError | PipelineError | NotImplementedError)


@contextmanager
def naming(step: str) -> Iterator[None]:
    """Say which step an error belongs to that does not know."""
    try:
        yield
    except RecordError as error:
        error.step = error.step or step
        raise


def describe(error: BaseException) -> str:
    """Return an exception as one line: its type and message.

    Example:
        >>> describe(KeyError("word")), describe(ValueError())
        ("KeyError: 'word'", 'ValueError')
    """
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
