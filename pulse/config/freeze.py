"""Write sniffed schemas into a config file, leaving everything else in it as it is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulse.config.document import get, read
from pulse.errors import PulseInternalError
from pulse.model.schema import type_name

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import pyarrow as pa

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\"}


def freeze_schemas(path: str | os.PathLike[str], schemas: Mapping[int, pa.Schema]) -> list[str]:
    """Write schemas into the sources of a config that declare none.

    Args:
        path: the file; replaced in one step.
        schemas: the schema of each source, by its place among the sources.

    Returns:
        ``file:line`` of each schema written.

    Raises:
        ConfigError: when a source is not a table of its own, so that there is no place to put a line.
    """
    document = read(path)
    lines = document.text.splitlines(keepends=True)
    places = []
    for index, schema in sorted(schemas.items(), reverse=True):
        table: Any = ("source", index) if isinstance(document.raw["source"], list) else ("source",)
        if "schema" in _table(document.raw, table):
            continue
        line = document.lines[table]
        header = lines[line - 1].lstrip()
        if not header.startswith("["):
            raise document.error(
                table, "is not a table of its own, so a schema cannot be put in", "write [source]"
            )
        end = "\r\n" if header.endswith("\r\n") else "\n"
        lines[line - 1] = lines[line - 1].rstrip("\r\n") + end
        lines.insert(line, _schema_line(schema) + end)
        places.append(line)
    text = "".join(lines)
    check(text, document.raw, document.file)
    target = Path(path)
    staged = target.with_name(f".{target.name}.tmp")
    staged.write_text(text, encoding="utf-8", newline="")
    staged.replace(target)
    # Each line put in above moves those below it.
    return [f"{document.file}:{line + 1 + i}" for i, line in enumerate(reversed(places))]


def _schema_line(schema: pa.Schema) -> str:
    fields = ", ".join(f"{_key(field.name)} = {_quoted(type_name(field.type))}" for field in schema)
    return f"schema = {{ {fields} }}"


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(c, c if c.isprintable() else f"\\U{ord(c):08X}") for c in text) + '"'


def _table(data: Any, path: Any) -> Any:
    for part in path:
        data = get(data, part)
    return data


def check(text: str, before: dict[str, Any], file: str) -> None:
    """Raise ``PulseInternalError`` when a text says more than the file said and schemas."""
    found = tomllib.loads(text)
    for source, known in zip(_sources(found), _sources(before), strict=True):
        if "schema" not in known:
            source.pop("schema", None)
    if found != before:
        raise PulseInternalError(f"putting schemas into {file!r} would change more than that")


def _sources(data: dict[str, Any]) -> list[dict[str, Any]]:
    source = data["source"]
    return source if isinstance(source, list) else [source]
