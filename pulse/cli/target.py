"""Load the pipeline that a command is about."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulse.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.config import LoadedPipeline

_OBJECT = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def name_of(target: str | None, config: str | None) -> str:
    """Return what to load: the argument, or ``--config``."""
    if target is not None and config is not None:
        raise click.UsageError("give the config as an argument or with --config, not both.")
    name = target or config
    if name is None:
        raise click.UsageError("missing config.")
    return name


def is_object(name: str) -> bool:
    """Return whether a name is that of a Python object, not of a file.

    Example:
        >>> is_object("package.module:pipeline"), is_object("pipeline.toml")
        (True, False)
    """
    return bool(_OBJECT.fullmatch(name)) and not Path(name).exists()


def load_target(name: str, overrides: Iterable[str], **runtime: Any) -> LoadedPipeline:
    """Load a pipeline.

    Args:
        name: a config file, or ``module:pipeline``.
        overrides: texts ``key=value``.
        runtime: runtime options that stand over those of the file; None leaves the file's.
    """
    from pulse.config import load, load_object  # noqa: PLC0415 - imports pyarrow and pydantic

    pairs = dict(_pair(text) for text in overrides)
    if is_object(name):
        if pairs:
            raise ConfigError(f"--set changes a config file, and {name!r} is Python")
        loaded = load_object(name)
    else:
        loaded = load(name, pairs)
    given = {key: value for key, value in runtime.items() if value is not None}
    return replace(loaded, runtime=replace(loaded.runtime, **given))


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError(f"--set {text!r} is not KEY=VALUE, such as window.size=30s.")
    return key.strip(), value.strip()
