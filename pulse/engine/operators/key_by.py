"""Compute the key of each record with a person's function."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pulse.engine.convert import VALUE
from pulse.engine.operator import Elementwise
from pulse.engine.operators.function import call_each

if TYPE_CHECKING:
    from pulse.engine.operator import StepContext
    from pulse.graph.ops import KeyByOp
    from pulse.model.bundle import Bundle

KEY_TYPES = (bool, int, float, str, bytes, datetime, date, Decimal, UUID)


def check_key(key: Any) -> Any:
    """Return a key that has a safe type, or say which types there are.

    Raises:
        TypeError: for a key of another type.

    Example:
        >>> check_key("a"), check_key(None)
        ('a', None)
    """
    if key is None or isinstance(key, KEY_TYPES):
        return str(key) if isinstance(key, UUID) else key
    raise TypeError(
        f"key {key!r} is {type(key).__name__}, but a key must be None, bool, int, float, str, bytes, "
        "datetime, date, Decimal or UUID"
    )


def check_keys(keys: list[Any]) -> list[Any]:
    """Return keys that all have safe types; looks at each type once."""
    kinds = set(map(type, keys))
    if UUID not in kinds and all(issubclass(kind, (*KEY_TYPES, type(None))) for kind in kinds):
        return keys
    return [check_key(key) for key in keys]


class KeyByFunctionOperator(Elementwise):
    """Executes ``KeyByOp`` with a function: its result becomes a field of the record."""

    def __init__(self, op: KeyByOp, context: StepContext) -> None:
        super().__init__(context)
        assert op.function is not None  # noqa: S101 - the builder chose this operator for that
        self.function = op.function
        self.name = op.name

    def apply(self, bundle: Bundle) -> Bundle:
        function = self.function
        keys, good = call_each(
            lambda row: check_key(function(row)), bundle.rows, bundle, self.context, person=function
        )
        kept = bundle if good is None else bundle.take(good)
        name = self.name
        return kept.with_data(
            [
                {**row, name: key} if isinstance(row, dict) else {name: key, VALUE: row}
                for row, key in zip(kept.rows, keys, strict=True)
            ]
        )
