"""Every snippet of README.md and docs/ runs, and prints what the page says it prints.

Rules for pages, by the word after the opening fence:

- ``python`` runs in a namespace that the blocks of a page share; ``raises=Name`` after it: raises that error,
  and the message is what is printed;
- ``toml`` is loaded as a pipeline; tables that a pipeline needs and the block leaves out are filled in;
- ``sh`` runs in bash, where it must exit with 0, or with N of ``exit=N``;
- ``output`` is what the block before it prints, with ``...`` for any text;
- ``text``, ``mermaid`` and ``json`` are for the eye only.

A block of which the first line is a comment with a file's name, such as ``# words.py``, is written to that
file; such a Python block is not run by itself. All blocks of a page run in one empty folder that holds a copy
of ``examples``. A comment ``<!-- not run: reason -->`` before a block leaves it out.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import pulse
from pulse.config import load

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\S*)(.*?)$\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: (\S.*?) -->\s*\Z")
FILE_NAME = re.compile(r"# ([\w./-]+\.(?:py|toml|jsonl|csv))\n")
LANGUAGES = {"python", "toml", "sh", "output", "text", "mermaid", "json"}
MOST_NOT_RUN = 8
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
FILLED_IN = {
    "source": '[source]\nkind = "file"\npath = "examples/data/wordcount.jsonl"\ntime_field = "event_time"\n',
    "sink": '[sink]\nkind = "file"\n',
}


@dataclass
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    options: dict[str, str]
    text: str
    skipped: bool

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        options = dict(part.partition("=")[::2] for part in match[2].split())
        skipped = NOT_RUN.search(text[: match.start()]) is not None
        line = text[: match.start()].count("\n") + 1
        found.append(Block(page, line, match[1], options, match[3], skipped))
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder to work in, and forget the modules that were imported from it."""
    ignored = shutil.ignore_patterns("__pycache__", "outputs")
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=ignored)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PULSE_SHARED", raising=False)
    modules, path = set(sys.modules), [*sys.path]
    yield tmp_path
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


def run_python(block: Block, namespace: dict[str, Any]) -> str:
    printed = io.StringIO()
    code = compile("\n" * block.line + block.text, block.place, "exec")
    expected = getattr(pulse, block.options["raises"]) if "raises" in block.options else ()
    with contextlib.redirect_stdout(printed):
        try:
            exec(code, namespace)  # noqa: S102 - the snippet of a page
        except expected as error:
            print(error)  # noqa: T201 - as the page shows it
        else:
            assert not expected, f"{block.place} raised nothing"
    return printed.getvalue()


def run_toml(block: Block, folder: Path) -> str:
    given = tomllib.loads(block.text)
    if set(given) <= {"source", "step", "sink", "name", "time", "window", "ops", "runtime", "on_error"}:
        missing = [text for table, text in FILLED_IN.items() if table not in given]
        if "window" in given and "ops" not in given:
            missing.append('[ops]\ncount_by = "text"\n')
        path = folder / "snippet.toml"
        path.write_text("\n".join([block.text, *missing]))
        load(path)
    return ""


def run_shell(block: Block, folder: Path) -> str:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "NO_COLOR": "1",
        "TERM": "dumb",
        "COLUMNS": "100",
        "PYTHONWARNINGS": "default",
    }
    done = subprocess.run(
        [shutil.which("bash") or "bash", "-euo", "pipefail", "-c", block.text],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == int(block.options.get("exit", 0)), f"{block.place}:\n{done.stdout}"
    return done.stdout


def compare(block: Block, printed: str) -> None:
    checker = doctest.OutputChecker()
    assert checker.check_output(block.text, printed, FLAGS), (
        f"{block.place} does not show what is printed:\n"
        + checker.output_difference(doctest.Example("", block.text), printed, FLAGS)
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_snippets(page: Path, folder: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "snippet"}
    printed: str | None = None
    for block in blocks_of(page):
        assert block.language in LANGUAGES, f"{block.place} has the unknown language {block.language!r}"
        if block.language == "output":
            if printed is not None:
                compare(block, printed)
            continue
        if block.language in {"text", "mermaid", "json"} or block.skipped:
            printed = None
            continue
        named = FILE_NAME.match(block.text)
        if named:
            (folder / named[1]).parent.mkdir(parents=True, exist_ok=True)
            (folder / named[1]).write_text(block.text)
        if block.language == "python":
            printed = "" if named else run_python(block, namespace)
        elif block.language == "toml":
            printed = run_toml(block, folder)
        else:
            printed = run_shell(block, folder)


def test_few_blocks_are_not_run() -> None:
    skipped = [block.place for page in PAGES for block in blocks_of(page) if block.skipped]
    assert len(skipped) <= MOST_NOT_RUN, skipped


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), f"{page.relative_to(ROOT)} links to {target}, which does not exist"
        if anchor and path.suffix == ".md":
            headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text(encoding="utf-8")), re.MULTILINE)
            anchors = {
                re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
            }
            assert anchor in anchors, (
                f"{page.relative_to(ROOT)} links to {target}; headings: {sorted(anchors)}"
            )


@pytest.mark.parametrize(("page", "prefix"), [("README.md", "docs/"), ("docs/tutorial.md", "")])
def test_every_how_to_and_reference_can_be_found(page: str, prefix: str) -> None:
    linked = set(re.findall(r"\]\(([^)\s#]+)", (ROOT / page).read_text(encoding="utf-8")))
    for folder in ("how-to", "reference"):
        pages = {f"{prefix}{folder}/{path.name}" for path in (ROOT / "docs" / folder).glob("*.md")}
        assert pages <= linked, f"{page} does not link to {sorted(pages - linked)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_of_pages_can_be_read_in_an_editor(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "\t" not in text
    assert not re.search(r"[ ]+$", text, re.MULTILINE), "trailing spaces"
