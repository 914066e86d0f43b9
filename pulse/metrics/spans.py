"""What the engine does, as OpenTelemetry spans: one per step and bundle, and one per write."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from pulse.engine.observer import NullObserver
from pulse.errors import MissingDependency

if TYPE_CHECKING:
    from collections.abc import Callable


class SpanObserver(NullObserver):
    """Makes a span for each bundle that a step processed or a sink wrote, under the span that is current.

    Where the spans go is set up with the OpenTelemetry SDK, for instance ``opentelemetry-instrument pulse
    run pipeline.toml``; without one they cost next to nothing and go nowhere.

    Args:
        tracer: an OpenTelemetry tracer; None takes the one named ``pulse`` of the global provider.
        clock: gives the wall clock in nanoseconds.

    Raises:
        MissingDependency: when ``opentelemetry-api`` is not installed.
    """

    def __init__(self, tracer: Any = None, *, clock: Callable[[], int] = time.time_ns) -> None:
        if tracer is None:
            if not spans_available():
                raise MissingDependency.of("opentelemetry-api", "otel", purpose="recording spans")
            from opentelemetry import trace  # noqa: PLC0415 - an optional package

            tracer = trace.get_tracer("pulse")
        self._tracer = tracer
        self._clock = clock
        self._records: dict[str, int] = {}

    def received(self, step: str, records: int) -> None:
        """Remember the size of the bundle that the step is about to process."""
        self._records[step] = records

    def processed(self, step: str, seconds: float) -> None:
        """Make a span of the time that a step took for one bundle."""
        self._span(step, seconds, {"pulse.step": step, "pulse.records": self._records.pop(step, 0)})

    def written(self, sink: str, size: int, seconds: float) -> None:
        """Make a span of the time that a sink took to write one bundle."""
        records = self._records.pop(sink, 0)
        self._span(sink, seconds, {"pulse.sink": sink, "pulse.records": records, "pulse.bytes": size})

    def _span(self, name: str, seconds: float, attributes: dict[str, Any]) -> None:
        end = self._clock()
        span = self._tracer.start_span(name, attributes=attributes, start_time=end - int(seconds * 1e9))
        span.end(end_time=end)


def spans_available() -> bool:
    """Return whether ``opentelemetry-api`` is installed, without importing it."""
    try:
        return find_spec("opentelemetry.trace") is not None
    except ModuleNotFoundError:
        return False
