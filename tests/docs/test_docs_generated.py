"""Pages and pictures made from the code are what the code makes; the reference leaves no name out."""

from __future__ import annotations

import importlib.util
import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pulse
from pulse import errors
from pulse.config.aggregates import AGGREGATES
from pulse.model.expressions import vocabulary
from pulse.model.time import SECOND
from pulse.transforms.core import Transform

if TYPE_CHECKING:
    from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"


def script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["config.md", "cli.md"])
def test_the_reference_is_up_to_date(name: str) -> None:
    page = script(DOCS / "generate.py").PAGES[name]()
    assert page == (REFERENCE / name).read_text(encoding="utf-8"), "run: python docs/generate.py"


def test_the_pictures_are_up_to_date() -> None:
    drawings = script(DOCS / "diagrams.py").DRAWINGS
    assert set(drawings) == {path.name for path in (DOCS / "images").iterdir()}
    for name, draw in drawings.items():
        assert draw() == (DOCS / "images" / name).read_text(encoding="utf-8"), "run: python docs/diagrams.py"


def test_the_picture_of_sessions_is_right() -> None:
    diagrams = script(DOCS / "diagrams.py")
    p = pulse.Pipeline()
    records = pulse.Create([{} for _ in diagrams.RECORDS], times=[s * SECOND for s in diagrams.RECORDS])
    sessions = p | records | pulse.Window(pulse.Session("30s")) | pulse.Aggregate(n=pulse.count())
    found = pulse.DeterministicRunner().run(p).records(sessions)
    drawn = next(kind.windows for kind in diagrams.KINDS if kind.name.startswith("Session"))
    assert [(r["window_start"].timestamp(), r["window_end"].timestamp()) for r in found] == list(drawn)


def test_the_picture_of_panes_is_right() -> None:
    diagrams = script(DOCS / "diagrams.py")
    p = pulse.Pipeline()
    records = pulse.Create(
        [{} for _ in diagrams.PANE_RECORDS],
        times=[s * SECOND for s in diagrams.PANE_RECORDS],
        watermarks=pulse.BoundedOutOfOrderness(f"{diagrams.BOUND}s"),
    )
    trigger = pulse.AfterWatermark(early=pulse.AfterCount(diagrams.EARLY), late=pulse.AfterCount(1))
    window = pulse.Window(
        pulse.Tumbling(f"{diagrams.SIZE}s"),
        trigger=trigger,
        allowed_lateness=f"{diagrams.LATENESS}s",
        accumulation="accumulating",
    )
    counts = p | records | window | pulse.Aggregate(n=pulse.count())
    result = pulse.DeterministicRunner().run(p)
    found = [(o.pane.timing, o.record["n"]) for o in result.panes(counts) if o.window[0] == 0]
    assert found == [(firing.timing, firing.records) for firing in diagrams.firings()]
    assert len(result.late_records(counts)) == 1


def test_the_example_data_is_up_to_date(tmp_path: Path) -> None:
    make = script(ROOT / "examples" / "data" / "make.py")
    make.make(tmp_path)
    for name in make.FILES:
        assert (tmp_path / name).read_bytes() == (ROOT / "examples" / "data" / name).read_bytes(), name


def mentioned(*pages: str) -> set[str]:
    text = "\n".join((REFERENCE / page).read_text(encoding="utf-8") for page in pages)
    return set(re.findall(r"\w+", text))


def test_the_reference_names_every_public_name() -> None:
    pages = [path.name for path in REFERENCE.glob("*.md")]
    assert not {name for name in pulse.__all__ if not name.startswith("__")} - mentioned(*pages)


def test_the_reference_of_transforms_is_complete() -> None:
    public = {name for name in pulse.__all__ if inspect.isclass(getattr(pulse, name))}
    transforms = {name for name in public if issubclass(getattr(pulse, name), Transform)}
    assert not transforms - mentioned("transforms.md")


def test_the_reference_of_aggregates_is_complete() -> None:
    assert not set(AGGREGATES) - mentioned("aggregates.md")


def test_the_reference_of_expressions_is_complete() -> None:
    names = {name.rpartition(".")[2] for name in (*vocabulary.METHODS, *vocabulary.FUNCTIONS)}
    assert not names - mentioned("expressions.md")


def test_the_reference_of_errors_is_complete() -> None:
    kinds = {
        name
        for name, found in vars(errors).items()
        if inspect.isclass(found) and issubclass(found, Exception)
    }
    assert not kinds - mentioned("errors.md")
