"""A person's function with a life cycle: set up, called for bundles of records, taken down."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from pulse.engine.operator import Operator, Out
from pulse.engine.operators.restamp import Restamper
from pulse.engine.person import describe, line_of
from pulse.errors import RecordError
from pulse.graph.ops import ERRORS, MAIN
from pulse.model.bundle import Bundle
from pulse.model.tagged import Tagged
from pulse.model.time import MIN_TIME
from pulse.model.timestamped import Timestamped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pulse.engine.operator import StepContext
    from pulse.graph.collection import CollectionType
    from pulse.model.do_fn import DoFn


class DoFnOperator(Operator):
    """Drives a ``DoFn`` through its life.

    Args:
        function: the machine's own copy.
        inner: calls ``process`` with each record.
        after: the type of what comes out.
        context: the step's context.
    """

    def __init__(self, function: DoFn, inner: Operator, after: CollectionType, context: StepContext) -> None:
        super().__init__(context)
        self.function = function
        self.inner = inner
        self.timed = after.timed
        self.restamp = Restamper(after, context)
        self.ready = False

    def process(self, bundle: Bundle) -> Iterable[Out]:
        try:
            yield from self._process(bundle)
        except Exception:
            # What the person opened is closed; the first error is the one that matters.
            self.end()
            raise

    def end(self) -> None:
        """Take down what was set up; a bundle that should still come sets it up again."""
        if self.ready:
            self.ready = False
            with self._naming("teardown"):
                self.function.teardown()

    def _process(self, bundle: Bundle) -> Iterator[Out]:
        if not self.ready:
            self.ready = True
            with self._naming("setup"):
                self.function.setup()
        with self._naming("start_bundle"):
            self.function.start_bundle()
        for tag, out in self.inner.process(bundle):
            yield Out(tag, out if tag == ERRORS else self.restamp(out))
        with self._naming("finish_bundle"):
            left = list(self.function.finish_bundle() or ())
            checked = [self._checked(each) for each in left]
        if checked:
            yield from self._left(checked, bundle)

    def _checked(self, left: Any) -> tuple[str, Any]:
        tag, value = (left.tag, left.value) if isinstance(left, Tagged) else (MAIN, left)
        known = (MAIN, *self.inner.tags)  # type: ignore[attr-defined]
        if tag not in known:
            raise ValueError(f"output {tag!r} was not declared; declared: {', '.join(known[1:]) or 'none'}")
        if self.timed and not isinstance(value, Timestamped):
            raise TypeError(
                f"{type(value).__name__} without an event time; no record of the bundle gives it one, so it "
                "must be Timestamped(record, time)"
            )
        return tag, value

    def _left(self, left: list[tuple[str, Any]], bundle: Bundle) -> Iterator[Out]:
        """Emit what was left at the end of a bundle, under the watermark of its last record."""
        mark = bundle.watermark_of(len(bundle) - 1)
        for tag in dict.fromkeys(tag for tag, _ in left):
            values = [value for each, value in left if each == tag]
            times = np.full(len(values), MIN_TIME, np.int64)
            made = self.restamp(Bundle(values, times, mark), windowless=True)
            self.context.ledger.emitted += len(made) if tag == MAIN else 0
            yield Out(tag, made)

    @contextmanager
    def _naming(self, method: str) -> Iterator[None]:
        """Say in which method of the person's class an error came up."""
        try:
            yield
        except Exception as error:
            called = getattr(self.function, method)
            raise RecordError(
                f"{type(self.function).__name__}.{method}: {describe(error)}",
                step=self.context.name,
                where=line_of(error, called),
            ) from error
