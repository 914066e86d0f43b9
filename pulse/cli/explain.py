"""``pulse explain``."""

from __future__ import annotations

import sys

import click

from pulse.cli.options import chatter, parallelism, target
from pulse.cli.target import load_target, name_of


@click.command()
@target
@parallelism
@chatter
def explain(
    *, target: str | None, config: str | None, overrides: tuple[str, ...], parallelism: int | None
) -> None:
    """Tell what the compiler makes of a pipeline: the effect of each rule, and the plan."""
    name = name_of(target, config)
    from pulse.graph.explain import explain as explained  # noqa: PLC0415 - imports pyarrow

    loaded = load_target(name, overrides, parallelism=parallelism)
    click.echo(explained(loaded.pipeline, parallelism=loaded.runtime.parallelism, color=sys.stdout.isatty()))
