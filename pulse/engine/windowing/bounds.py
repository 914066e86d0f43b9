"""Window bounds as fields of records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.graph.ops.grouping import WINDOW_TYPE
from pulse.model.time import MAX_EVENT_TIME, MAX_TIME, MIN_EVENT_TIME, MIN_TIME

if TYPE_CHECKING:
    from pulse.model.bundle import Int64s


def bound_column(bounds: Int64s) -> pa.Array[Any]:
    """Return window bounds as timestamps that Python knows too.

    A window at the edge of the calendar can reach out of the years 1 to 9999: its field stops at the last
    moment of them. The ends of time, which bound the global window, stay as they are.

    Example:
        >>> bound_column(np.array([MAX_EVENT_TIME + 1])).cast(pa.int64())[0].as_py() == MAX_EVENT_TIME
        True
    """
    outside = (bounds < MIN_EVENT_TIME) | (bounds > MAX_EVENT_TIME)
    if outside.any():
        ends = (bounds == MIN_TIME) | (bounds == MAX_TIME)
        bounds = np.where(ends, bounds, np.clip(bounds, MIN_EVENT_TIME, MAX_EVENT_TIME))
    return pa.array(bounds).cast(WINDOW_TYPE)
