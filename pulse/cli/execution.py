"""Run a loaded pipeline: the runner, what observes it, and the server beside it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from pulse.config import verify
from pulse.engine.observer import SILENT, Observer
from pulse.errors import PipelineError
from pulse.graph.ops import WriteOp
from pulse.metrics import CONTENT_TYPE, PrometheusObserver, SpanObserver, fan_out, spans_available
from pulse.model.time import format_time
from pulse.runners.deterministic import DeterministicRunner
from pulse.runners.trio_runner import TrioRunner

if TYPE_CHECKING:
    from pulse.cli.progress import Display
    from pulse.config import LoadedPipeline
    from pulse.runners.progress import Progress
    from pulse.runners.recovery import Checkpointing
    from pulse.runners.result import RunResult


def execute(
    loaded: LoadedPipeline,
    display: Display,
    *,
    port: int | None,
    host: str,
    quiet: bool,
    checkpointing: Checkpointing | None = None,
) -> RunResult:
    """Run a pipeline to its end.

    Args:
        loaded: what to run, and how.
        display: shows progress.
        port: where /metrics is served; None: nowhere.
        host: the address to listen on.
        quiet: whether the start goes unmentioned.
        checkpointing: how the run keeps its state on disk.
    """
    runtime = loaded.runtime
    if runtime.runner == "deterministic":
        if checkpointing is not None:
            raise PipelineError(
                "the deterministic runner keeps no state on disk",
                hint="leave out the state directory, or use --runner trio",
            )
        if port is not None:
            raise PipelineError(
                "the deterministic runner is not observed, so there are no metrics to serve",
                hint="leave out --http-port, or use --runner trio",
            )
        verify(loaded)  # it would collect what nothing reads, which would be lost here
        _say_start(loaded, None, quiet=quiet)
        return DeterministicRunner(parallelism=runtime.parallelism).run(loaded.pipeline)
    health = Health(loaded.pipeline.name)
    with ExitStack() as stack:
        observers: list[Observer] = [SpanObserver()] if spans_available() else []
        address = None
        if port is not None:
            from pulse.http import App, serving  # noqa: PLC0415 - only when asked for

            prometheus = PrometheusObserver()
            observers.append(prometheus)
            app = App(prometheus.text, CONTENT_TYPE, health.look)
            address = stack.enter_context(serving(app, port=port, host=host))
        _say_start(loaded, address, quiet=quiet)

        def progress(found: Progress) -> None:
            health.progress = found
            display.update(found)

        runner = TrioRunner(
            parallelism=runtime.parallelism,
            processes=runtime.processes,
            overflow=runtime.overflow,
            channel_rows=runtime.channel_rows,
            observer=fan_out(*observers) if observers else SILENT,
            progress=progress,
            checkpointing=checkpointing,
        )
        return runner.run(loaded.pipeline)


class Health:
    """What /healthz tells of a run.

    Args:
        name: the pipeline's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.progress: Progress | None = None

    def look(self) -> dict[str, Any]:
        """Return the state of the run as plain data."""
        found: dict[str, Any] = {"status": "ok", "pipeline": self.name}
        if self.progress is not None:
            found |= {
                "seconds": round(self.progress.seconds, 3),
                "records_in": self.progress.records_in,
                "records_out": self.progress.records_out,
                "watermark": format_time(self.progress.watermark),
                "late": self.progress.late,
                "errors": self.progress.errored,
            }
        return found


def uses_stdout(loaded: LoadedPipeline) -> bool:
    """Return whether a sink of the pipeline writes to standard output."""
    ops = [node.op for node in loaded.pipeline.graph]
    return any(isinstance(op, WriteOp) and getattr(op.sink, "path", None) == "-" for op in ops)


def _say_start(loaded: LoadedPipeline, address: str | None, *, quiet: bool) -> None:
    if quiet:
        return
    metrics = f", metrics at {address}/metrics" if address else ""
    click.echo(f"running {loaded.origin} ({len(loaded.pipeline.graph)} steps){metrics}", err=True)
