"""A running stage: fused operators, the watermarks of its inputs, and what comes out."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from pulse.engine.build import build_operator
from pulse.engine.clock import Clock
from pulse.engine.inputs import InputWatermarks
from pulse.engine.ledger import Ledger, StepLedger
from pulse.engine.messages import EndOfInput, IdleInput, Message, Watermark
from pulse.engine.observer import SILENT, Observer
from pulse.engine.operator import Failure, Operator, StepContext
from pulse.engine.person import naming
from pulse.errors import PulseInternalError
from pulse.graph.logical import Port
from pulse.graph.ops import MAIN, AggregateOp, ReadOp
from pulse.model.bundle import Bundle
from pulse.model.time import MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pulse.graph.logical import Node
    from pulse.graph.plan import Plan, Stage


class Emission(NamedTuple):
    """Something for the edges of a port; ``port`` None: for every edge that leaves the stage."""

    port: Port | None
    message: Message


MAX_RECORDS = 1 << 16
"""A bundle of more records than this is cut, so that what follows works in bounded memory."""


def pieces(bundle: Bundle) -> Iterator[Bundle]:
    """Cut a bundle into pieces of at most ``MAX_RECORDS`` records.

    Example:
        >>> import numpy as np
        >>> [len(piece) for piece in pieces(Bundle([None] * 100_000, np.zeros(100_000, np.int64), 0))]
        [65536, 34464]
    """
    if len(bundle) <= MAX_RECORDS:
        yield bundle
        return
    for start in range(0, len(bundle), MAX_RECORDS):
        yield bundle.slice(start, min(start + MAX_RECORDS, len(bundle)))


class StageMachine:
    """Executes a stage. Synchronous: a runner calls it with messages and carries away what it emits.

    Args:
        plan: the plan it belongs to.
        stage: the stage; a source's reading and a sink's writing are not its business.
        positions: for each edge that comes in, counting every replica of the stages before, which input of
            the first step it is.
        observer: told of what happens.
        clock: processing time.
    """

    def __init__(
        self,
        plan: Plan,
        stage: Stage,
        positions: Sequence[int],
        observer: Observer = SILENT,
        clock: Clock | None = None,
    ) -> None:
        self.stage = stage
        self.observer = observer
        self.positions = tuple(positions)
        clock = clock or Clock()
        self.nodes: list[Node] = [node for node in stage.nodes if not isinstance(node.op, ReadOp)]
        self.operators: list[Operator] = [
            build_operator(
                node,
                [plan.graph.types[port] for port in node.inputs],
                plan.output_type(node),
                StepContext(node.name, node.op.on_error, observer, clock=clock),
            )
            for node in self.nodes
        ]
        # The splits of a source are no replicas of one another.
        groups = None if stage.is_source else self.positions
        self.inputs = InputWatermarks(len(self.positions), groups)
        self.apart = bool(self.operators) and self.operators[0].apart
        self.marks = [MIN_TIME] * len(self.operators)
        self.output_mark = MIN_TIME
        self.main = Port(stage.last.name)
        self.idle = False

    def take(self, index: int, message: Message, *, start: int = 0) -> list[Emission]:
        """Take a message from an input and return what the stage emits, in order.

        Args:
            index: which input it came from.
            message: a bundle, a watermark, or the input's being idle or over.
            start: the first step that a bundle has not been through yet.
        """
        emitted: list[Emission] = []
        if isinstance(message, Bundle):
            bundle = self.inputs.clamp(index, message, self._together(index))
            emitted += self._process(start, bundle, self.positions[index])
            self.idle = False
            mark = message.watermarks if isinstance(message.watermarks, int) else int(message.watermarks[-1])
            moved = self.inputs.update(index, mark)
        elif isinstance(message, Watermark):
            moved = self.inputs.update(index, message.time)
            self.idle = False
        elif isinstance(message, IdleInput):
            moved = self.inputs.go_idle(index)
        else:
            moved = self.inputs.end(index)
        if self.apart:
            emitted += self._advance_input(self.positions[index])
        if moved:
            emitted += self._advance(0, self.inputs.current)
        if isinstance(message, EndOfInput) and self.inputs.all_ended:
            emitted.append(Emission(None, EndOfInput()))
        elif self.inputs.all_idle and not self.idle:
            self.idle = True
            emitted.append(Emission(None, IdleInput()))
        return emitted

    def tick(self) -> list[Emission]:
        """Do what is due now that processing time has moved, and return what the stage emits."""
        emitted: list[Emission] = []
        # The last one first: what an earlier one gives comes to it at this very moment, not before.
        for index, operator in reversed(list(enumerate(self.operators))):
            if operator.due is not None:
                with naming(self.nodes[index].name):
                    made = list(operator.tick())
                emitted += self._hand_on(index, made)
                emitted += self._advance(index + 1, operator.output_watermark(self.marks[index]))
        return emitted

    @property
    def due(self) -> int | None:
        """The processing time at which a step has something to do next."""
        return min((due for operator in self.operators if (due := operator.due) is not None), default=None)

    def _process(self, index: int, bundle: Bundle, position: int = 0) -> Iterator[Emission]:
        if index == len(self.operators):
            yield Emission(self.main, bundle)
            return
        operator, name = self.operators[index], self.nodes[index].name
        self.observer.received(name, len(bundle))
        # What a step makes goes on before it makes the next: pieces stay in the processor's cache.
        made, spent = iter(operator.process_input(position, bundle)), 0.0
        while True:
            started = perf_counter()
            with naming(name):
                out = next(made, None)
            spent += perf_counter() - started
            if out is None:
                break
            yield from self._hand_on(index, [out])
        self.observer.processed(name, spent)

    def take_books(
        self, ledgers: Mapping[str, StepLedger], failures: Mapping[str, list[Failure]]
    ) -> list[Emission]:
        """Add what steps of this stage have done elsewhere, and emit the records that failed there."""
        emitted = []
        for node, operator in zip(self.nodes, self.operators, strict=True):
            found = ledgers.get(node.name)
            if found is None:
                continue
            context = operator.context
            if isinstance(node.op, AggregateOp):
                # Its partial aggregates are counted when they are merged; only what failed is not among them.
                context.ledger.received += found.errored
                context.ledger.errored += found.errored
            else:
                context.ledger.add(found)
                self.observer.received(node.name, found.received)
                self.observer.emitted(node.name, found.emitted)
            if found.errored:
                self.observer.dropped(node.name, "error", found.errored)
                context.add_failures(failures.get(node.name, []))
                emitted += [Emission(Port(node.name, tag), bundle) for tag, bundle in context.failures()]
        return emitted

    def _hand_on(self, index: int, outs: Iterable[Any]) -> Iterator[Emission]:
        name = self.nodes[index].name
        for tag, bundle in outs:
            if tag == MAIN:
                self.observer.emitted(name, len(bundle))
                for piece in pieces(bundle):
                    yield from self._process(index + 1, piece)
            else:
                yield Emission(Port(name, tag), bundle)

    def _together(self, index: int) -> Sequence[int] | None:
        """Return the inputs that share one watermark with an input; None when all do."""
        if not self.apart:
            return None
        return [i for i, position in enumerate(self.positions) if position == self.positions[index]]

    def _advance_input(self, position: int) -> Iterator[Emission]:
        """Tell the first step, which knows its inputs apart, how far one of them has got."""
        mark = self.inputs.of([i for i, p in enumerate(self.positions) if p == position])
        with naming(self.nodes[0].name):
            freed = list(self.operators[0].advance_input(position, mark))
        yield from self._hand_on(0, freed)
        yield from self._advance(1, self.operators[0].output_watermark(self.marks[0]))

    def _advance(self, index: int, mark: int) -> Iterator[Emission]:
        """Advance the watermark of an operator, and with it of those after."""
        if index == len(self.operators):
            if mark > self.output_mark:
                self.output_mark = mark
                yield Emission(None, Watermark(mark))
            return
        if mark < self.marks[index]:
            raise PulseInternalError(
                f"the watermark of step {self.nodes[index].name!r} went back "
                f"from {self.marks[index]} to {mark}"
            )
        self.marks[index] = mark
        operator, name = self.operators[index], self.nodes[index].name
        self.observer.watermark(name, mark)
        with naming(name):
            freed = list(operator.advance(mark))
        yield from self._hand_on(index, freed)
        if operator.stateful:
            self.observer.state(name, operator.context.ledger.held)
        yield from self._advance(index + 1, operator.output_watermark(mark))

    @property
    def ledger(self) -> Ledger:
        """Where the records of every step are."""
        return Ledger({n.name: o.context.ledger for n, o in zip(self.nodes, self.operators, strict=True)})

    def snapshot(self) -> Any:
        """Return all state: plain data and Arrow tables, copied where it could change."""
        return {
            "inputs": self.inputs.snapshot(),
            "marks": list(self.marks),
            "output_mark": self.output_mark,
            "idle": self.idle,
            "steps": {
                node.name: {"state": operator.snapshot(), "ledger": operator.context.ledger.as_dict()}
                for node, operator in zip(self.nodes, self.operators, strict=True)
            },
        }

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave; a step that is not in it begins without state."""
        self.inputs.restore(state["inputs"])
        self.marks, self.output_mark = list(state["marks"]), state["output_mark"]
        self.idle = state["idle"]
        for node, operator in zip(self.nodes, self.operators, strict=True):
            saved = state["steps"].get(node.name)
            if saved is not None:
                operator.restore(saved["state"])
                operator.context.ledger = StepLedger(**saved["ledger"])
