"""``pulse test``."""

from __future__ import annotations

import sys
from textwrap import indent

import click

from pulse.cli.group import FAILED
from pulse.cli.options import chatter, option, target
from pulse.cli.target import is_object, load_target, name_of


@click.command()
@target
@option("--update", is_flag=True, help="Write what came out into the file, as what is expected.")
@option("--seeds", type=click.IntRange(0), metavar="N", help="Schedules to try for each test; 3 by default.")
@option("--tests", metavar="FILE", help="A file of [[test]] tables, for a pipeline in Python.")
@chatter
def test(
    *,
    target: str | None,
    config: str | None,
    overrides: tuple[str, ...],
    update: bool,
    seeds: int | None,
    tests: str | None,
) -> None:
    """Run the [[test]] tables of a config: its sources play the tests' events, and nothing is written.

    Each test runs with several schedules, in pieces, with replicas and crashes, and on both runners.
    """
    from pulse.config.accept import accept  # noqa: PLC0415 - imports pyarrow and pydantic
    from pulse.config.testing import load_tests, run_tests  # noqa: PLC0415

    name = name_of(target, config)
    if is_object(name) and tests is None:
        raise click.UsageError("the tests of a pipeline in Python are in a file: --tests FILE.")
    file = tests or name
    loaded = load_target(name, overrides)
    pairs = {} if tests else dict(pair.split("=", 1) for pair in overrides)
    tables = load_tests(file, pairs, alone=tests is not None)
    verdicts = run_tests(loaded, tables, seeds=seeds)
    new = {i: each.actual for i, each in enumerate(verdicts) if each.actual} if update else {}
    if new:
        accept(file, new)
    for index, verdict in enumerate(verdicts):
        click.echo(f"{'updated' if index in new else 'ok' if verdict.passed else 'FAILED'}  {verdict.name}")
        if not verdict.passed and index not in new:
            click.echo(indent("\n".join([f"at {verdict.where}", *verdict.problems]), "    "))
    passed = sum(verdict.passed for verdict in verdicts)
    failed = len(verdicts) - passed - len(new)
    updated = f", {len(new)} updated in {file}" if new else ""
    click.echo(f"{passed} passed, {failed} failed{updated}", err=True)
    if failed:
        sys.exit(FAILED)
