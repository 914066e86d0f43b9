"""Going on after a stop or a crash: which checkpoint, whether it fits, and giving the state back."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulse.engine.ledger import StepLedger
from pulse.errors import PipelineError, StateError, UnsupportedFeature
from pulse.graph.ops import ReadOp
from pulse.model.time import SECOND, format_time, micros
from pulse.runners import saved
from pulse.runners.fingerprint import fingerprint, refuse_other
from pulse.state.checkpoints import CheckpointStore, Manifest

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Mapping

    from pulse.graph.plan import Plan
    from pulse.io.base import Writer
    from pulse.model.time import Duration
    from pulse.runners.execution import Machines

INTERVAL = "10s"
"""Time between two checkpoints, unless told otherwise."""

logger = logging.getLogger("pulse.checkpoints")


@dataclass(frozen=True, slots=True)
class Checkpointing:
    """How a run keeps its state on disk.

    Args:
        state_dir: where; one directory per pipeline.
        interval: time between two checkpoints.
        from_checkpoint: the checkpoint to go on from; None is the newest that is whole.
        fresh: whether to start over, without the checkpoints that are there.
        allow_state_loss: steps that may begin without the state that a checkpoint has of them.

    Raises:
        PipelineError: when the interval is not positive, or both a checkpoint and none are asked for.
    """

    state_dir: str | os.PathLike[str]
    interval: Duration = INTERVAL
    from_checkpoint: int | None = None
    fresh: bool = False
    allow_state_loss: Collection[str] = ()

    def __post_init__(self) -> None:
        if micros(self.interval, name="checkpoint_interval") <= 0:
            raise PipelineError(
                f"checkpoint_interval {self.interval!r} is not positive", hint="such as '10s'"
            )
        if self.fresh and self.from_checkpoint is not None:
            raise PipelineError(
                f"fresh and from_checkpoint {self.from_checkpoint} contradict each other",
                hint="leave one of them out",
            )

    @property
    def seconds(self) -> float:
        """The interval in seconds."""
        return micros(self.interval) / SECOND


@dataclass
class Recovery:
    """The state directory of a run, and the checkpoint that it goes on from.

    Args:
        store: where checkpoints go.
        fingerprint: of the plan.
        manifest: the checkpoint; None when the run begins from the start.
        number: the highest number that a checkpoint has had.
        newer: what sinks have made visible after that checkpoint, newest first.
    """

    store: CheckpointStore
    fingerprint: Mapping[str, Any]
    manifest: Manifest | None = None
    number: int = 0
    newer: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Whether the run was over already."""
        return self.manifest is not None and self.manifest.finished

    @property
    def seconds(self) -> float:
        """How long the pipeline had run before."""
        return self.manifest.seconds if self.manifest else 0.0

    @property
    def bytes_in(self) -> int:
        """Bytes that were read before."""
        return self.manifest.bytes_in if self.manifest else 0

    def ended(self, sink: str) -> list[int]:
        """Return the inputs of a sink that were over."""
        return list(self.manifest.sinks[sink]["ended"]) if self.manifest else []

    def commit(self, name: str, writer: Writer) -> None:
        """Have a sink show what belongs to the checkpoint, and nothing that came after it."""
        if self.manifest is None:
            return
        prepared = self.manifest.sinks[name]["prepared"]
        for each in self.newer:
            writer.retract(each[name]["prepared"], prepared)
        writer.commit(prepared)

    def begun(self) -> None:
        """Note that every sink shows what belongs to the checkpoint."""
        if self.manifest is not None:
            self.store.forget_commits_after(self.manifest.number)


def recover(options: Checkpointing, plan: Plan, machines: Machines) -> Recovery:
    """Open the state directory of a run, and give machines the state of the checkpoint to go on from.

    Raises:
        StateError: when the directory is in use or damaged, or the checkpoint does not fit the plan.
        UnsupportedFeature: when a source cannot be continued.
    """
    _refuse_sources(plan)
    store = CheckpointStore(options.state_dir)
    try:
        return _open(store, options, plan, machines)
    except BaseException:
        store.close()
        raise


def _open(store: CheckpointStore, options: Checkpointing, plan: Plan, machines: Machines) -> Recovery:
    numbers, now = store.numbers(), fingerprint(plan, machines)
    found = Recovery(store, now, number=max(numbers, default=0))
    if options.from_checkpoint is not None:
        looked = store.check(options.from_checkpoint)
        if looked.problem is not None:
            raise StateError(f"checkpoint {looked.number} cannot be used: {looked.problem}")
        found.manifest = looked.manifest
    elif not options.fresh:
        found.manifest = store.latest()
    manifest = found.manifest
    if manifest is None:
        store.clear()
        logger.info("starting from the beginning; checkpoints go to %s", store.directory)
        return found
    if manifest.pipeline != plan.name:
        raise StateError(
            f"{str(store.directory)!r} holds the state of pipeline {manifest.pipeline!r}, not of "
            f"{plan.name!r}",
            hint="name another state directory, or start over with --fresh",
        )
    lost = refuse_other(manifest.plan, now, manifest.number, options.allow_state_loss)
    if manifest.finished:
        saved.restore_ledgers(machines, manifest.ledger)
    else:
        saved.restore(machines, store.load(manifest), lost)
    for name, sink in machines.sinks.items():
        before = manifest.sinks[name]
        sink.books, sink.bytes = StepLedger(**before["ledger"]), before["bytes"]
    found.newer = store.discard_after(manifest.number)
    _say(found, manifest, lost)
    return found


def _say(found: Recovery, manifest: Manifest, lost: Collection[str]) -> None:
    where = found.store.directory
    if manifest.finished:
        logger.warning("the run in %s is over, so there is nothing to do; --fresh starts over", where)
        return
    logger.warning(
        "resuming from checkpoint %d in %s, taken %s: watermark %s, %s",
        manifest.number,
        where,
        manifest.created,
        format_time(manifest.watermark),
        "; ".join(_at(source, splits) for source, splits in manifest.positions.items()),
    )
    for name in lost:
        logger.warning("step %r begins without its state", name)


def _at(source: str, splits: Mapping[str, Any]) -> str:
    places = [
        f"{name} {'at its end' if split['ended'] else 'at ' + str(split['position'])}"
        for name, split in splits.items()
    ]
    return f"{source}: {', '.join(places)}"


def _refuse_sources(plan: Plan) -> None:
    for stage in plan.stages:
        op = stage.first.op
        if not isinstance(op, ReadOp):
            continue
        if not op.source.resumable:
            raise UnsupportedFeature(
                f"step {stage.name!r} reads {op.source.label}, which cannot be continued after a stop: "
                "what was read of it is gone",
                hint="read from a file, or run without a state directory",
                where=stage.first.where,
            )
        if op.source.paced:
            raise UnsupportedFeature(
                f"step {stage.name!r} plays a script, which has no state on disk",
                hint="the deterministic runner crashes and restores scripts in memory",
                where=stage.first.where,
            )
