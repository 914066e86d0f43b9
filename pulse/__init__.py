"""Pulse: streaming pipelines written once, checked, compiled, and run at Arrow speed.

The public names stand in ``__init__.pyi``, for type checkers and for this module: each is loaded when it is
first used, so that ``import pulse`` costs next to nothing.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
