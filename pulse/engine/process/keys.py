"""The key of each record, as state is kept by it."""

from __future__ import annotations

import math
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from pulse.engine.convert import lacks
from pulse.engine.operators.key_by import check_key, check_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.operator import StepContext
    from pulse.model.bundle import Bundle

NO_KEY: Final = object()
"""Stands for the key of a record that has none."""


class Keys:
    """Takes keys out of records.

    Args:
        names: the key fields.
        context: the step's context, which is told of records without a key.
    """

    def __init__(self, names: Sequence[str], context: StepContext) -> None:
        self.getters = [itemgetter(name) for name in names]
        self.context = context

    def of(self, bundle: Bundle) -> list[Any]:
        """Return the key of each record: a value, or a tuple of them; ``NO_KEY`` for those rejected."""
        rows = bundle.rows
        try:
            columns = [_canonical(check_keys(list(map(get, rows)))) for get in self.getters]
        except (KeyError, TypeError):
            return [self._key(bundle, i, row) for i, row in enumerate(rows)]
        return columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))

    def _key(self, bundle: Bundle, i: int, row: Any) -> Any:
        try:
            parts = _canonical([check_key(get(row)) for get in self.getters])
        except (KeyError, TypeError) as error:
            lacking = isinstance(error, KeyError) and isinstance(row, dict)
            self.context.reject(bundle, i, lacks(row, error.args[0]) if lacking else error)
            return NO_KEY
        return parts[0] if len(parts) == 1 else tuple(parts)


def _canonical(values: list[Any]) -> list[Any]:
    """Return values of which all NaN are one object, for a NaN is equal to itself alone.

    Example:
        >>> a, b = _canonical([float("nan"), float("nan")])
        >>> a is b
        True
    """
    if float not in set(map(type, values)):
        return values
    return [math.nan if value != value else value for value in values]  # noqa: PLR0124 - NaN is not equal
