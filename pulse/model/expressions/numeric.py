"""Functions over numbers: checked integer arithmetic in 64 bits, IEEE 754 doubles, exact decimals."""

from __future__ import annotations

import math
import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.compute as pc

from pulse.errors import RecordError
from pulse.model.expressions import kernels, rules, values
from pulse.model.expressions.columns import strict
from pulse.model.expressions.function import Function
from pulse.model.expressions.rows import careful, guarded, numeric
from pulse.model.expressions.rows import strict as strict_row

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERS = (int, float, Decimal)
_ROUNDED = (int, float)
_NUMBERS_IN_WORDS = "numbers"
_WHOLE_IN_WORDS = "integers and doubles (cast decimals first)"


def _absolute(value: Any) -> Any:
    return values.checked("abs", abs(value), value) if isinstance(value, int) else abs(value)


def _negative(value: Any) -> Any:
    return values.checked("-", -value, value) if isinstance(value, int) else -value


def _round(value: Any, digits: int) -> Any:
    """Round half to even after scaling by a power of ten, as the kernel does."""
    if isinstance(value, int):
        return values.checked("round", round(value, digits) if digits < 0 else value, value)
    if not math.isfinite(value):
        return value
    power = 10.0 ** abs(digits)
    scaled = value * power if digits >= 0 else value / power
    if not math.isfinite(scaled):
        raise RecordError(f"round({value!r}, {digits}) overflows")
    if scaled == math.floor(scaled):
        return value
    rounded = math.copysign(float(round(scaled)), scaled)
    result = rounded / power if digits > 0 else rounded * power
    if not math.isfinite(result):
        raise RecordError(f"round({value!r}, {digits}) overflows")
    return result


def _whole(direction: Callable[[float], int]) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        if isinstance(value, int) or not math.isfinite(value):
            return value
        return math.copysign(float(direction(value)), value)

    return run


def _real(compute: Callable[[float], float], at_zero: float = math.nan) -> Callable[[Any], float]:
    """Return a real function with the answers of IEEE 754 where Python raises."""

    def run(value: Any) -> float:
        number = float(value)
        try:
            return compute(number)
        except OverflowError:
            return math.inf
        except ValueError:
            return at_zero if number == 0 else math.nan

    return run


def _operator(
    rule: rules.Rule, kernel: Callable[..., Any], row: Any, *, can_fail: bool = True, takes: str
) -> Function:
    return Function(rule=rule, columns=strict(kernel), rows=row, can_fail=can_fail, takes=takes)


def _unary(
    rule: rules.Rule,
    kernel: Callable[..., Any],
    row: Any,
    name: str,
    *,
    can_fail: bool = False,
    cost: int = 1,
) -> Function:
    accepts = _ROUNDED if rule is rules.binary_number else _NUMBERS
    takes = _WHOLE_IN_WORDS if rule is rules.binary_number else _NUMBERS_IN_WORDS
    return Function(
        rule=rule,
        columns=strict(kernel),
        rows=strict_row(row, accepts, name),
        can_fail=can_fail,
        takes=takes,
        cost=cost,
    )


NUMERIC: dict[str, Function] = {
    "add": _operator(
        rules.addition, kernels.add, numeric(operator.add, values.add), takes="two numbers, or two strings"
    ),
    "subtract": _operator(
        rules.arithmetic, pc.subtract_checked, numeric(operator.sub, values.subtract), takes=_NUMBERS_IN_WORDS
    ),
    "multiply": _operator(
        rules.multiplication,
        pc.multiply_checked,
        numeric(operator.mul, values.multiply),
        takes=_NUMBERS_IN_WORDS,
    ),
    "divide": _operator(
        rules.to_double, kernels.divide, careful(values.divide), can_fail=False, takes=_NUMBERS_IN_WORDS
    ),
    "floor_divide": _operator(
        rules.binary_number,
        kernels.floor_divide,
        guarded(operator.floordiv, values.floor_divide),
        takes=_WHOLE_IN_WORDS,
    ),
    "modulo": _operator(
        rules.binary_number, kernels.modulo, guarded(operator.mod, values.modulo), takes=_WHOLE_IN_WORDS
    ),
    "power": _operator(rules.binary_number, pc.power_checked, careful(values.power), takes=_WHOLE_IN_WORDS),
    "negate": _unary(rules.arithmetic, pc.negate_checked, _negative, "-", can_fail=True),
    "abs": _unary(rules.arithmetic, pc.abs_checked, _absolute, "abs", can_fail=True),
    "round": _unary(
        rules.binary_number, lambda v, n: pc.round(v, ndigits=n), _round, "round", can_fail=True, cost=4
    ),
    "floor": _unary(rules.binary_number, kernels.rounding(pc.floor), _whole(math.floor), "floor"),
    "ceil": _unary(rules.binary_number, kernels.rounding(pc.ceil), _whole(math.ceil), "ceil"),
    "sqrt": _unary(rules.to_double, pc.sqrt, _real(math.sqrt), "sqrt", cost=4),
    "exp": _unary(rules.to_double, pc.exp, _real(math.exp), "exp", cost=8),
    "ln": _unary(rules.to_double, pc.ln, _real(math.log, -math.inf), "ln", cost=8),
    "log10": _unary(rules.to_double, pc.log10, _real(math.log10, -math.inf), "log10", cost=8),
}
"""The functions over numbers, by name."""
