"""Evaluation of one row: links compiled arguments into a closure, so that no tree is walked per row.

Each linker looks at the classes of the values first and takes the short way for two ints or two floats; all
else goes to the careful functions of ``values``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias
from zoneinfo import ZoneInfo

from pulse.errors import RecordError, cut
from pulse.model.expressions.literals import read_time
from pulse.model.expressions.tree import Column, Literal
from pulse.model.expressions.values import MAX_INT, MIN_INT, plain, undefined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.expressions.tree import Node, Option

RowFunction: TypeAlias = Callable[[Mapping[str, Any]], Any]
"""From a record as a mapping to a value; a field that is missing counts as null."""


class Operand(NamedTuple):
    """An argument: its node, and its compiled form."""

    node: Node
    run: RowFunction


class RowLink(Protocol):
    """Links compiled arguments into the compiled call."""

    def __call__(self, operands: Sequence[Operand], options: Sequence[Option], /) -> RowFunction:
        """Return the compiled call."""


def column(name: str) -> RowFunction:
    """Return the function that reads a field."""

    def run(row: Mapping[str, Any]) -> Any:
        return row.get(name)

    return run


def constant(value: Any) -> RowFunction:
    """Return the function that gives a constant."""

    def run(row: Mapping[str, Any]) -> Any:  # noqa: ARG001
        return value

    return run


def numeric(compute: Callable[[Any, Any], Any], slow: Callable[[Any, Any], Any]) -> RowLink:
    """Return the linker of an operator over numbers.

    Args:
        compute: the operator over two ints or two floats; never fails for them.
        slow: the operator over anything.
    """

    def link(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
        left, right = operands
        if isinstance(left.node, Column) and isinstance(right.node, Literal):
            return _by_constant(left.node.name, right.node.value, compute, slow)
        return _of_two(left.run, right.run, compute, slow)

    return link


_Operation: TypeAlias = Callable[[Any, Any], Any]


def _of_two(first: RowFunction, second: RowFunction, compute: _Operation, slow: _Operation) -> RowFunction:
    def run(row: Mapping[str, Any]) -> Any:
        a = first(row)
        b = second(row)
        if a.__class__ is b.__class__:
            if a.__class__ is float:
                return compute(a, b)
            if a.__class__ is int:
                result = compute(a, b)
                if MIN_INT <= result <= MAX_INT:
                    return result
        return slow(a, b)

    return run


def _by_constant(name: str, b: Any, compute: _Operation, slow: _Operation) -> RowFunction:
    kind = b.__class__ if b.__class__ in (int, float) else None
    as_double = float(b) if kind else b

    def run(row: Mapping[str, Any]) -> Any:
        a = row.get(name)
        if a.__class__ is float and kind is not None:
            return compute(a, as_double)
        if a.__class__ is int and kind is int:
            result = compute(a, b)
            if MIN_INT <= result <= MAX_INT:
                return result
        return slow(a, b)

    return run


def careful(compute: Callable[[Any, Any], Any]) -> RowLink:
    """Return the linker of an operator over two values that has no shorter way."""

    def link(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
        first, second = operands[0].run, operands[1].run
        return lambda row: compute(first(row), second(row))

    return link


def guarded(compute: Callable[[Any, Any], Any], slow: Callable[[Any, Any], Any]) -> RowLink:
    """Return the linker of an operator over numbers that fails when the right one is zero."""

    def quick(a: Any, b: Any) -> Any:
        if b:
            if a.__class__ is float and b.__class__ is float:
                return compute(a, b)
            if a.__class__ is int and b.__class__ is int:
                result = compute(a, b)
                if MIN_INT <= result <= MAX_INT:
                    return result
        return slow(a, b)

    return careful(quick)


def compare(symbol: str, test: Callable[[Any, Any], bool], align: Callable[..., tuple[Any, Any]]) -> RowLink:
    """Return the linker of a comparison.

    Args:
        symbol: the operator, for messages.
        test: the operator over two values of one class.
        align: brings two values to one type, or raises.
    """

    def slow(a: Any, b: Any) -> bool | None:
        return None if a is None or b is None else test(*align(symbol, a, b))

    def link(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
        first, second = operands[0].run, operands[1].run
        right = operands[1].node
        if isinstance(right, Literal):
            return _compare_constant(first, right.value, test, slow)

        def run(row: Mapping[str, Any]) -> bool | None:
            a = first(row)
            b = second(row)
            return test(a, b) if a.__class__ is b.__class__ and a.__class__ in _DIRECT else slow(a, b)

        return run

    return link


_DIRECT = (int, float, str, bool, bytes)
_ZONES_OF_UTC = (UTC, ZoneInfo("UTC"))


def _compare_constant(
    first: RowFunction, b: Any, test: Callable[[Any, Any], bool], slow: Callable[[Any, Any], bool | None]
) -> RowFunction:
    # The class whose values compare as they are, and another class with what its values compare to.
    kind: type | None = b.__class__ if b.__class__ in _DIRECT else None
    other: type | None = None
    changed: Any = None
    moment = read_time(b) if isinstance(b, str) else b
    if isinstance(moment, datetime):
        other, changed = datetime, moment
    elif kind is int:
        other, changed = float, float(b)

    def run(row: Mapping[str, Any]) -> bool | None:
        a = first(row)
        found: Any = a.__class__
        if found is kind:
            return test(a, b)
        # Moments in UTC compare as they are; other zones repeat an hour once a year, and go the slow way.
        if found is other and (found is float or a.tzinfo in _ZONES_OF_UTC):
            return test(a, changed)
        return slow(a, b)

    return run


def strict(  # noqa: C901 - one closure per case
    function: Callable[..., Any], accepts: tuple[type, ...], symbol: str
) -> RowLink:
    """Return the linker of a function that is null when an argument is null.

    Args:
        function: takes the values, then the options.
        accepts: the classes of its arguments; bool does not pass as int.
        symbol: the name of the function, for messages.

    The function may raise ``RecordError``; a ``ValueError`` or ``OverflowError`` of it becomes one.
    """

    def slow(values: list[Any], options: Sequence[Option]) -> Any:
        if any(value is None for value in values):
            return None
        values = [plain(value) for value in values]
        if not all(_is_one_of(value, accepts) for value in values):
            raise undefined(symbol, *values)
        try:
            return function(*values, *options)
        except (ValueError, OverflowError, ArithmeticError) as error:
            shown = ", ".join(cut(repr(value), 60) for value in values)
            raise RecordError(f"{symbol} of {shown} failed: {error}") from error

    def link(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:
        runs = [operand.run for operand in operands]
        if len(runs) != 1:
            return lambda row: slow([one(row) for one in runs], options)
        only = runs[0]

        def run(row: Mapping[str, Any]) -> Any:
            value = only(row)
            if value is None:
                return None
            if value.__class__ in accepts:
                try:
                    return function(value, *options)
                except (ValueError, OverflowError, ArithmeticError):
                    pass  # the slow way meets the same failure and words it
            return slow([value], options)

        return run

    return link


def _is_one_of(value: Any, accepts: tuple[type, ...]) -> bool:
    return isinstance(value, accepts) and (bool in accepts or value.__class__ is not bool)


def is_null(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
    """Link ``x is None``."""
    run = operands[0].run
    return lambda row: run(row) is None


def is_not_null(operands: Sequence[Operand], options: Sequence[Option]) -> RowFunction:  # noqa: ARG001
    """Link ``x is not None``."""
    run = operands[0].run
    return lambda row: run(row) is not None
