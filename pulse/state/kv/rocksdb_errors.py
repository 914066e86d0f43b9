"""What RocksDB's errors mean to the person who runs a pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

_CORRUPT = "restore the newest intact checkpoint into it; without one, remove the directory and start afresh"
_MEANINGS = (
    ("No space left", "the disk is full", "make room, then start again: the last checkpoint is intact"),
    (
        "lock hold by",
        "this process has it open already",
        "close the other store, or give this one its own directory",
    ),
    (
        "While lock file",
        "another process has it open",
        "stop that process, or give this one its own directory",
    ),
    ("Permission denied", "permission is denied", "give the user of this process the directory"),
    ("Read-only file system", "the file system is read-only", "choose a directory that can be written"),
    ("Corruption", "its files are damaged", _CORRUPT),
    ("DB instance already closed", "it was closed", None),
)


def failure(doing: str, directory: Path, error: Exception) -> StateError:
    """Say what failed, why, and what to do.

    Args:
        doing: such as ``"cannot open"``.
        directory: where the store is.
        error: what RocksDB raised.

    Example:
        >>> from pathlib import Path
        >>> print(failure("cannot open", Path("s"), Exception("Corruption: bad block")))
        cannot open the state in s: its files are damaged (Corruption: bad block)
        hint: restore the newest intact checkpoint into it; without one, remove the directory and start afresh
    """
    text = str(error)
    for sign, meaning, hint in _MEANINGS:
        if sign in text:
            return StateError(f"{doing} the state in {directory}: {meaning} ({text})", hint=hint)
    return StateError(f"{doing} the state in {directory}: {text}")


def check_place(directory: Path, *, must_exist: bool) -> None:
    """Check that a directory is a store, or may become one.

    A store without its file CURRENT would be taken for an empty one, and its files be removed: so a folder
    with files in it must have that.

    Raises:
        StateError: when it is a file, is missing though it must exist, or holds other files than a store's.
    """
    if directory.exists() and not directory.is_dir():
        raise StateError(f"the state directory {directory} is a file", hint="name a directory")
    held = sorted(path.name for path in directory.iterdir()) if directory.exists() else []
    if "CURRENT" in held:
        return
    if held:
        raise StateError(
            f"the directory {directory} is not a store of RocksDB: no file CURRENT in it, but {held[0]!r}",
            hint="name a directory of its own; if it was a store, it is damaged: " + _CORRUPT,
        )
    if must_exist:
        raise StateError(
            f"there is no state in {directory}", hint="check the path, or restore a checkpoint into it"
        )
