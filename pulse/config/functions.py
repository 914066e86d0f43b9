"""Find a person's Python by its name, ``module:function``.

This imports and runs code: a config file is trusted as much as the Python it names.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from pulse.engine.person import describe, line_of
from pulse.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path


def resolve(name: str, folder: Path) -> Any:
    """Return what a name such as ``functions:clean`` stands for.

    Args:
        name: module and attribute.
        folder: where modules are looked for first; it stays on ``sys.path``, so that worker processes find
            them too.

    Raises:
        ConfigError: when there is no such module or attribute, or importing it fails.

    Example:
        >>> from pathlib import Path
        >>> resolve("math:sqrt", Path.cwd())(9)
        3.0
    """
    module_name, _, attribute = name.partition(":")
    module = _import(module_name, folder)
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            known = [known for known in dir(found) if not known.startswith("_")]
            raise ConfigError(
                f"function {name!r} does not exist: {module_name} has no {part!r}",
                hint=did_you_mean(part, known),
            )
        found = getattr(found, part)
    return found


def _import(name: str, folder: Path) -> Any:
    place = str(folder)
    if place not in sys.path:
        sys.path.insert(0, place)
    top = name.partition(".")[0]
    loaded = getattr(sys.modules.get(top), "__file__", None)
    beside = PathFinder.find_spec(top, [place])
    if loaded and beside and beside.origin and beside.origin != loaded:
        raise ConfigError(
            f"function module {top!r} in {place} is not the one that is loaded, {loaded}",
            hint="rename it: one process can hold only one module of a name",
        )
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise ConfigError(
                f"function module {name!r} was found neither in {place} nor among the installed packages"
            ) from None
        raise _failed(name, error) from error
    except Exception as error:
        raise _failed(name, error) from error


def _failed(name: str, error: Exception) -> ConfigError:
    line = line_of(error)
    return ConfigError(
        f"function module {name!r} cannot be imported: {describe(error)}",
        hint=f"look at {line}" if line else None,
    )
