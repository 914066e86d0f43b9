"""Overrides: ``--set window.size=30s`` puts a value over what the file says."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from pulse.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulse.config.locate import KeyPath


def override(data: dict[str, Any], overrides: Mapping[str, str]) -> dict[KeyPath, str]:
    """Put values into a config, in place, and return the key path of each with its text.

    A key is dotted; an element of an array of tables is named by its ``name`` or 0-based number. A value is
    TOML where it reads as such (``4``, ``true``, ``["a"]``), else text.

    Raises:
        ConfigError: when a key leads nowhere.

    Example:
        >>> data = {"step": [{"name": "counts", "size": "60s"}]}
        >>> override(data, {"step.counts.size": "30s", "runtime.parallelism": "4"})
        {('step', 0, 'size'): 'step.counts.size', ('runtime', 'parallelism'): 'runtime.parallelism'}
        >>> data
        {'step': [{'name': 'counts', 'size': '30s'}], 'runtime': {'parallelism': 4}}
    """
    return {_put(data, key, _value(text)): key for key, text in overrides.items()}


def _value(text: str) -> Any:
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text


def _put(data: dict[str, Any], key: str, value: Any) -> KeyPath:
    *before, last = key.split(".")
    if not all([*before, last]):
        raise ConfigError(f"--set {key!r} is not a key", hint="write --set table.key=value")
    path: list[str | int] = []
    table: Any = data
    for part in before:
        step = _step(table, part, key)
        path.append(step)
        table = table.setdefault(step, {}) if isinstance(table, dict) else table[step]
    final = _step(table, last, key)
    table[final] = value
    return (*path, final)


def _step(table: Any, part: str, key: str) -> str | int:
    if isinstance(table, dict):
        return part
    if isinstance(table, list):
        names = [item.get("name") if isinstance(item, dict) else None for item in table]
        if part in names:
            return names.index(part)
        if part.isdigit() and int(part) < len(table):
            return int(part)
        known = [name or str(i) for i, name in enumerate(names)]
        array, _, rest = key.rpartition(f".{part}")
        way = f"{array} is a list: write --set {array}.{known[0]}.{part}{rest}=..." if known else None
        raise ConfigError(
            f"--set {key!r}: there is no {part!r}; there are: {', '.join(known)}",
            hint=did_you_mean(part, known) or way,
        )
    raise ConfigError(f"--set {key!r}: {part!r} would be inside a value that is not a table")
