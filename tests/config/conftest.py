"""Helpers of the config tests."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pulse import DeterministicRunner
from pulse.config import LoadedPipeline, load
from pulse.errors import PulseError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def own_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget the Python modules that a test wrote."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(tmp_path)):
            del sys.modules[name]
    importlib.invalidate_caches()


Load = Callable[..., LoadedPipeline]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Write a config into an empty working directory and load it."""
    monkeypatch.chdir(tmp_path)

    def make(text: str, overrides: dict[str, str] | None = None, **environment: str) -> LoadedPipeline:
        (tmp_path / "p.toml").write_text(text)
        return load("p.toml", overrides, environment=environment)

    return make


@pytest.fixture
def failure(config: Load) -> Callable[..., str]:
    """Return the text of the error that a config gives when it is loaded and run."""

    def make(text: str, overrides: dict[str, str] | None = None, **environment: Any) -> str:
        with pytest.raises(PulseError) as caught:
            DeterministicRunner().run(config(text, overrides, **environment).pipeline)
        return str(caught.value)

    return make
