"""Hand records on unchanged: key-by without computed keys, and the start of a new window."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pulse.engine.operator import Elementwise

if TYPE_CHECKING:
    from pulse.model.bundle import Bundle


class PassOperator(Elementwise):
    """Executes a ``KeyByOp`` that computes nothing."""

    def apply(self, bundle: Bundle) -> Bundle:
        return bundle


class WindowOperator(Elementwise):
    """Executes ``WindowOp``: forgets the windows that an earlier grouping gave."""

    def apply(self, bundle: Bundle) -> Bundle:
        return bundle if bundle.windows is None else replace(bundle, windows=None)
