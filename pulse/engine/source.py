"""A running source stage: from decoded blocks to bundles with event times, watermarks and origins."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulse.engine.ledger import Ledger, StepLedger
from pulse.engine.messages import EndOfInput, IdleInput, Watermark
from pulse.engine.observer import SILENT, Observer
from pulse.engine.operator import StepContext
from pulse.engine.operators.timestamps import promises
from pulse.engine.person import naming
from pulse.engine.prefix import NO_PREFIX, PrefixMachine, Worked, with_watermarks
from pulse.engine.stage import Emission, StageMachine
from pulse.engine.watermarks import WatermarkGenerator
from pulse.errors import PulseInternalError, RecordError
from pulse.graph.logical import Port
from pulse.graph.ops import ReadOp
from pulse.io.base import BadRecord, Block, Decoded, Json, ReadRequest
from pulse.model.time import MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pulse.engine.clock import Clock
    from pulse.graph.plan import Plan, Stage


@dataclass
class SplitState:
    """Where a split has got to.

    Args:
        name: the split's name.
        generator: makes its watermarks.
        position: where its reader would continue.
        counts: how many lines or records of each origin have been read, for positions in messages.
        ended: whether it has been read to its end.
    """

    name: str
    generator: WatermarkGenerator
    position: Json = None
    origin: str | None = None
    count: int = 0
    ended: bool = False
    announced: int = MIN_TIME
    ignored: dict[str, int] = field(default_factory=dict)


class SourceMachine:
    """Executes a source stage, given blocks that a runner has read and decoded in order.

    Args:
        plan: the plan it belongs to.
        stage: the stage; its first step reads a source.
        observer: told of what happens.
        clock: processing time.
    """

    def __init__(
        self, plan: Plan, stage: Stage, observer: Observer = SILENT, clock: Clock | None = None
    ) -> None:
        op = stage.first.op
        if not isinstance(op, ReadOp):
            raise PulseInternalError(f"stage {stage.name!r} does not begin with a source")
        self.op = op
        self.name = stage.first.name
        self.observer = observer
        self.context = StepContext(self.name, op.on_error, observer)
        self.splits = [SplitState(name, WatermarkGenerator(op.watermarks)) for name in op.source.splits()]
        self.machine = StageMachine(plan, stage, (0,) * len(self.splits), observer, clock)
        self.plain = PrefixMachine(NO_PREFIX)

    @property
    def request(self) -> ReadRequest:
        """What to ask of the source's readers."""
        op = self.op
        return ReadRequest(op.schema, op.fields, op.layout, op.predicate)

    def accept(self, index: int, block: Block, decoded: Decoded) -> list[Emission]:
        """Take the next decoded block of a split and return what the stage emits."""
        worked = self.plain.work(block, decoded, self._first(self.splits[index], block))
        return self.accept_worked(index, block, worked, 0)

    def accept_worked(
        self, index: int, block: Block, worked: Worked, taken: int, *, keep: int | None = None
    ) -> list[Emission]:
        """Take the next block of a split after its head has run elsewhere.

        Args:
            index: the split.
            block: the block.
            worked: what the head made of it.
            taken: how many steps the head stands for.
            keep: how many records there is room for; the others are dropped, but not their watermarks.

        Raises:
            RecordError: when the head failed on a record and its policy is ``fail``.
        """
        split = self.splits[index]
        if worked.error is not None:
            raise worked.error
        first = self._first(split, block)
        emitted = list(self._bad(split, first, worked.bad))
        count = len(worked.numbers)
        self._count(count, len(worked.bad))
        with naming(self.name):
            marked = promises(worked.bundles[0], split.generator.strategy) if worked.bundles else None
        marks = split.generator.assign(worked.times, promises=marked, promised=worked.promised)
        self._moved(split, block, first + worked.units, worked.ignored)
        emitted += self.machine.take_books(worked.ledgers, worked.failures)
        for bundle in worked.bundles:
            kept = with_watermarks(bundle, worked.numbers, marks)
            if keep is not None and len(kept) > keep:
                self._overflowed(len(kept) - keep)
                kept = kept.slice(0, keep)
            if len(kept):
                emitted += self.machine.take(index, kept, start=taken)
        return emitted + self._announce(index)

    def _count(self, count: int, bad: int) -> None:
        ledger = self.context.ledger
        ledger.received += count + bad
        ledger.passed += count
        ledger.emitted += count
        self.observer.received(self.name, count + bad)
        self.observer.emitted(self.name, count)

    def _overflowed(self, dropped: int) -> None:
        ledger = self.context.ledger
        ledger.passed -= dropped
        ledger.dropped += dropped
        ledger.emitted -= dropped
        self.observer.dropped(self.name, "overflow", dropped)

    @staticmethod
    def _moved(split: SplitState, block: Block, count: int, ignored: Mapping[str, int]) -> None:
        split.position, split.origin, split.count = block.position, block.origin, count
        for name, seen in ignored.items():
            split.ignored[name] = split.ignored.get(name, 0) + seen

    @staticmethod
    def _first(split: SplitState, block: Block) -> int:
        if block.first is not None:
            return block.first
        return split.count if block.origin == split.origin else 0

    def _bad(self, split: SplitState, first: int, found: Sequence[BadRecord]) -> Iterator[Emission]:
        for bad in found:
            position = f"{bad.origin}:{first + bad.number}"
            if self.op.on_error == "fail":
                raise RecordError(
                    bad.reason,
                    step=self.name,
                    record=bad.record,
                    position=position,
                    hint="choose on_error='skip' or 'dead_letter' on Read to go on without such records",
                )
            mark = split.generator.current
            self.context.note(bad.record, bad.reason, position, max(mark, MIN_TIME), mark)
        for tag, bundle in self.context.failures():
            yield Emission(Port(self.name, tag), bundle)

    def _announce(self, index: int) -> list[Emission]:
        split = self.splits[index]
        if split.generator.current <= split.announced:
            return []
        split.announced = split.generator.current
        return self.machine.take(index, Watermark(split.announced))

    def idle(self, index: int) -> list[Emission]:
        """A split has had nothing for longer than its idle timeout."""
        return self.machine.take(index, IdleInput())

    def end(self, index: int) -> list[Emission]:
        """A split has been read to its end."""
        split = self.splits[index]
        split.ended = True
        split.generator.end()
        split.announced = split.generator.current
        return self.machine.take(index, EndOfInput())

    @property
    def ended(self) -> bool:
        """Whether every split has been read to its end."""
        return all(split.ended for split in self.splits)

    @property
    def watermark(self) -> int:
        """The watermark over all splits."""
        return self.machine.inputs.current

    @property
    def ledger(self) -> Ledger:
        """Where the records of every step are."""
        return Ledger({self.name: self.context.ledger, **self.machine.ledger})

    def snapshot(self) -> Any:
        """Return all state, positions included."""
        return {
            "stage": self.machine.snapshot(),
            "ledger": self.context.ledger.as_dict(),
            "splits": [
                {
                    "name": split.name,
                    "generator": split.generator.snapshot(),
                    "position": split.position,
                    "origin": split.origin,
                    "count": split.count,
                    "ended": split.ended,
                    "announced": split.announced,
                    "ignored": dict(split.ignored),
                }
                for split in self.splits
            ],
        }

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave; the runner opens the readers at ``splits[i].position``."""
        self.machine.restore(state["stage"])
        self.context.ledger = StepLedger(**state["ledger"])
        for split, saved in zip(self.splits, state["splits"], strict=True):
            split.generator.restore(saved["generator"])
            split.position, split.origin = saved["position"], saved["origin"]
            split.count, split.ended, split.announced = saved["count"], saved["ended"], saved["announced"]
            split.ignored = dict(saved["ignored"])
