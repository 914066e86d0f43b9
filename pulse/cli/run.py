"""``pulse run``."""

from __future__ import annotations

import click

from pulse.cli.interrupt import EarlyInterrupt
from pulse.cli.options import address, chatter, option, parallelism, target
from pulse.cli.target import load_target, name_of


@click.command()
@target
@address("--http-port", help="Serve /metrics and /healthz on this port; 0 takes a free one.")
@parallelism
@option("--processes", type=click.IntRange(0), metavar="N", help="Worker processes for Python functions.")
@option(
    "--overflow",
    type=click.Choice(["block", "drop"]),
    help="When channels are full: make sources wait, or drop new records. PULSE_CHANNEL_BOUND=N stands for "
    "drop with N channel rows.",
)
@option("--channel-rows", type=click.IntRange(1), metavar="N", help="Bound of each channel, in records.")
@option(
    "--state-dir",
    metavar="DIR",
    help="Keep checkpoints in this directory, one per pipeline, and go on from the newest one there.",
)
@option("--checkpoint-interval", metavar="DURATION", help="Time between two checkpoints; 10s by default.")
@option("--from-checkpoint", type=click.IntRange(1), metavar="N", help="Go on from this checkpoint.")
@option("--fresh", is_flag=True, help="Start over: the checkpoints in --state-dir are removed.")
@option(
    "--allow-state-loss",
    multiple=True,
    metavar="STEP",
    help="A step that changed and may begin without its state; repeatable.",
)
@option("--runner", type=click.Choice(["trio", "deterministic"]), help="Which runner; trio by default.")
@option("--json", "as_json", is_flag=True, help="Print the summary as JSON on standard output.")
@option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@chatter
def run(
    *,
    target: str | None,
    config: str | None,
    overrides: tuple[str, ...],
    http_port: int | None,
    host: str,
    parallelism: int | None,
    processes: int | None,
    overflow: str | None,
    channel_rows: int | None,
    state_dir: str | None,
    checkpoint_interval: str | None,
    from_checkpoint: int | None,
    fresh: bool,
    allow_state_loss: tuple[str, ...],
    runner: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run a pipeline until its sources end, or Ctrl-C.

    The first Ctrl-C stops reading, flushes the windows and finishes; the second aborts. With --state-dir, the
    first takes a last checkpoint and stops there, and the same command goes on from it. Before the run has
    begun, Ctrl-C ends the command at once, with exit code 0 and nothing written. With a sink that writes to
    standard output, --json goes to standard error.
    """
    name = name_of(target, config)
    with EarlyInterrupt():
        from pulse.cli.checkpointing import checkpointing_of  # noqa: PLC0415
        from pulse.cli.execution import execute, uses_stdout  # noqa: PLC0415 - imports pyarrow and trio
        from pulse.cli.progress import display_for  # noqa: PLC0415
        from pulse.cli.summary import as_data, as_text  # noqa: PLC0415

        loaded = load_target(
            name,
            overrides,
            parallelism=parallelism,
            processes=processes,
            overflow=overflow,
            channel_rows=channel_rows,
            state_dir=state_dir,
            checkpoint_interval=checkpoint_interval,
            runner=runner,
        )
        checkpointing = checkpointing_of(
            loaded,
            interval=checkpoint_interval,
            from_checkpoint=from_checkpoint,
            fresh=fresh,
            allow_state_loss=allow_state_loss,
        )
        display = display_for(quiet=quiet)
        try:
            result = execute(
                loaded, display, port=http_port, host=host, quiet=quiet, checkpointing=checkpointing
            )
        finally:
            display.stop()
    if as_json:
        import orjson  # noqa: PLC0415

        text = orjson.dumps(as_data(result), option=orjson.OPT_INDENT_2).decode()
        click.echo(text, err=uses_stdout(loaded))
    elif not quiet:
        click.echo(as_text(result), err=True)
