"""Metrics and spans: observers of the engine. ``prometheus_client`` is imported here and nowhere else."""

from __future__ import annotations

from pulse.engine.observer import FanOut
from pulse.metrics.fan_out import fan_out
from pulse.metrics.prometheus import CONTENT_TYPE, PrometheusObserver
from pulse.metrics.spans import SpanObserver, spans_available

__all__ = ["CONTENT_TYPE", "FanOut", "PrometheusObserver", "SpanObserver", "fan_out", "spans_available"]
