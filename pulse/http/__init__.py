"""The HTTP server for /metrics and /healthz: an ASGI application on hypercorn and trio."""

from __future__ import annotations

from pulse.http.app import App
from pulse.http.background import serving
from pulse.http.server import LOCAL, serve

__all__ = ["LOCAL", "App", "serve", "serving"]
