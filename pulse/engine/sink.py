"""A running sink: hands bundles to a writer in a layout that it takes, and keeps the books."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from pulse.engine.ledger import Ledger, StepLedger
from pulse.engine.observer import SILENT, Observer
from pulse.errors import PulseInternalError
from pulse.graph.ops import WriteOp
from pulse.io.base import SinkContext, Writer

if TYPE_CHECKING:
    from pulse.graph.plan import Plan, Stage
    from pulse.model.bundle import Bundle


class SinkMachine:
    """Executes a sink stage.

    Args:
        plan: the plan it belongs to.
        stage: the stage; its last step writes a sink.
        observer: told of what happens.
        transactional: whether nothing may become visible before a commit.
    """

    def __init__(
        self, plan: Plan, stage: Stage, observer: Observer = SILENT, *, transactional: bool = False
    ) -> None:
        op = stage.last.op
        if not isinstance(op, WriteOp):
            raise PulseInternalError(f"stage {stage.name!r} does not end with a sink")
        self.name = stage.last.name
        self.sink = op.sink
        self.observer = observer
        self.books = StepLedger()
        self.bytes = 0
        schema = plan.input_type(stage.last).schema
        self.context = SinkContext(self.name, transactional, schema)

    def open(self) -> Writer:
        """Open the sink for a run."""
        return self.sink.open(self.context)

    def write(self, writer: Writer, bundle: Bundle) -> None:
        """Write a bundle."""
        started = perf_counter()
        size = writer.write(bundle)
        self.bytes += size
        self.books.received += len(bundle)
        self.books.passed += len(bundle)
        self.books.emitted += len(bundle)
        self.observer.received(self.name, len(bundle))
        self.observer.written(self.name, size, perf_counter() - started)

    @property
    def ledger(self) -> Ledger:
        """Where the records are."""
        return Ledger({self.name: self.books})
