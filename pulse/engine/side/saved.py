"""Bundles of rows as plain data, for checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pulse.model.bundle import Bundle, Origin, Windows
from pulse.model.panes import Panes

if TYPE_CHECKING:
    from collections.abc import Mapping


def save_rows(bundle: Bundle) -> dict[str, Any]:
    """Return a bundle of rows as plain data.

    Example:
        >>> load_rows(save_rows(Bundle(["a"], np.array([5]), 3))).times.tolist()
        [5]
    """
    marks, panes = bundle.watermarks, bundle.panes
    return {
        "rows": list(bundle.rows),
        "times": bundle.times.tolist(),
        "watermarks": marks if isinstance(marks, int) else marks.tolist(),
        "windows": bundle.windows and (bundle.windows.starts.tolist(), bundle.windows.ends.tolist()),
        "origin": bundle.origin and (bundle.origin.name, bundle.origin.numbers.tolist()),
        "panes": panes
        and (
            panes.timings.tolist(),
            panes.indexes.tolist(),
            panes.nonspeculative.tolist(),
            panes.last.tolist(),
        ),
    }


def load_rows(saved: Mapping[str, Any]) -> Bundle:
    """Return the bundle that ``save_rows`` turned into plain data."""
    marks, windows, origin, panes = (saved[name] for name in ("watermarks", "windows", "origin", "panes"))
    return Bundle(
        list(saved["rows"]),
        _times(saved["times"]),
        marks if isinstance(marks, int) else _times(marks),
        windows and Windows(*map(_times, windows)),
        origin and Origin(origin[0], _times(origin[1])),
        panes=panes
        and Panes(
            np.array(panes[0], np.int8), _times(panes[1]), _times(panes[2]), np.array(panes[3], np.bool_)
        ),
    )


def _times(values: list[int]) -> Any:
    return np.array(values, np.int64)
