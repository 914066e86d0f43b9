"""From a path as people write it to the files it stands for, in name order."""

from __future__ import annotations

import glob
import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pulse.errors import ConnectorError, did_you_mean
from pulse.io.files.storage import locate_remote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyarrow import fs

Path: TypeAlias = "str | os.PathLike[str] | Sequence[str | os.PathLike[str]]"
"""A file, glob, directory or URL; ``-`` for standard input; or several of these."""

STDIN = "-"


@dataclass(frozen=True, slots=True)
class Located:
    """One file.

    Args:
        name: the path or URL as people know it, for messages and positions.
        path: the path within the file system.
        filesystem: the object store that holds it; None for the local disk.
        size: bytes on disk; None for standard input and pipes.
    """

    name: str
    path: str
    filesystem: fs.FileSystem | None = None
    size: int | None = None

    @property
    def seekable(self) -> bool:
        """Whether it can be read twice; standard input and pipes cannot."""
        return self.size is not None


def locate(path: Path) -> tuple[Located, ...]:
    """Find the files that a path stands for.

    A directory stands for all files below it, except those whose own or whose folder's name starts with ``.``
    or ``_``. A glob that matches nothing is an error, as is a file that does not exist.

    Returns:
        The files in name order, each once.

    Raises:
        ConnectorError: naming the path, with the nearest name beside it.
    """
    found: dict[str, Located] = {}
    for each in paths_of(path):
        for file in _expand(each):
            found[file.name] = file
    files = tuple(found[name] for name in sorted(found))
    if len(files) > 1 and STDIN in found:
        raise ConnectorError("standard input '-' can't be read together with files")
    if not files:
        raise ConnectorError("path is an empty list, so there is nothing to read")
    return files


def paths_of(path: Path) -> tuple[str, ...]:
    """Return the one or several paths of an option as text.

    Example:
        >>> paths_of("a.csv"), paths_of(["a.csv", "b.csv"])
        (('a.csv',), ('a.csv', 'b.csv'))
    """
    several = (path,) if isinstance(path, str | os.PathLike) else tuple(path)
    return tuple(os.fspath(each) for each in several)


def label_of(path: Path) -> str:
    """Return a short name for paths.

    Example:
        >>> label_of("data/events.csv"), label_of(["data/a.csv", "b.csv"])
        ('events.csv', 'a.csv and 1 more')
    """
    first, *more = paths_of(path) or ("",)
    name = first.rstrip("/").rsplit("/", 1)[-1] or first
    return f"{name} and {len(more)} more" if more else name


def _expand(path: str) -> list[Located]:
    if path == STDIN:
        return [Located(STDIN, STDIN)]
    if "://" in path:
        return [Located(*found) for found in locate_remote(path)]
    if os.path.isdir(path):  # noqa: PTH112 - paths stay as people wrote them
        files = [_local(each) for each in _walk(path)]
        if not files:
            raise ConnectorError(f"directory {path!r} holds no files", where=path)
        return files
    if os.path.exists(path):  # noqa: PTH110
        return [_local(path)]
    if glob.has_magic(path):
        files = [_local(each) for each in glob.glob(path, recursive=True) if not os.path.isdir(each)]  # noqa: PTH112, PTH207
        if not files:
            raise ConnectorError(f"no file matches {path!r}", hint=_nearest_folder(path), where=path)
        return files
    raise ConnectorError(f"file {path!r} does not exist", hint=_nearest(path), where=path)


def _local(path: str) -> Located:
    status = os.stat(path)  # noqa: PTH116
    return Located(path, path, None, status.st_size if stat.S_ISREG(status.st_mode) else None)


def _walk(folder: str) -> list[str]:
    found = []
    for at, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not each.startswith((".", "_"))]
        found += [os.path.join(at, each) for each in names if not each.startswith((".", "_"))]  # noqa: PTH118
    return found


def _nearest(path: str) -> str | None:
    folder, name = os.path.split(path)
    if not os.path.isdir(folder or "."):  # noqa: PTH112
        return _nearest_folder(path)
    return did_you_mean(name, os.listdir(folder or "."))  # noqa: PTH208


def _nearest_folder(path: str) -> str | None:
    """Name the first folder of a path that is missing."""
    plain = path[: path.index(next(c for c in path if c in "*?["))] if glob.has_magic(path) else path
    folder = os.path.dirname(plain)  # noqa: PTH120
    if not folder or os.path.isdir(folder):  # noqa: PTH112
        return None
    while True:
        above = os.path.dirname(folder)  # noqa: PTH120
        if not above or above == folder or os.path.isdir(above):  # noqa: PTH112
            break
        folder = above
    nearest = did_you_mean(os.path.basename(folder), os.listdir(above or "."))  # noqa: PTH119, PTH208
    return f"directory {folder!r} does not exist" + (f"; {nearest}" if nearest else "")
