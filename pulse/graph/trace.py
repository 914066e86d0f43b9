"""Where in the person's own code a step was written."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = str(Path(__file__).resolve().parent.parent)


@dataclass(frozen=True, slots=True)
class Trace:
    """A position in the person's code or config.

    Args:
        file: path of the file.
        line: 1-based line number.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def caller() -> Trace | None:
    """Return the innermost frame that is not Pulse's own, or None when there is none."""
    frame = sys._getframe(1)  # noqa: SLF001 - walking frames is a tenth of the cost of traceback.extract_stack
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_PACKAGE):
            return Trace(_shorten(file), frame.f_lineno)
        if frame.f_back is None:
            return None
        frame = frame.f_back
    return None


def _shorten(file: str) -> str:
    """Return a path relative to the working directory when it lies below it."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file
