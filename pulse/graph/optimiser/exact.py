"""What a rule must know before it may change the order of steps: whether anything can fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.graph.ops import (
    ERRORS,
    MAIN,
    AggregateOp,
    CallOp,
    FieldsOp,
    FlattenOp,
    FunctionOp,
    KeyByOp,
    ProcessOp,
    ProjectOp,
    ReadOp,
)
from pulse.graph.ops.grouping import takes_custom

if TYPE_CHECKING:
    import pyarrow as pa

    from pulse.graph.logical import Graph, Port
    from pulse.graph.ops import Op
    from pulse.model.expressions import Expr


def vouched(graph: Graph, port: Port) -> bool:
    """Return whether the records of a collection surely have the types of its schema.

    What a source decoded and what Pulse computed has. What a person's function returns is only declared: a
    value of another type makes a later expression fail on it.

    Example:
        >>> from pulse import Create, Filter, Map, Pipeline
        >>> p = Pipeline()
        >>> big = p | Create([{"n": 1}]) | Filter("n > 0")
        >>> same = big | Map(lambda r: r, schema={"n": "int64"})
        >>> vouched(p.graph, big.port), vouched(p.graph, same.port)
        (True, False)
    """
    node, found = graph[port.step], graph.types[port]
    surely: bool | None = None  # as its inputs
    match node.op:
        case _ if found.schema is None:
            surely = False
        case _ if port.tag == ERRORS:
            surely = True
        case ReadOp():
            surely = True
        case AggregateOp(aggregates=aggregates) if port.tag == MAIN:
            surely = not any(takes_custom(aggregate) for _, aggregate in aggregates)
        case FunctionOp(shape="map" | "flat_map") | FieldsOp() | ProcessOp():
            surely = False
        case CallOp(call=FunctionOp(shape="map" | "flat_map")):
            surely = False
        case FunctionOp(shape="batches"):
            surely = True  # batches are cast to the schema
        case FlattenOp() if any(_fields(graph, each) != _fields(graph, port) for each in node.inputs):
            surely = False  # records keep the fields and types of their branch
    return all(vouched(graph, each) for each in node.inputs) if surely is None else surely


def _fields(graph: Graph, port: Port) -> dict[str, pa.DataType]:
    schema = graph.types[port].schema
    return {} if schema is None else {field.name: field.type for field in schema}


def cannot_fail(graph: Graph, port: Port, *expressions: Expr) -> bool:
    """Return whether expressions surely have a value for every record of a collection."""
    return not any(expr.can_fail() for expr in expressions) and vouched(graph, port)


def expressions_of(op: Op) -> tuple[Expr, ...] | None:
    """Return all that an element-wise step computes; None when a person's function is part of it."""
    if isinstance(op, ProjectOp):
        return tuple(expr for _, expr in op.columns)
    if isinstance(op, KeyByOp) and not op.function:
        return tuple(expr for _, expr in op.computed)
    return None
