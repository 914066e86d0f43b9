"""What a step of type inspect does when it names no function."""

from __future__ import annotations

import sys
from typing import Any


def show(record: Any) -> None:
    """Print a record to standard error, for standard output is for results."""
    print(record, file=sys.stderr)  # noqa: T201 - printing is what was asked for
