"""Bind a tree to a schema: check its types and write every conversion into the tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyarrow import types

from pulse.errors import TypeMismatch, UnknownField, cut
from pulse.model.expressions.casts import widening
from pulse.model.expressions.literals import convert_literal, is_string_literal
from pulse.model.expressions.rules import canonical
from pulse.model.expressions.table import FUNCTIONS
from pulse.model.expressions.text import symbol_of, text_of
from pulse.model.expressions.tree import Call, Column, Literal, Node
from pulse.model.schema import type_name

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Bound:
    """A node whose type is known.

    Args:
        node: the tree, with a ``widen`` wherever a value is converted.
        type: the type of its values.
        operands: the bound arguments, for a call.
    """

    node: Node
    type: pa.DataType
    operands: tuple[Bound, ...] = ()


def bind(node: Node, schema: pa.Schema) -> Bound:
    """Return a tree checked against a schema.

    Raises:
        UnknownField: when it reads a field that the schema does not have.
        TypeMismatch: when a function is not defined for its arguments.
    """
    if isinstance(node, Column):
        index = schema.get_field_index(node.name)
        if index < 0:
            raise UnknownField.of(node.name, schema.names)
        return Bound(node, schema.field(index).type)
    if isinstance(node, Literal):
        return Bound(node, node.type)
    function = FUNCTIONS[node.function]
    operands = [bind(argument, schema) for argument in node.arguments]
    operands = _adapt(operands, mixes=function.mixes)
    kinds = [canonical(operand.type) for operand in operands]
    signature = function.rule(kinds, node.options)
    if signature is None:
        given = " and ".join(dict.fromkeys(type_name(operand.type) for operand in operands))
        symbol = symbol_of(node)
        raise TypeMismatch(
            f"{symbol} is not defined for {given}: {cut(text_of(node))}",
            hint=f"{symbol} takes {function.takes}",
        )
    operands = [_convert(operand, kind) for operand, kind in zip(operands, signature.arguments, strict=True)]
    call = Call(node.function, tuple(operand.node for operand in operands), node.options)
    return Bound(call, signature.result, tuple(operands))


# The types that constants give way to, first match first.
_LEADING = (types.is_timestamp, types.is_date, types.is_decimal)


def _adapt(operands: list[Bound], *, mixes: bool) -> list[Bound]:
    """Give constants the type that the other arguments have: strings become times, integers decimals."""
    given = [one.type for one in operands if not isinstance(one.node, Literal)]
    target = next((kind for test in _LEADING for kind in given if test(kind)), None)
    if target is None:
        return operands
    adapted: list[Bound] = []
    for operand in operands:
        node = operand.node
        if isinstance(node, Literal) and (
            (mixes and not types.is_decimal(target) and is_string_literal(node))
            or (types.is_decimal(target) and types.is_integer(node.type))
        ):
            changed = convert_literal(node, target)
            adapted.append(Bound(changed, changed.type) if changed else operand)
        else:
            adapted.append(operand)
    return adapted


def _convert(operand: Bound, kind: pa.DataType) -> Bound:
    if operand.type == kind:
        return operand
    if isinstance(operand.node, Literal):
        value = operand.node.value
        convert = widening(kind) if value is not None else None
        return Bound(Literal(convert(value) if convert else value, kind), kind)
    return Bound(Call("widen", (operand.node,), (kind,)), kind, (operand,))
