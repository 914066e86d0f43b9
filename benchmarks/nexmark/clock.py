"""Query 12, over windows of processing time.

The clock is the runner's, and a bid counts in the ten seconds in which the step sees it. With the trio runner
that is the wall clock: which window a bid is in differs from run to run, and only the sum of a person's
counts is a function of the data. With the deterministic runner the clock is virtual and stands at 0 while
there is input to read, so that all bids are in the window from 0 to 10 s, and the answer is a function of the
data. A ``TestStream`` moves the clock by hand, with both.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulse import CombiningState, KeyBy, Process, ProcessingTimer, ValueState, count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.nexmark.site import Site
    from pulse import PCollection, ProcessContext

SIZE = 10_000_000
"""Length of a window, microseconds."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class CountByClock(Process):
    """Counts the bids of a person in each window of the clock; a window's count comes when it is over."""

    schema = {"bidder": "int64", "count": "int64", "start": "timestamp", "end": "timestamp"}  # noqa: RUF012 - read only

    start = ValueState("int64")
    seen = CombiningState(count)
    over = ProcessingTimer()

    def process(self, ctx: ProcessContext, record: Any) -> Iterator[dict[str, Any]]:
        """Count a bid in the window in which the clock is."""
        del record
        start = ctx.processing_time // SIZE * SIZE
        if ctx.start.read() not in (None, start):  # the clock moved on before the timer could fire
            yield self._result(ctx)
        if ctx.start.read() is None:
            ctx.start.write(start)
            ctx.over.set(start + SIZE)
        ctx.seen.add(1)

    def on_timer(self, ctx: ProcessContext, name: str) -> dict[str, Any]:
        """Give the count of the window that is over."""
        del name
        return self._result(ctx)

    def _result(self, ctx: ProcessContext) -> dict[str, Any]:
        start, seen = ctx.start.read(), ctx.seen.read()
        ctx.start.clear()
        ctx.seen.clear()
        return {
            "bidder": ctx.key,
            "count": seen,
            "start": EPOCH + timedelta(microseconds=start),
            "end": EPOCH + timedelta(microseconds=start + SIZE),
        }


def q12(site: Site) -> PCollection:
    """Count the bids of each person in every ten seconds of the clock."""
    return site.bids | KeyBy("bidder") | CountByClock()
