"""``pulse schema``."""

from __future__ import annotations

import json

import click

from pulse.cli.options import chatter


@click.command()
@chatter
def schema() -> None:
    """Print the JSON Schema of config files, for editors.

    With the Taplo or Even Better TOML extension: pulse schema > pulse.schema.json, and put
    "#:schema pulse.schema.json" on the first line of the config.
    """
    from pulse.config import json_schema  # noqa: PLC0415 - imports pydantic

    click.echo(json.dumps(json_schema(), indent=2))
