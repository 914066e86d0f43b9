"""Compile trees: to a function over record batches, and to a function over one row."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.model.expressions import rows
from pulse.model.expressions.bind import Bound, bind
from pulse.model.expressions.columns import ColumnFunction, Site, spread
from pulse.model.expressions.table import FUNCTIONS
from pulse.model.expressions.text import text_of
from pulse.model.expressions.tree import Column, Literal

if TYPE_CHECKING:
    from pulse.model.expressions.tree import Call, Node


@lru_cache(maxsize=512)
def typed(node: Node, schema: pa.Schema) -> Bound:
    """Return a tree bound to a schema; the same pair is bound once."""
    return bind(node, schema)


@lru_cache(maxsize=512)
def column_function(node: Node, schema: pa.Schema) -> ColumnFunction:
    """Return the function from a batch of a schema to an array with a value per record."""
    bound = typed(node, schema)
    run = _columns(bound, schema)
    # No record, no error: a constant part that fails must not fail a batch without records.
    return lambda batch: spread(run(batch), len(batch)) if len(batch) else pa.array([], bound.type)


def _columns(bound: Bound, schema: pa.Schema) -> ColumnFunction:
    node = bound.node
    if isinstance(node, Column):
        index = schema.get_field_index(node.name)
        return lambda batch: batch.column(index)
    if isinstance(node, Literal):
        scalar: pa.Scalar[Any] = pa.scalar(node.value, node.type)
        return lambda batch: scalar  # noqa: ARG005 - a constant
    operands = [_columns(operand, schema) for operand in bound.operands]
    return FUNCTIONS[node.function].columns(operands, Site(node.options, bound.type, text_of(node)))


def row_function(node: Node) -> rows.RowFunction:
    """Return the function from one row to a value."""
    if isinstance(node, Column):
        return rows.column(node.name)
    if isinstance(node, Literal):
        return rows.constant(node.value)
    return _row_call(node)


def _row_call(node: Call) -> rows.RowFunction:
    operands = [rows.Operand(argument, row_function(argument)) for argument in node.arguments]
    return FUNCTIONS[node.function].rows(operands, node.options)
