"""Call a function with side inputs: main records wait until their sides are complete."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from pulse.engine.operator import Operator, Out
from pulse.engine.operators.calling import Caller
from pulse.engine.operators.context import spread
from pulse.engine.side.contents import SideContents
from pulse.engine.side.saved import load_rows, save_rows
from pulse.engine.windowing.assign import WindowAssigner
from pulse.engine.windowing.late import late_records, saturating_add
from pulse.graph.ops import LATE
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pulse.engine.operator import StepContext
    from pulse.graph.collection import CollectionType
    from pulse.graph.ops.side import CallOp
    from pulse.model.bundle import Bundle, Int64s


class _Waiting(NamedTuple):
    """Main records, and for each side the watermark at which it is complete for each of them."""

    bundle: Bundle
    needed: tuple[Int64s, ...]

    def slice(self, start: int, stop: int) -> _Waiting:
        return _Waiting(self.bundle.slice(start, stop), tuple(each[start:stop] for each in self.needed))


class SideOperator(Operator):
    """Executes a ``CallOp`` with side inputs.

    Main records are called in the order of their arrival, each under its own watermark, when the sides of
    their window are complete. While any wait, the output watermark stays at that of the first of them. So
    what comes out depends on no interleaving of main and sides. A main record that is too late for its
    window, allowed lateness included, is dropped: the sides of that window may be forgotten.

    A record in several windows counts as one for each.

    Args:
        op: the step.
        inputs: the types of the main input and of the sides.
        after: the type of the main output.
        context: the step's context.
    """

    stateful: ClassVar[bool] = True
    apart: ClassVar[bool] = True

    def __init__(
        self, op: CallOp, inputs: Sequence[CollectionType], after: CollectionType, context: StepContext
    ) -> None:
        super().__init__(context)
        main, *sides = inputs
        self.lateness = main.windowing.lateness_us
        self.windows = WindowAssigner(main.windowing)
        self.carries = after.grouped
        self.caller = Caller(op, main, after, context)
        self.sides = [
            SideContents(view, side, self.lateness, context)
            for view, side in zip(op.views, sides, strict=True)
        ]
        self.mark = MIN_TIME
        self.waiting: deque[_Waiting] = deque()

    def process(self, bundle: Bundle) -> Iterable[Out]:
        return self.process_input(0, bundle)

    def process_input(self, position: int, bundle: Bundle) -> Iterable[Out]:
        if position:
            self.sides[position - 1].add(bundle)
            yield from self.context.failures()
        else:
            yield from self._take(bundle)
            yield from self._release()

    def advance_input(self, position: int, watermark: int) -> Iterable[Out]:
        if position:
            side = self.sides[position - 1]
            side.mark = max(side.mark, watermark)
        else:
            self.mark = max(self.mark, watermark)
        yield from self._release()

    def advance(self, watermark: int) -> Iterable[Out]:
        # An input that is idle holds nobody up, nor does it say so itself.
        self.mark = max(self.mark, watermark)
        for side in self.sides:
            side.mark = max(side.mark, watermark)
        yield from self._release()
        if watermark == MAX_TIME:
            self.caller.end()

    def output_watermark(self, watermark: int) -> int:
        del watermark  # what comes out follows the main input alone
        return self._held()

    def _held(self) -> int:
        return min(self.mark, self.waiting[0].bundle.watermark_of(0)) if self.waiting else self.mark

    def _take(self, bundle: Bundle) -> Iterator[Out]:
        """Queue main records; those that are too late for their window are dropped."""
        ledger = self.context.ledger
        bundle = spread(bundle, self.windows, self.context)
        windows = bundle.windows
        assert windows is not None  # noqa: S101 - just assigned
        ledger.received += len(bundle)
        gone = saturating_add(windows.ends, self.lateness) <= bundle.watermarks
        late = gone & (windows.ends != MAX_TIME)
        if late.any():
            ledger.late += int(late.sum())
            self.context.observer.dropped(self.context.name, "late", int(late.sum()))
            yield Out(LATE, late_records(bundle.take(late), windows.starts[late], windows.ends[late]))
            bundle = bundle.take(~late)
            windows = bundle.windows
        if len(bundle) and windows is not None:
            ledger.held += len(bundle)
            self.waiting.append(_Waiting(bundle, tuple(side.needed(windows) for side in self.sides)))

    def _release(self) -> Iterator[Out]:
        """Call the function with the records at the head of the queue whose sides are complete."""
        while self.waiting:
            head = self.waiting[0]
            unready = np.zeros(len(head.bundle), np.bool_)
            for side, needed in zip(self.sides, head.needed, strict=True):
                unready |= needed > side.mark
            ready = int(unready.argmax()) if unready.any() else len(unready)
            if ready:
                yield from self._call(head.bundle.slice(0, ready))
            if ready < len(unready):
                self.waiting[0] = head.slice(ready, len(unready))
                break
            self.waiting.popleft()
        for side in self.sides:
            side.forget(self._held())

    def _call(self, bundle: Bundle) -> Iterator[Out]:
        ledger = self.context.ledger
        ledger.received -= len(bundle)  # counted once more by what calls the function
        ledger.held -= len(bundle)
        for out in self.caller.call(bundle, self._seen(bundle)):
            yield out if self.carries else out._replace(bundle=replace(out.bundle, windows=None))

    def _seen(self, bundle: Bundle) -> list[Mapping[str, Any] | Exception]:
        """Return the side inputs of each record, or why there are none."""
        assert bundle.windows is not None  # noqa: S101 - queued with their windows
        ends, which = np.unique(bundle.windows.ends, return_inverse=True)
        found = [self._sides(end) for end in ends.tolist()]
        return [found[i] for i in which.tolist()]

    def _sides(self, end: int) -> Mapping[str, Any] | Exception:
        try:
            return {side.name: side.view(end) for side in self.sides}
        except Exception as error:  # noqa: BLE001 - handed to every record of the window, by its policy
            return error

    def snapshot(self) -> Any:
        return {
            "mark": self.mark,
            "waiting": [save_rows(each.bundle) for each in self.waiting],
            "sides": [side.snapshot() for side in self.sides],
        }

    def restore(self, state: Any) -> None:
        self.mark = state["mark"]
        for side, saved in zip(self.sides, state["sides"], strict=True):
            side.restore(saved)
        self.waiting.clear()
        for saved in state["waiting"]:
            bundle = load_rows(saved)
            assert bundle.windows is not None  # noqa: S101 - queued with their windows
            needed = tuple(side.needed(bundle.windows) for side in self.sides)
            self.waiting.append(_Waiting(bundle, needed))
