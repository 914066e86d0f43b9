"""Environment variables in config values: ``${NAME}`` and ``${NAME:-default}``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulse.config.locate import KeyPath
    from pulse.errors import ConfigError

_REFERENCE = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?")


def interpolate(
    value: Any, environment: Mapping[str, str], error: Callable[[KeyPath, str, str], ConfigError]
) -> Any:
    """Return a config with the variables of its texts replaced, at any depth; keys stay as they are.

    As in a shell, the default also stands for a variable that is empty; ``$${`` is a plain ``${``.

    Args:
        value: tables, arrays and values as TOML gives them.
        environment: the variables.
        error: makes the error from key path, message and hint.

    Raises:
        ConfigError: when a variable is not set and has no default, or a reference is malformed.

    Example:
        >>> interpolate({"path": "${DIR:-data}/in", "n": 1}, {"DIR": ""}, error=None)
        {'path': 'data/in', 'n': 1}
    """
    return _replace(value, (), environment, error)


def _replace(
    value: Any,
    path: KeyPath,
    environment: Mapping[str, str],
    error: Callable[[KeyPath, str, str], ConfigError],
) -> Any:
    if isinstance(value, dict):
        return {key: _replace(part, (*path, key), environment, error) for key, part in value.items()}
    if isinstance(value, list):
        return [_replace(part, (*path, i), environment, error) for i, part in enumerate(value)]
    if not isinstance(value, str):
        return value

    def put(match: re.Match[str]) -> str:
        name, default = match.groups()
        if match.group() == "$${":
            return "${"
        if name is None:
            raise error(
                path,
                f"{value!r} has a '${{' that no variable name and '}}' follow",
                "write ${NAME}, ${NAME:-default}, or $${ for a plain ${",
            )
        found = environment.get(name)
        if found or (found is not None and default is None):
            return found
        if default is None:
            raise error(
                path,
                f"environment variable {name!r} is not set",
                f"set it, or give a default: ${{{name}:-value}}",
            )
        return default

    return _REFERENCE.sub(put, value)
