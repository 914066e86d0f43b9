"""The HTTP server for /metrics and /healthz."""
