"""A config file as text, values and lines: what every config error points into."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulse.config.interpolate import interpolate
from pulse.config.locate import locate
from pulse.config.overrides import override
from pulse.errors import ConfigError
from pulse.model.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.config.locate import KeyPath


@dataclass(frozen=True)
class Document:
    """A TOML file that has been read.

    Args:
        file: its path, as the person gave it.
        text: its text.
        raw: its values as written, so that a secret from the environment is never shown.
        data: its values with overrides applied and variables replaced.
        lines: the line of every key.
        overridden: the key paths that overrides set, each with the text of the override.
    """

    file: str
    text: str
    raw: dict[str, Any]
    data: dict[str, Any] = field(default_factory=dict)
    lines: Mapping[KeyPath, int] = field(default_factory=dict)
    overridden: Mapping[KeyPath, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The directory of the file, where a person's Python functions are looked for."""
        return Path(self.file).resolve().parent

    def trace(self, path: KeyPath) -> Trace:
        """Return the place of a key or, when it is not in the file, of the table it would be in."""
        while path and path not in self.lines:
            path = path[:-1]
        return Trace(self.file, self.lines.get(path, 1))

    def where(self, path: KeyPath) -> str:
        """Return ``file:line`` of a key, or the override that set it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.overridden:
                return f"--set {self.overridden[path[:length]]}"
        return str(self.trace(path))

    def name(self, path: KeyPath) -> str:
        """Return a key path as people write it: ``step.counts.size``, by name where there is one.

        Example:
            >>> d = Document("p.toml", "", {"step": [{"name": "counts"}, {}]})
            >>> d.name(("step", 0, "size")), d.name(("step", 1))
            ('step.counts.size', 'step.1')
        """
        value: Any = self.raw
        names = []
        for part in path:
            value = get(value, part)
            named = isinstance(part, int) and isinstance(value, dict) and isinstance(value.get("name"), str)
            names.append(value["name"] if named else str(part))
        return ".".join(names)

    def shown(self, path: KeyPath) -> Any:
        """Return the value at a key path as it was written."""
        value: Any = self.raw
        for part in path:
            value = get(value, part)
        return value

    def error(self, path: KeyPath, message: str, hint: str | None = None) -> ConfigError:
        """Return an error at a key."""
        name = self.name(path)
        return ConfigError(f"{name}: {message}" if name else message, hint=hint, where=self.where(path))


def read(
    path: str | os.PathLike[str],
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Document:
    """Read a config file.

    Args:
        path: the file.
        overrides: texts of values by dotted key, which replace what the file says.
        environment: the variables; None takes those of the process.

    Raises:
        ConfigError: when it cannot be read, is not TOML, or names a variable that is not set.
    """
    file = os.fspath(path)
    text = _text(file)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _syntax(file, text, error) from None
    overridden = override(raw, overrides or {})
    document = Document(file, text, raw, lines=locate(text), overridden=overridden)
    data = interpolate(raw, os.environ if environment is None else environment, document.error)
    return Document(file, text, raw, data, document.lines, overridden)


def _text(file: str) -> str:
    try:
        return Path(file).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(
            f"config {file!r} does not exist", hint="start with a project of your own: pulse new my-pipeline"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"config {file!r} is not UTF-8 text") from None
    except OSError as error:
        raise ConfigError(
            f"config {file!r} cannot be read: {(error.strerror or str(error)).lower()}"
        ) from None


def _syntax(file: str, text: str, error: tomllib.TOMLDecodeError) -> ConfigError:
    message, _, place = str(error).rpartition(" (at ")
    line = len(text.splitlines()) or 1
    if place.startswith("line "):
        line = int(place.split()[1].rstrip(","))
    return ConfigError(
        f"not valid TOML: {(message or str(error)).lower()}",
        hint='texts need quotes: path = "events.jsonl"' if "invalid value" in str(error).lower() else None,
        where=f"{file}:{line}",
    )


def get(value: Any, part: str | int) -> Any:
    """Return the value of a key or the element at an index; None where there is none."""
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None
