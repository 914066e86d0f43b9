"""Waiting for what other threads do, without sleeping."""

from __future__ import annotations

import os
from pathlib import Path
from time import monotonic

PATIENCE = 30.0


def wait_for_checkpoint(number: int, directory: str = "state") -> None:
    """Let other threads work until a checkpoint of this number, or a later one, is there.

    Raises:
        AssertionError: when none comes within half a minute.
    """
    end = monotonic() + PATIENCE
    while not any(int(path.name) >= number for path in Path(directory).glob("0*")):
        assert monotonic() < end, f"checkpoint {number} does not come"
        os.sched_yield()
