"""The text form of a tree, which ``parse`` reads back: Python's syntax with the parentheses it needs."""

from __future__ import annotations

import keyword
import math
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pyarrow as pa

from pulse.model.expressions.tree import Column, Literal
from pulse.model.schema import type_name

if TYPE_CHECKING:
    from pulse.model.expressions.literals import Scalar
    from pulse.model.expressions.tree import Call, Node, Option

# How tightly the forms bind, loosest first, as in Python.
_CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(10)

BINARY: dict[str, tuple[str, int]] = {
    "or": ("or", _OR),
    "and": ("and", _AND),
    "equal": ("==", _COMPARE),
    "not_equal": ("!=", _COMPARE),
    "less": ("<", _COMPARE),
    "less_equal": ("<=", _COMPARE),
    "greater": (">", _COMPARE),
    "greater_equal": (">=", _COMPARE),
    "add": ("+", _SUM),
    "subtract": ("-", _SUM),
    "multiply": ("*", _PRODUCT),
    "divide": ("/", _PRODUCT),
    "floor_divide": ("//", _PRODUCT),
    "modulo": ("%", _PRODUCT),
    "power": ("**", _POWER),
}
"""The functions written between their two arguments: symbol and how tightly it binds."""

CALLED = ("coalesce", "concat", "min_of", "max_of")
"""The functions written before their arguments."""


def text_of(node: Node) -> str:
    """Return a tree as text.

    Example:
        >>> from pulse.model.expressions.tree import Call
        >>> text_of(Call("multiply", (Call("add", (Column("a"), Column("b"))), Column("odd name"))))
        "(a + b) * col('odd name')"
    """
    return _write(node)[0]


def receiver_text(node: Node) -> str:
    """Return a tree as text that a dot and a method may follow."""
    text = _within(node, _ATOM)
    return f"({text})" if text[0].isdigit() else text  # after a number the dot would be a decimal point


def symbol_of(node: Call) -> str:
    """Return how a function is written, for messages: ``'+'`` or ``.str.lower()``."""
    name = node.function
    if name in BINARY:
        return f"'{BINARY[name][0]}'"
    if name == "cast":
        return f".cast({node.options[0]!r})"
    words = {"not": "'not'", "negate": "'-'", "is_in": "'in'", "when": "'if'"}
    return words.get(name, f"{name}()" if name in CALLED else f".{name}()")


def _write(node: Node) -> tuple[str, int]:
    if isinstance(node, Column):
        plain = node.name.isidentifier() and node.name.isascii() and not keyword.iskeyword(node.name)
        return (node.name if plain else f"col({node.name!r})"), _ATOM
    if isinstance(node, Literal):
        return _write_literal(node.value)
    return _write_call(node)


def _write_call(node: Call) -> tuple[str, int]:  # noqa: PLR0911 - one return per form
    name, arguments = node.function, node.arguments
    if name in BINARY:
        return _write_binary(node)
    if name == "not":
        return f"not {_within(arguments[0], _NOT)}", _NOT
    if name == "negate":
        return f"-{_within(arguments[0], _SIGN)}", _SIGN
    if name == "is_null":
        return f"{_within(arguments[0], _SUM)} is None", _COMPARE
    if name == "is_not_null":
        return f"{_within(arguments[0], _SUM)} is not None", _COMPARE
    if name == "is_in":
        listed = ", ".join(text_of(argument) for argument in arguments[1:])
        return f"{_within(arguments[0], _SUM)} in [{listed}]", _COMPARE
    if name == "when":
        parts = [
            f"{_within(value, _OR)} if {_within(condition, _OR)} else "
            for condition, value in zip(arguments[0:-1:2], arguments[1::2], strict=True)
        ]
        return "".join(parts) + _within(arguments[-1], _CHOICE), _CHOICE
    if name == "widen":  # not written by anyone: conversions that binding inserts do not show
        return _write(arguments[0])
    if name in CALLED:
        return f"{name}({', '.join(text_of(argument) for argument in arguments)})", _ATOM
    given = [text_of(argument) for argument in arguments[1:]] + [
        _write_option(option) for option in node.options
    ]
    return f"{receiver_text(arguments[0])}.{name}({', '.join(given)})", _ATOM


def _write_binary(node: Call) -> tuple[str, int]:
    symbol, level = BINARY[node.function]
    # Comparisons chain and powers group to the right: there both sides need parentheses of their own.
    left, right = (level + 1 if level in (_COMPARE, _POWER) else level), level + 1
    one, two = node.arguments
    return f"{_within(one, left)} {symbol} {_within(two, right)}", level


def _within(node: Node, level: int) -> str:
    text, own = _write(node)
    return text if own >= level else f"({text})"


def _write_literal(value: Scalar) -> tuple[str, int]:  # noqa: PLR0911 - one return per type
    if isinstance(value, bool) or value is None:
        return str(value), _ATOM
    if isinstance(value, int | float):
        if isinstance(value, float) and not math.isfinite(value):
            return f"float('{value}')", _ATOM
        return repr(value), _SIGN if repr(value).startswith("-") else _ATOM
    if isinstance(value, Decimal):
        return f"decimal('{value}')", _ATOM
    if isinstance(value, datetime):
        return f"timestamp('{value.isoformat().replace('+00:00', 'Z')}')", _ATOM
    if isinstance(value, date):
        return f"date('{value.isoformat()}')", _ATOM
    return repr(value), _ATOM


def _write_option(option: Option) -> str:
    return repr(type_name(option)) if isinstance(option, pa.DataType) else repr(option)
