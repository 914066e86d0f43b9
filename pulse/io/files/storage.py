"""Object stores: a URL's file system, through pyarrow and, for what it does not know, through fsspec."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, TypeAlias

import pyarrow as pa
from pyarrow import fs

from pulse.errors import ConnectorError, MissingDependency

Found: TypeAlias = tuple[str, str, fs.FileSystem, int]
"""Name, path within the file system, file system, size in bytes."""

_GLOB = re.compile(r"[*?\[]")


def locate_remote(url: str) -> list[Found]:
    """Find the files that a URL stands for: an object, all objects below a prefix, or those a glob matches.

    Raises:
        ConnectorError: when nothing is there, or the store does not answer.
        MissingDependency: when the scheme needs fsspec, which is not installed.
    """
    magic = _GLOB.search(url)
    base = url[: url.rindex("/", 0, magic.start())] if magic else url
    scheme = url[: url.index("://") + 3]
    store, path = filesystem_of(base)
    try:
        info = store.get_file_info(path)
        if info.type == fs.FileType.File:
            return [(url, path, store, info.size)]
        below = store.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
    except OSError as error:
        raise ConnectorError(f"{url!r} can't be read: {error}", where=url, retriable=True) from error
    pattern = _pattern(path.rstrip("/") + url[len(base) :]) if magic else None
    found = [
        (base + each.path[len(path.rstrip("/")) :], each.path, store, each.size)
        for each in below
        if each.type == fs.FileType.File and _wanted(each.path, path, pattern)
    ]
    if not found:
        what = f"no file matches {url!r}" if magic else f"file {url!r} does not exist"
        raise ConnectorError(what, hint=f"the store of {scheme} answered, but has nothing there", where=url)
    return found


def filesystem_of(url: str) -> tuple[fs.FileSystem, str]:
    """Return the file system of a URL, and the path within it."""
    try:
        store, path = fs.FileSystem.from_uri(url)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return _by_fsspec(url)
    except OSError as error:
        raise ConnectorError(f"{url!r} can't be opened: {error}", where=url, retriable=True) from error
    return store, path


def _by_fsspec(url: str) -> tuple[fs.FileSystem, str]:
    try:
        fsspec: Any = import_module("fsspec")  # optional, and without type hints
    except ImportError as error:
        raise MissingDependency.of("fsspec", "remote", purpose=f"reading {url!r}") from error
    try:
        store, path = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise ConnectorError(f"{url!r} can't be opened: {error}", where=url) from error
    wrap: Any = fs.FSSpecHandler  # abstract only in the stubs
    return fs.PyFileSystem(wrap(store)), path


def _wanted(path: str, base: str, pattern: re.Pattern[str] | None) -> bool:
    if pattern is not None:
        return pattern.fullmatch(path) is not None
    parts = path[len(base) :].strip("/").split("/")
    return not any(part.startswith((".", "_")) for part in parts)


def _pattern(text: str) -> re.Pattern[str]:
    """Turn a glob into a regex; ``*`` stays within a folder, ``**`` does not.

    Example:
        >>> [bool(_pattern(glob).fullmatch("a/b/c.csv")) for glob in ("a/*.csv", "a/**/*.csv")]
        [False, True]
    """
    parts = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    tokens = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]*\])", text)
    return re.compile(
        "".join(
            parts.get(t) or (t.replace("[!", "[^") if t.startswith("[") else re.escape(t)) for t in tokens
        )
    )
