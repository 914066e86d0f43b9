"""``pulse checkpoint ls`` and ``pulse checkpoint verify``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pulse.cli.group import FAILED
from pulse.cli.options import option

if TYPE_CHECKING:
    from pulse.state.checkpoints import Found


@click.group()
def checkpoint() -> None:
    """Look at the checkpoints in a state directory."""


directory = click.argument("directory", metavar="DIR")


@checkpoint.command("ls")
@directory
@option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def ls(*, directory: str, as_json: bool) -> None:
    """List checkpoints, oldest first: when, how big, how far."""
    found = _look(directory)
    if as_json:
        import orjson  # noqa: PLC0415 - only when asked for

        click.echo(orjson.dumps([_as_data(each) for each in found], option=orjson.OPT_INDENT_2).decode())
        return
    for each in found:
        click.echo(_line(each))
    if not found:
        click.echo(f"no checkpoint in {directory}", err=True)


@checkpoint.command("verify")
@directory
def verify(*, directory: str) -> None:
    """Read every checkpoint and compare its checksums; exit code 1 when one is damaged."""
    found = _look(directory)
    for each in found:
        click.echo(f"{each.number}: {each.problem or 'whole'}")
    damaged = sum(each.problem is not None for each in found)
    click.echo(f"{len(found) - damaged} whole, {damaged} damaged", err=True)
    if damaged:
        raise click.exceptions.Exit(FAILED)


def _look(directory: str) -> list[Found]:
    from pulse.state.checkpoints import CheckpointStore  # noqa: PLC0415 - imports pyarrow

    store = CheckpointStore(directory, locked=False)
    return [store.check(number) for number in store.numbers()]


def _line(found: Found) -> str:
    from pulse.model.time import format_time  # noqa: PLC0415 - as above

    manifest = found.manifest
    if manifest is None or found.problem is not None:
        return f"{found.number}  damaged: {found.problem}"
    state = "finished" if manifest.finished else f"{manifest.size:,} bytes"
    return (
        f"{found.number}  {manifest.created}  {manifest.pipeline}  {state}  "
        f"watermark {format_time(manifest.watermark)}"
    )


def _as_data(found: Found) -> dict[str, object]:
    manifest = found.manifest
    data: dict[str, object] = {"number": found.number, "path": str(found.path), "problem": found.problem}
    if manifest is not None:
        data |= {
            "created": manifest.created,
            "pipeline": manifest.pipeline,
            "finished": manifest.finished,
            "bytes": manifest.size,
            "watermark": manifest.watermark,
            "positions": manifest.positions,
        }
    return data
