"""The trio runner: a task per source split, stage replica and sink, with bounded channels between them."""

from __future__ import annotations

import os
import signal
import threading
from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal, get_args

import trio

from pulse.engine.observer import SILENT, Observer
from pulse.errors import ConfigError, PipelineError, PulseError, UnsupportedFeature, did_you_mean
from pulse.graph.compile import CompileOptions
from pulse.model.arguments import placed
from pulse.runners.alignment import drift
from pulse.runners.flow import Flow
from pulse.runners.prepare import prepare
from pulse.runners.result import RunResult, make_result

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from pulse.model.time import Duration
    from pulse.runners.progress import Progress
    from pulse.runners.recovery import Checkpointing

Overflow = Literal["block", "drop"]

CHANNEL_ROWS = 1 << 18
CHANNEL_BYTES = 64 << 20
BOUND_VARIABLE = "PULSE_CHANNEL_BOUND"


@placed
class TrioRunner:
    """Runs a pipeline on this machine, concurrently.

    Args:
        parallelism: replicas of keyed steps.
        processes: worker processes for Python functions right after a source; 0: none.
        overflow: what happens when channels are full: ``"block"`` makes the sources wait, ``"drop"`` drops
            new records, counted with the reason ``overflow``; watermarks are never dropped.
        channel_rows: bound of each channel, and with ``"drop"`` of all records in flight.
        observer: told of what happens.
        progress: called about twice a second, and at the end.
        max_drift: how far the watermark of a source may be ahead of the slowest; None: as it likes.
        without: names of optimiser rules to leave out.
        fuse: whether steps are fused.
        panes: whether every result says which firing of its window it is, also where no step looks at that.
        checkpointing: how the run keeps its state on disk, to go on after a stop or a crash; None:
            not at all.

    The environment variable ``PULSE_CHANNEL_BOUND=N`` stands for ``overflow="drop", channel_rows=N``.

    Example:
        >>> from pulse import Aggregate, Create, KeyBy, Pipeline, count
        >>> p = Pipeline()
        >>> counts = p | Create([{"w": "a"}, {"w": "a"}]) | KeyBy("w") | Aggregate(n=count())
        >>> TrioRunner().run(p, collect=True).records(counts)
        [{'w': 'a', 'n': 2}]
    """

    def __init__(
        self,
        *,
        parallelism: int = 1,
        processes: int = 0,
        overflow: Overflow | None = None,
        channel_rows: int | None = None,
        observer: Observer = SILENT,
        progress: Callable[[Progress], None] | None = None,
        max_drift: Duration | None = None,
        without: Collection[str] = (),
        fuse: bool = True,
        panes: bool = False,
        checkpointing: Checkpointing | None = None,
    ) -> None:
        if parallelism < 1:
            raise PipelineError(f"parallelism {parallelism} is not at least 1")
        if processes < 0:
            raise PipelineError(f"processes {processes} is negative", hint="0 means no worker processes")
        if channel_rows is not None and channel_rows < 1:
            raise PipelineError(f"channel_rows {channel_rows} is not at least 1")
        if overflow not in (None, *get_args(Overflow)):
            allowed = get_args(Overflow)
            raise PipelineError(
                f"overflow {overflow!r} is not one of {', '.join(allowed)}",
                hint=did_you_mean(str(overflow), allowed),
            )
        bound = _bound_from_environment()
        self.overflow: Overflow = overflow or ("drop" if bound else "block")
        self.channel_rows = channel_rows or bound or CHANNEL_ROWS
        self.processes = processes
        self.observer = observer
        self.progress = progress
        self.max_drift = drift(max_drift)
        self.checkpointing = checkpointing
        self.options = CompileOptions(parallelism, without, fuse, panes)
        self._flow: Flow | None = None
        self._stopped = False

    def run(self, pipeline: Any, *, collect: bool = False) -> RunResult:
        """Run a pipeline to its end.

        The first Ctrl-C (or SIGTERM) stops reading, flushes the windows and finishes; the second aborts. With
        a state directory, the first takes a last checkpoint and stops there: the next run goes on from it.

        Args:
            pipeline: what to run.
            collect: whether to keep the records of collections that nothing else reads.

        Raises:
            PipelineError: when the graph is wrong.
            RecordError: when a step fails on a record and its policy is ``fail``.
            ConnectorError: when a source or sink fails.
            StateError: when the run cannot go on from its checkpoint, or cannot write one.
            KeyboardInterrupt: when it was aborted.
        """
        return trio.run(self._run_with_signals, pipeline, collect)

    async def _run_with_signals(self, pipeline: Any, collect: bool) -> RunResult:  # noqa: FBT001 - trio.run takes no keywords
        if threading.current_thread() is not threading.main_thread():
            return await self.run_async(pipeline, collect=collect)
        aborted = False
        result: RunResult | None = None
        failure: Exception | None = None
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with trio.open_nursery() as nursery:

                async def listen() -> None:
                    nonlocal aborted
                    async for _ in signals:
                        if self._stopped or self._flow is None:
                            aborted = True
                            nursery.cancel_scope.cancel()
                            return
                        self.stop()

                nursery.start_soon(listen)
                try:
                    result = await self.run_async(pipeline, collect=collect)
                except Exception as error:  # noqa: BLE001 - raised again outside, where no group wraps it
                    failure = error
                nursery.cancel_scope.cancel()
        if failure is not None:
            raise failure
        if aborted or result is None:
            raise KeyboardInterrupt
        return result

    def stop(self) -> None:
        """Ask a running pipeline to stop reading, flush its windows and finish."""
        self._stopped = True
        if self._flow is not None:
            self._flow.stop()

    async def run_async(self, pipeline: Any, *, collect: bool = False) -> RunResult:
        """Run a pipeline inside a trio program; see ``run``. Signals are the caller's business."""
        started = perf_counter()
        plan, collected = await trio.to_thread.run_sync(
            lambda: prepare(pipeline, self.options, collect=collect), abandon_on_cancel=True
        )
        if collect and self.checkpointing is not None:
            raise UnsupportedFeature(
                "collected records live in memory, so they cannot go on after a stop",
                hint="write them to a file, or leave out the state directory",
            )
        self._flow = flow = Flow(
            plan,
            observer=self.observer,
            processes=self.processes,
            channel_rows=self.channel_rows,
            channel_bytes=CHANNEL_BYTES,
            drops=self.overflow == "drop",
            max_drift=self.max_drift,
            checkpointing=self.checkpointing,
        )
        if self._stopped:
            flow.stop()
        try:
            await self._drive(flow, started)
        finally:
            self._flow = None
        return make_result(
            flow.machines,
            collected,
            flow.writers.values(),
            seconds=flow.seconds_before + perf_counter() - started,
            bytes_in=flow.bytes_in,
            turns=flow.playback.log(),
            interrupted=self._stopped,
        )

    async def _drive(self, flow: Flow, started: float) -> None:
        async def report() -> None:
            while True:
                await trio.sleep(0.5)
                self._report(flow, started)

        try:
            async with trio.open_nursery() as nursery:
                if self.progress is not None:
                    nursery.start_soon(report)
                await flow.run()
                nursery.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            raise first_error(group) from None
        self._report(flow, started)

    def _report(self, flow: Flow, started: float) -> None:
        if self.progress is not None:
            self.progress(flow.progress(flow.seconds_before + perf_counter() - started))


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the error that a person should see: the first of Pulse's own, else the first there is.

    Example:
        >>> first_error(BaseExceptionGroup("", [ValueError("a"), PulseError("b")]))
        PulseError('b')
    """
    found: list[BaseException] = []
    pending: list[BaseException] = [group]
    while pending:
        error = pending.pop(0)
        if isinstance(error, BaseExceptionGroup):
            pending = [*error.exceptions, *pending]
        else:
            found.append(error)
    return next((error for error in found if isinstance(error, PulseError)), found[0])


def _bound_from_environment() -> int | None:
    text = os.environ.get(BOUND_VARIABLE)
    if not text:
        return None
    if not text.isdigit() or int(text) < 1:
        raise ConfigError(
            f"environment variable {BOUND_VARIABLE}={text!r} is not a positive number of records",
            hint=f"for instance {BOUND_VARIABLE}=10000",
        )
    return int(text)
