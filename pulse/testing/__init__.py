"""Test kit: scripts that move time by hand, assertions, and contract tests for sources and sinks.

The names stand in ``__init__.pyi``; each is loaded when it is first used, for pytest imports this package at
its start, whether a test needs it or not.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
