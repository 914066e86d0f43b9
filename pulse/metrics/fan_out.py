"""One observer that stands for several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.engine.observer import SILENT, FanOut

if TYPE_CHECKING:
    from pulse.engine.observer import Observer


def fan_out(*observers: Observer) -> Observer:
    """Return one observer for any number of them.

    Example:
        >>> from pulse.engine.observer import SILENT, NullObserver
        >>> one = NullObserver()
        >>> fan_out() is SILENT, fan_out(one) is one, type(fan_out(one, one)).__name__
        (True, True, 'FanOut')
    """
    if not observers:
        return SILENT
    return observers[0] if len(observers) == 1 else FanOut(*observers)
