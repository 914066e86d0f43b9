"""How ``pulse run`` keeps state on disk: the options together, and what is said of the sinks."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import click

from pulse.graph.ops import WriteOp
from pulse.runners.recovery import INTERVAL, Checkpointing

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulse.config import LoadedPipeline

logger = logging.getLogger("pulse.checkpoints")


def checkpointing_of(
    loaded: LoadedPipeline,
    *,
    interval: str | None,
    from_checkpoint: int | None,
    fresh: bool,
    allow_state_loss: Collection[str],
) -> Checkpointing | None:
    """Return how a run keeps its state; None when it names no state directory.

    Args:
        loaded: what is run, with the directory and interval.
        interval: what the command says of the interval.
        from_checkpoint: see ``Checkpointing``.
        fresh: see ``Checkpointing``.
        allow_state_loss: see ``Checkpointing``.

    Raises:
        PipelineError: when options contradict each other.
    """
    runtime = loaded.runtime
    if runtime.state_dir is None:
        given = {
            "--checkpoint-interval": interval is not None,
            "--from-checkpoint": from_checkpoint is not None,
            "--fresh": fresh,
            "--allow-state-loss": bool(allow_state_loss),
        }
        for name, is_given in given.items():
            if is_given:
                raise click.UsageError(f"{name} needs a state directory: --state-dir DIR.")
        return None
    for node in loaded.pipeline.graph:
        if isinstance(node.op, WriteOp) and getattr(node.op.sink, "path", None) == "-":
            logger.warning(
                "step %r writes to standard output, which cannot be taken back: after a crash, what came "
                "since the last checkpoint is printed again",
                node.name,
            )
    return Checkpointing(
        runtime.state_dir,
        runtime.checkpoint_interval or INTERVAL,
        from_checkpoint,
        fresh,
        allow_state_loss,
    )
