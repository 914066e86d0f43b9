"""Logic over one row: three-valued and, or, not; choices; the first value that is not null; membership.

What is not needed is not evaluated: ``x != 0 and 10 // x > 1`` never divides by zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.errors import PulseInternalError
from pulse.model.expressions.tree import Literal
from pulse.model.expressions.values import align, undefined

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulse.model.expressions.rows import Operand, RowFunction
    from pulse.model.expressions.tree import Option


def _connect(symbol: str, *, decisive: bool) -> Callable[[Sequence[Operand], Sequence[Option]], RowFunction]:
    """Return the linker of ``and`` (False decides) or ``or`` (True decides)."""
    other = not decisive

    def link(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
        first, second = operands[0].run, operands[1].run

        def run(row: Mapping[str, Any]) -> Any:
            a = first(row)
            if a is decisive:
                return decisive
            b = second(row)
            if a is other and (b is other or b is decisive):
                return b
            if a is None and (b is None or b is other):
                return None
            if a is None and b is decisive:
                return decisive
            if a is other and b is None:
                return None
            raise undefined(symbol, a, b)

        return run

    return link


link_and = _connect("and", decisive=False)
link_or = _connect("or", decisive=True)


def link_not(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
    """Link ``not x``: null stays null."""
    only = operands[0].run

    def run(row: Mapping[str, Any]) -> bool | None:
        value = only(row)
        if value is None:
            return None
        if value is True or value is False:
            return not value
        raise undefined("not", value)

    return run


def link_when(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
    """Link a choice: the value of the first condition that is true; null counts as not true."""
    runs = [operand.run for operand in operands]
    branches, otherwise = list(zip(runs[0:-1:2], runs[1::2], strict=True)), runs[-1]

    def run(row: Mapping[str, Any]) -> Any:
        for condition, value in branches:
            holds = condition(row)
            if holds is True:
                return value(row)
            if holds is not False and holds is not None:
                raise undefined("when", holds)
        return otherwise(row)

    return run


def link_coalesce(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
    """Link the first value that is not null."""
    runs = [operand.run for operand in operands]

    def run(row: Mapping[str, Any]) -> Any:
        for one in runs:
            value = one(row)
            if value is not None:
                return value
        return None

    return run


def link_is_in(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
    """Link membership in a list of constants: null is in no list and gives null."""
    only = operands[0].run
    values = [_constant(operand) for operand in operands[1:]]
    classes = {value.__class__ for value in values}
    # Values of one class can be looked up by hash; the careful way below brings mixed types together.
    kind = classes.pop() if len(classes) == 1 and classes <= {int, float, str, bytes, bool} else None
    members = frozenset(values)

    def run(row: Mapping[str, Any]) -> bool | None:
        value = only(row)
        if value.__class__ is kind:
            return value in members
        if value is None:
            return None
        return any(a == b for a, b in (align("in", value, one) for one in values))

    return run


def _constant(operand: Operand) -> Any:
    if isinstance(operand.node, Literal):
        return operand.node.value
    raise PulseInternalError("a list of constants holds something else")
