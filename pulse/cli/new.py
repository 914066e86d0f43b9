"""``pulse new``."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from pulse.cli.options import chatter
from pulse.errors import ConfigError

FILES = {
    "pipeline.toml": "pipeline.toml",
    "data/views.jsonl": "views.jsonl",
    "tests/test_pipeline.py": "test_pipeline.py.txt",
    "README.md": "README.md",
}
"""What a starter project consists of, and the template of each file."""


@click.command()
@click.argument("name", metavar="NAME")
@chatter
def new(*, name: str) -> None:
    """Start a project in a directory of that name: pipeline, data, test and README."""
    folder = Path(name)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{name!r} exists and is not an empty directory", hint="choose another name")
    templates = resources.files("pulse.cli") / "templates"
    project = folder.resolve().name
    for file, template in FILES.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        text = (templates / template).read_text(encoding="utf-8")
        path.write_text(text.replace("{{project}}", project), encoding="utf-8")
        click.echo(f"wrote {path}", err=True)
    click.echo(f"now: cd {name} && pulse run pipeline.toml", err=True)
