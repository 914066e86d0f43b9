"""The ``pulse`` command."""

from __future__ import annotations

import click

from pulse import __version__
from pulse.cli import check, checkpoint, explain, graph, new, run, schema, serve, test
from pulse.cli.group import EPILOG, Group


@click.group(
    cls=Group,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="pulse", message="%(prog)s %(version)s")
def cli() -> None:
    """Streaming pipelines written once in Python or TOML, checked, compiled, and run at Arrow speed.

    A first project in two lines: pulse new words && cd words && pulse run pipeline.toml
    """


for _command in (
    run.run,
    check.check,
    test.test,
    graph.graph,
    explain.explain,
    schema.schema,
    serve.serve,
    new.new,
    checkpoint.checkpoint,
):
    _command.epilog = EPILOG
    cli.add_command(_command)


def main() -> None:
    """Run the command line."""
    cli(prog_name="pulse")


if __name__ == "__main__":
    main()
