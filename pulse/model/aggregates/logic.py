"""Any and all over Python values."""

from __future__ import annotations

from pulse.model.aggregates.combine_fn import CombineFn


class LogicFn(CombineFn):
    """Tell whether any (decisive is True) or all (False) of the bools are true; None when there are none."""

    def __init__(self, *, decisive: bool) -> None:
        self._decisive = decisive

    def create(self) -> bool | None:
        """Return None: nothing is known."""
        return None

    def add(self, accumulator: bool | None, value: bool | None) -> bool | None:  # noqa: FBT001 - a value
        """Take one bool in."""
        return self.merge(accumulator, value)

    def merge(self, a: bool | None, b: bool | None) -> bool | None:  # noqa: FBT001 - values
        """Let the decisive bool win."""
        if a is None or b is None:
            return a if b is None else b
        return self._decisive if self._decisive in (a, b) else not self._decisive

    def extract(self, accumulator: bool | None) -> bool | None:  # noqa: FBT001 - a value
        """Return the bool."""
        return accumulator
