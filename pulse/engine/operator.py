"""The machine of one step: takes bundles and watermarks, gives bundles.

Declarations live in ``pulse.graph.ops``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import pyarrow as pa

from pulse.engine.clock import Clock
from pulse.engine.ledger import StepLedger
from pulse.engine.observer import SILENT, Observer
from pulse.engine.person import describe, line_of, way_out
from pulse.errors import PulseError, RecordError, cut
from pulse.graph.ops import ERRORS, MAIN
from pulse.graph.ops.base import ERROR_SCHEMA, OnError
from pulse.model.bundle import Bundle
from pulse.model.rows import shown_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SKIP = "choose on_error='skip' or 'dead_letter' on this step to go on without such records"


class Out(NamedTuple):
    """Something that a step emits: the tag of the output, and the records."""

    tag: str
    bundle: Bundle


@dataclass(slots=True)
class Failure:
    """A record that a step could not process, kept for the dead letter."""

    record: str
    error: str
    position: str | None
    time: int
    watermark: int


@dataclass
class StepContext:
    """What a step may use of the world around it.

    Args:
        name: the step's name.
        on_error: what happens to a record that it cannot process.
        observer: told of what happens.
        ledger: counts where records went.
        remote: whether failed records are kept for the run that this step works for, not emitted here.
        clock: processing time.
    """

    name: str
    on_error: OnError = "fail"
    observer: Observer = SILENT
    ledger: StepLedger = field(default_factory=StepLedger)
    remote: bool = False
    clock: Clock = field(default_factory=Clock)
    _failures: list[Failure] = field(default_factory=list)

    def reject(
        self,
        bundle: Bundle,
        row: int,
        error: BaseException | str,
        *,
        function: Callable[..., Any] | None = None,
    ) -> None:
        """Deal with a record that the step cannot process, as its policy says.

        Raises:
            RecordError: when the policy is ``fail``.
        """
        origin = bundle.origin
        position = origin.locate(row) if origin else None
        record = record_text(bundle, row)
        reason = error if isinstance(error, str) else describe(error)
        if isinstance(error, PulseError):
            reason = error.message
        if self.on_error == "fail":
            cause = error if isinstance(error, BaseException) else None
            raise RecordError(
                reason,
                step=self.name,
                record=record,
                position=position,
                where=line_of(cause, function) if cause else None,
                hint=way_out(cause, _SKIP) if cause else _SKIP,
            ) from cause
        self.note(record, reason, position, int(bundle.times[row]), bundle.watermark_of(row))

    def note(self, record: str, reason: str, position: str | None, time: int, watermark: int) -> None:
        """Count a failed record, and keep it for the dead letter when that is the policy."""
        self.ledger.errored += 1
        self.observer.dropped(self.name, "error", 1)
        if self.on_error == "dead_letter":
            self._failures.append(Failure(record, reason, position, time, watermark))

    def take_failures(self) -> list[Failure]:
        """Return the records kept for the dead letter since the last call."""
        failed, self._failures = self._failures, []
        return failed

    def add_failures(self, failed: list[Failure]) -> None:
        """Keep records for the dead letter that failed elsewhere and are counted already."""
        self._failures += failed

    def failures(self) -> Iterable[Out]:
        """Hand out, as a bundle, the records kept for the dead letter since the last call."""
        failed = self.take_failures()
        if not failed or self.remote:
            self._failures = failed
            return ()
        batch = pa.RecordBatch.from_arrays(
            [
                pa.array([f.record for f in failed], pa.string()),
                pa.array([f.error for f in failed], pa.string()),
                pa.array([self.name] * len(failed), pa.string()),
                pa.array([f.position for f in failed], pa.string()),
            ],
            schema=ERROR_SCHEMA,
        )
        times = np.array([f.time for f in failed], np.int64)
        watermarks = np.maximum.accumulate(np.array([f.watermark for f in failed], np.int64))
        return (Out(ERRORS, Bundle(batch, times, watermarks)),)


def record_text(bundle: Bundle, row: int) -> str:
    """Return a record as text, cut to a readable length."""
    return cut(repr(bundle.rows[row]) if bundle.is_rows else shown_row(bundle.batch, row))


class Operator(ABC):
    """Executes one step. Synchronous; no clocks, no I/O; all it holds is in ``snapshot``."""

    stateful: ClassVar[bool] = False
    """Whether it holds records between bundles."""

    apart: ClassVar[bool] = False
    """Whether each of its inputs keeps watermarks of its own, not held down by those of the others."""

    def __init__(self, context: StepContext) -> None:
        self.context = context

    @abstractmethod
    def process(self, bundle: Bundle) -> Iterable[Out]:
        """Take a bundle and give what comes of it, in order."""

    def process_input(self, position: int, bundle: Bundle) -> Iterable[Out]:
        """Take a bundle of one of several inputs; a step with one need not tell them apart."""
        del position
        return self.process(bundle)

    def advance(self, watermark: int) -> Iterable[Out]:
        """Take a new input watermark and give what it sets free."""
        del watermark
        return ()

    def advance_input(self, position: int, watermark: int) -> Iterable[Out]:
        """Take the watermark of one of several inputs, before what it does to the lowest of them."""
        del position, watermark
        return ()

    def tick(self) -> Iterable[Out]:
        """Processing time has moved: give what is due at ``context.clock.now``."""
        return ()

    @property
    def due(self) -> int | None:
        """The processing time at which something is due next; None: nothing waits for it."""
        return None

    def output_watermark(self, watermark: int) -> int:
        """Return the output watermark that goes with an input watermark; below it when results are held."""
        return watermark

    def left_over(self) -> int:
        """Return how much it still holds; 0 once its watermark has reached the end of time."""
        return self.context.ledger.held

    def snapshot(self) -> Any:
        """Return all state as plain data and Arrow tables; None when there is none."""
        return None

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave."""
        del state


class Elementwise(Operator):
    """A step without state that turns a bundle into at most one other."""

    def process(self, bundle: Bundle) -> Iterable[Out]:
        """Apply the step and keep the books."""
        ledger, before = self.context.ledger, self.context.ledger.errored
        ledger.received += len(bundle)
        after = self.apply(bundle)
        errored = ledger.errored - before
        self.account(len(bundle), len(after), errored)
        ledger.emitted += len(after)
        if len(after):
            yield Out(MAIN, after)
        if errored:
            yield from self.context.failures()

    def account(self, received: int, emitted: int, errored: int) -> None:
        """Say where the records went; a filter by default."""
        ledger = self.context.ledger
        ledger.passed += emitted
        ledger.filtered += received - emitted - errored

    @abstractmethod
    def apply(self, bundle: Bundle) -> Bundle:
        """Return the bundle that comes out; failed records rejected through the context."""
