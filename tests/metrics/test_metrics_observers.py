"""The observers: Prometheus, spans, and several at once."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pulse.errors import MissingDependency
from pulse.metrics import PrometheusObserver, SpanObserver, fan_out
from pulse.model.time import MAX_TIME, MIN_TIME

if TYPE_CHECKING:
    from pulse.engine.observer import Observer


def tell(observer: Observer) -> None:
    observer.received("Filter", 10)
    observer.emitted("Filter", 7)
    observer.dropped("Filter", "late", 2)
    observer.dropped("Other", "late", 1)
    observer.watermark("Filter", 1_000_000)
    observer.processed("Filter", 0.002)
    observer.state("Filter", 5)
    observer.received("out", 7)
    observer.written("out", 100, 0.0004)
    observer.queue("a -> b", 3)
    observer.queue("b -> c", 4)
    observer.queue("a -> b", 1)


def lines(observer: PrometheusObserver) -> list[str]:
    return [line for line in observer.text().decode().splitlines() if not line.startswith("#")]


def test_prometheus_names_labels_and_values() -> None:
    observer = PrometheusObserver(clock=lambda: 3_500_000)
    tell(observer)
    found = lines(observer)
    for line in (
        'pulse_operator_records_total{operator="Filter",stage="receive"} 10.0',
        'pulse_operator_records_total{operator="Filter",stage="emit"} 7.0',
        "pulse_watermark_lag_ms 2500.0",
        'pulse_bytes_written_total{sink="out"} 100.0',
        'pulse_state_size{operator="Filter"} 5.0',
        'pulse_operator_process_latency_ms_bucket{le="1.0",operator="Filter"} 0.0',
        'pulse_operator_process_latency_ms_bucket{le="2.5",operator="Filter"} 1.0',
        'pulse_operator_process_latency_ms_sum{operator="Filter"} 2.0',
        'pulse_sink_process_latency_ms_count{sink="out"} 1.0',
        'pulse_sink_process_latency_ms_bucket{le="0.5",sink="out"} 1.0',
        "pulse_queue_depth 5.0",
        'pulse_dropped_records_total{reason="late"} 3.0',
    ):
        assert line in found
    assert not [line for line in found if "_created" in line]
    assert {line.split("{")[0].split(" ")[0].split("_bucket")[0] for line in found} == {
        "pulse_operator_records_total",
        "pulse_watermark_lag_ms",
        "pulse_bytes_written_total",
        "pulse_state_size",
        "pulse_operator_process_latency_ms",
        "pulse_operator_process_latency_ms_count",
        "pulse_operator_process_latency_ms_sum",
        "pulse_sink_process_latency_ms",
        "pulse_sink_process_latency_ms_count",
        "pulse_sink_process_latency_ms_sum",
        "pulse_queue_depth",
        "pulse_dropped_records_total",
    }


def test_every_observer_has_a_registry_of_its_own() -> None:
    one, two = PrometheusObserver(), PrometheusObserver()
    one.received("a", 1)
    assert 'operator="a"' in one.text().decode()
    assert 'operator="a"' not in two.text().decode()


def test_lag_is_that_of_the_slowest_step() -> None:
    observer = PrometheusObserver(clock=lambda: 10_000_000)
    assert math.isnan(observer.lag_ms())
    observer.watermark("a", MIN_TIME)
    assert math.isnan(observer.lag_ms())
    observer.watermark("a", 4_000_000)
    observer.watermark("b", 9_000_000)
    assert observer.lag_ms() == 6000.0
    observer.watermark("a", 99_000_000)
    observer.watermark("b", 99_000_000)
    assert observer.lag_ms() == 0.0
    observer.watermark("a", MAX_TIME)
    observer.watermark("b", MAX_TIME)
    assert observer.lag_ms() == 0.0


def test_spans_per_step_and_sink() -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tell(SpanObserver(provider.get_tracer("test"), clock=lambda: 5_000_000_000))
    step, sink = exporter.get_finished_spans()
    assert (step.name, dict(step.attributes or {})) == (
        "Filter",
        {"pulse.step": "Filter", "pulse.records": 10},
    )
    assert (step.start_time, step.end_time) == (4_998_000_000, 5_000_000_000)
    assert (sink.name, dict(sink.attributes or {})) == (
        "out",
        {"pulse.sink": "out", "pulse.records": 7, "pulse.bytes": 100},
    )


def test_spans_go_nowhere_without_a_provider() -> None:
    tell(SpanObserver())


def test_without_opentelemetry_the_error_prints_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    for name in [name for name in sys.modules if name.split(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingDependency) as caught:
        SpanObserver()
    assert str(caught.value) == (
        "recording spans needs the package 'opentelemetry-api', which is not installed\n"
        "hint: pip install 'pulse-streaming[otel]'"
    )


def test_fan_out_tells_everyone() -> None:
    one, two = PrometheusObserver(clock=lambda: 0), PrometheusObserver(clock=lambda: 0)
    tell(fan_out(one, two))
    assert one.text() == two.text()
    assert "pulse_queue_depth 5.0" in lines(one)
