"""What the engine does, as Prometheus metrics."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import Metric

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""The media type of ``PrometheusObserver.text``."""

_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)
"""Upper bounds in milliseconds, from a small bundle inline to a big one on a slow disk."""


def now_micros() -> int:
    """Return the wall clock in microseconds since the epoch."""
    return time.time_ns() // 1000


class PrometheusObserver:
    """Counts what the engine tells, in a registry of its own.

    The metrics: ``pulse_operator_records_total{operator,stage}`` (stage ``receive`` or ``emit``),
    ``pulse_watermark_lag_ms`` (of the step that is furthest behind; NaN before the first watermark and 0
    after the end of the input), ``pulse_bytes_written_total{sink}``, ``pulse_state_size{operator}``
    (records), ``pulse_operator_process_latency_ms{operator}`` and ``pulse_sink_process_latency_ms{sink}``
    (per bundle), ``pulse_queue_depth`` (records on all edges), ``pulse_dropped_records_total{reason}``.

    Args:
        clock: gives the wall clock in microseconds; read when metrics are asked for.

    Example:
        >>> observer = PrometheusObserver()
        >>> observer.received("Filter", 3)
        >>> [line for line in observer.text().decode().splitlines() if line.startswith("pulse_operator_rec")]
        ['pulse_operator_records_total{operator="Filter",stage="receive"} 3.0']
    """

    def __init__(self, *, clock: Callable[[], int] = now_micros) -> None:
        self.registry = registry = CollectorRegistry()
        self._clock = clock
        self._watermarks: dict[str, int] = {}
        self._queues: dict[str, int] = {}
        self._records = Counter(
            "pulse_operator_records",
            "Records into and out of a step",
            ["operator", "stage"],
            registry=registry,
        )
        lag = Gauge("pulse_watermark_lag_ms", "Wall clock minus watermark", registry=registry)
        lag.set_function(self.lag_ms)
        self._bytes = Counter("pulse_bytes_written", "Bytes that a sink wrote", ["sink"], registry=registry)
        self._state = Gauge("pulse_state_size", "Records held in state", ["operator"], registry=registry)
        self._latency = Histogram(
            "pulse_operator_process_latency_ms",
            "Time that a step took for one bundle",
            ["operator"],
            buckets=_BUCKETS,
            registry=registry,
        )
        self._sink_latency = Histogram(
            "pulse_sink_process_latency_ms",
            "Time that a sink took to write one bundle",
            ["sink"],
            buckets=_BUCKETS,
            registry=registry,
        )
        depth = Gauge("pulse_queue_depth", "Records waiting on the edges", registry=registry)
        depth.set_function(self.queue_depth)
        self._dropped = Counter(
            "pulse_dropped_records", "Records that will not come out", ["reason"], registry=registry
        )

    def received(self, step: str, records: int) -> None:
        """Count records into a step."""
        self._records.labels(step, "receive").inc(records)

    def emitted(self, step: str, records: int) -> None:
        """Count records out of a step."""
        self._records.labels(step, "emit").inc(records)

    def dropped(self, step: str, reason: str, records: int) -> None:
        """Count records that will not come out."""
        del step
        self._dropped.labels(reason).inc(records)

    def watermark(self, step: str, time: int) -> None:
        """Remember the watermark of a step."""
        self._watermarks[step] = time

    def processed(self, step: str, seconds: float) -> None:
        """Count the time of one bundle in a step."""
        self._latency.labels(step).observe(seconds * 1000)

    def state(self, step: str, records: int) -> None:
        """Show how many records a step holds."""
        self._state.labels(step).set(records)

    def written(self, sink: str, size: int, seconds: float) -> None:
        """Count the bytes and the time of one bundle in a sink."""
        self._bytes.labels(sink).inc(size)
        self._sink_latency.labels(sink).observe(seconds * 1000)

    def queue(self, edge: str, rows: int) -> None:
        """Remember how many records wait on an edge."""
        self._queues[edge] = rows

    def lag_ms(self) -> float:
        """Return how far the slowest step's watermark is behind the wall clock, in milliseconds."""
        known = [mark for mark in list(self._watermarks.values()) if mark != MIN_TIME]
        if not known:
            return math.nan
        slowest = min(known)
        return 0.0 if slowest == MAX_TIME else max(0.0, (self._clock() - slowest) / 1000)

    def queue_depth(self) -> int:
        """Return how many records wait on all edges."""
        return sum(list(self._queues.values()))

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self)  # which calls collect() only

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics without the creation times that the client adds to every counter."""
        for metric in self.registry.collect():
            kept = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            metric.samples = kept
            yield metric
