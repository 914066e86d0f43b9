"""``pulse check``."""

from __future__ import annotations

import click

from pulse.cli.options import chatter, option, target
from pulse.cli.target import is_object, load_target, name_of


@click.command()
@target
@option("--write-schema", is_flag=True, help="Write the sniffed schemas into the config, as declared ones.")
@chatter
def check(*, target: str | None, config: str | None, overrides: tuple[str, ...], write_schema: bool) -> None:
    """Check a pipeline without running it: config, fields, types, windows, plan.

    Prints the schema of each source, declared or sniffed from its first MiB.
    """
    name = name_of(target, config)
    if write_schema and is_object(name):
        raise click.UsageError("--write-schema writes into a config file, not into Python.")
    from pulse.config import freeze_schemas, verify  # noqa: PLC0415 - imports pyarrow
    from pulse.model.schema import type_name  # noqa: PLC0415

    checked = verify(load_target(name, overrides))
    for source, schema in checked.schemas.items():
        click.echo(f"{source}: {'sniffed' if source in checked.sniffed else 'declared'}")
        if schema is None:
            click.echo("  any fields")
            continue
        width = max((len(field.name) for field in schema), default=0)
        for field in schema:
            click.echo(f"  {field.name:{width}}  {type_name(field.type)}")
    click.echo(f"{name} is right: {checked.steps} steps", err=True)
    if write_schema:
        found = list(checked.schemas.items())
        sniffed = {
            i: schema for i, (source, schema) in enumerate(found) if schema and source in checked.sniffed
        }
        for place in freeze_schemas(name, sniffed):
            click.echo(f"wrote schema at {place}", err=True)
