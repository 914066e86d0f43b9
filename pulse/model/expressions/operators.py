"""The operators and methods of an expression: each one builds a node."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeAlias

from pulse.errors import TypeMismatch, cut
from pulse.model.expressions.literals import literal
from pulse.model.expressions.options import checked_int, checked_text
from pulse.model.expressions.textmethods import TextMethods
from pulse.model.expressions.timemethods import TimeMethods
from pulse.model.expressions.tree import Literal
from pulse.model.schema import data_type, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.model.expressions.expr import Expr
    from pulse.model.expressions.tree import Node, Option

Text: TypeAlias = str  # the class below has a property of that name
_MIN_INT = -(2**63)
# Arrow keeps the powers of ten that it rounds by in single precision: beyond this they are not exact.
_MAX_DIGITS = 10


class Operators(ABC):
    """What an expression can be combined into; every method returns a new expression."""

    __slots__ = ()

    node: Node

    @abstractmethod
    def apply(self, function: Text, *arguments: Any, options: tuple[Option, ...] = ()) -> Expr:
        """Return a function of the table applied to this expression and further arguments."""

    @abstractmethod
    def lift(self, value: Any) -> Expr:
        """Return a value as an expression."""

    @property
    def str(self) -> TextMethods:
        """The functions over strings."""
        return TextMethods(self)

    @property
    def dt(self) -> TimeMethods:
        """The functions over times."""
        return TimeMethods(self)

    def is_null(self) -> Expr:
        """Return whether the value is null."""
        return self.apply("is_null")

    def is_not_null(self) -> Expr:
        """Return whether the value is not null."""
        return self.apply("is_not_null")

    def is_in(self, values: Iterable[Any]) -> Expr:
        """Return whether the value is one of these constants; null gives null.

        Raises:
            TypeMismatch: when one of them is null or nan, which equal nothing.

        Example:
            >>> from pulse.model.expressions import col
            >>> str(col("word").is_in(["a", "b"]))
            "word in ['a', 'b']"
        """
        if isinstance(values, Text | bytes | dict) or not hasattr(values, "__iter__"):
            raise TypeMismatch(f"is_in takes a list of constants, not {cut(repr(values), 60)}")
        constants = [literal(value) for value in values]
        for constant in constants:
            if constant.value is None or constant.value != constant.value:
                raise TypeMismatch(
                    f"a list for is_in holds {constant.value!r}, which equals nothing",
                    hint="leave it out; write x.is_null() | x.is_in([...]) to find nulls",
                )
        return self.apply("is_in", *[constant.value for constant in constants])

    def between(self, low: Any, high: Any) -> Expr:
        """Return whether the value lies between two others, both ends inclusive.

        Example:
            >>> from pulse.model.expressions import col
            >>> str(col("x").between(1, 5))
            'x >= 1 and x <= 5'
        """
        above: Expr = self >= low
        below: Expr = self <= high
        return above & below

    def cast(self, to: Any) -> Expr:
        """Convert to another type, by its name (``"int64"``); a value that has no form in it is an error.

        Example:
            >>> from pulse.model.expressions import col
            >>> str(col("x").cast("int"))
            "x.cast('int64')"
        """
        return self.apply("cast", options=(type_name(data_type(to)),))

    def coalesce(self, *others: Any) -> Expr:
        """Return the value, or the first of the others that is not null."""
        return self.apply("coalesce", *others)

    def fill_null(self, value: Any) -> Expr:
        """Return the value, or another where it is null."""
        return self.coalesce(value)

    def field(self, name: Any) -> Expr:
        """Return a member of a struct."""
        return self.apply("field", options=(checked_text("field", name),))

    def abs(self) -> Expr:
        """Return the absolute value."""
        return self.apply("abs")

    def round(self, digits: int = 0) -> Expr:
        """Round to a number of digits after the point (before it when negative), half to even."""
        return self.apply("round", options=(checked_int("digits", digits, -_MAX_DIGITS, _MAX_DIGITS),))

    def floor(self) -> Expr:
        """Round down to a whole number; the type stays."""
        return self.apply("floor")

    def ceil(self) -> Expr:
        """Round up to a whole number; the type stays."""
        return self.apply("ceil")

    def sqrt(self) -> Expr:
        """Return the square root; nan for negative numbers."""
        return self.apply("sqrt")

    def exp(self) -> Expr:
        """Return e to the power of the value."""
        return self.apply("exp")

    def ln(self) -> Expr:
        """Return the natural logarithm; -inf for zero, nan below."""
        return self.apply("ln")

    def log10(self) -> Expr:
        """Return the logarithm to base 10; -inf for zero, nan below."""
        return self.apply("log10")

    def __add__(self, other: Any) -> Expr:
        return self.apply("add", other)

    def __radd__(self, other: Any) -> Expr:
        return self.lift(other).apply("add", self)

    def __sub__(self, other: Any) -> Expr:
        return self.apply("subtract", other)

    def __rsub__(self, other: Any) -> Expr:
        return self.lift(other).apply("subtract", self)

    def __mul__(self, other: Any) -> Expr:
        return self.apply("multiply", other)

    def __rmul__(self, other: Any) -> Expr:
        return self.lift(other).apply("multiply", self)

    def __truediv__(self, other: Any) -> Expr:
        return self.apply("divide", other)

    def __rtruediv__(self, other: Any) -> Expr:
        return self.lift(other).apply("divide", self)

    def __floordiv__(self, other: Any) -> Expr:
        return self.apply("floor_divide", other)

    def __rfloordiv__(self, other: Any) -> Expr:
        return self.lift(other).apply("floor_divide", self)

    def __mod__(self, other: Any) -> Expr:
        return self.apply("modulo", other)

    def __rmod__(self, other: Any) -> Expr:
        return self.lift(other).apply("modulo", self)

    def __pow__(self, other: Any) -> Expr:
        return self.apply("power", other)

    def __rpow__(self, other: Any) -> Expr:
        return self.lift(other).apply("power", self)

    def __neg__(self) -> Expr:
        value = self.node.value if isinstance(self.node, Literal) else None
        if isinstance(value, int | float) and not isinstance(value, bool) and value != _MIN_INT:
            return self.lift(-value)
        return self.apply("negate")

    def __pos__(self) -> Expr:
        return self.lift(self)

    def __eq__(self, other: object) -> Expr:  # type: ignore[override]
        return self.apply("equal", _not_none("==", other))

    def __ne__(self, other: object) -> Expr:  # type: ignore[override]
        return self.apply("not_equal", _not_none("!=", other))

    def __lt__(self, other: Any) -> Expr:
        return self.apply("less", _not_none("<", other))

    def __le__(self, other: Any) -> Expr:
        return self.apply("less_equal", _not_none("<=", other))

    def __gt__(self, other: Any) -> Expr:
        return self.apply("greater", _not_none(">", other))

    def __ge__(self, other: Any) -> Expr:
        return self.apply("greater_equal", _not_none(">=", other))

    def __and__(self, other: Any) -> Expr:
        return self.apply("and", other)

    def __rand__(self, other: Any) -> Expr:
        return self.lift(other).apply("and", self)

    def __or__(self, other: Any) -> Expr:
        return self.apply("or", other)

    def __ror__(self, other: Any) -> Expr:
        return self.lift(other).apply("or", self)

    def __invert__(self) -> Expr:
        return self.apply("not")

    @abstractmethod
    def __hash__(self) -> int:
        """Hash by structure."""


def _not_none(symbol: str, value: Any) -> Any:
    if value is None:
        raise TypeMismatch(
            f"comparison {symbol} with None is null for every record",
            hint="write x.is_null() or x.is_not_null(); in text, x is None",
        )
    return value
