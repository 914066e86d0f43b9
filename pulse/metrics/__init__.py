"""Prometheus metrics: an observer of the engine."""
