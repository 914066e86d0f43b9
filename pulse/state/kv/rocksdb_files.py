"""The files of a store: taking over a checkpoint as hard links."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LEFT = ("LOCK", "LOG")


def replace_directory(target: Path, source: Path) -> None:
    """Make a store out of a checkpoint in place of another.

    Files of data, which RocksDB never changes once written, are hard links; the rest is copied, for RocksDB
    appends to it. The new directory is complete before the old one goes.

    Args:
        target: the store, closed; may be absent.
        source: the checkpoint; nothing in it changes.

    Raises:
        OSError: when a file cannot be read or written.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (target.with_name(f"{target.name}.{what}") for what in ("restoring", "replaced"))
    for left_over in (fresh, old):
        if left_over.exists():
            shutil.rmtree(left_over)
    fresh.mkdir()
    for path in source.iterdir():
        if not path.name.startswith(_LEFT):
            _take(path, fresh / path.name)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    if old.exists():
        shutil.rmtree(old)


def _take(source: Path, target: Path) -> None:
    if source.suffix == ".sst":
        try:
            os.link(source, target)
        except OSError:  # another file system, or one without hard links
            pass
        else:
            return
    shutil.copyfile(source, target)
