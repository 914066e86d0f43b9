"""Where in the person's own code a step was written."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_PACKAGE = str(Path(__file__).resolve().parent.parent)
_CONFIG = str(Path(_PACKAGE) / "config")
_PATHS = sysconfig.get_paths()
_STANDARD = (_PATHS["stdlib"], _PATHS["platstdlib"])
_INSTALLED = (_PATHS["purelib"], _PATHS["platlib"])
"""Packages may be installed inside the directory of the standard library."""


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
    """Return the innermost frame that is neither Pulse's own nor the standard library's; None without one.

    The standard library stands between when it calls Pulse back, as ``contextlib`` and ``functools`` do.

    There is none either for what a config file says: its line is known to who reads the file.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - walking frames is a tenth of the cost of traceback.extract_stack
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_PACKAGE) and not _is_standard(file):
            return Trace(_shorten(file), _line(frame))
        if frame.f_back is None or file.startswith(_CONFIG):
            return None
        frame = frame.f_back
    return None


def _is_standard(file: str) -> bool:
    """Return whether a file belongs to the standard library."""
    return file.startswith("<frozen") or (file.startswith(_STANDARD) and not file.startswith(_INSTALLED))


def _line(frame: FrameType) -> int:
    """Return the line that a frame is at; of an expression over several lines, the last one so far.

    In a chain such as ``p | Read(...) | Map(...)``, every ``|`` begins where the chain begins: the step is
    where it ends.
    """
    place = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None), None)
    end = place[1] if place else None
    return end or frame.f_lineno


def _shorten(file: str) -> str:
    """Return a path relative to the working directory when it lies below it."""
    try:
        return str(Path(file).relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file
