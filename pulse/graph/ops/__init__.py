"""The closed set of steps that a logical graph is made of. Everything else is a composite of these."""

from pulse.graph.ops.base import ERRORS, LATE, MAIN, Op
from pulse.graph.ops.elementwise import FieldsOp, FilterOp, FunctionOp, ProjectOp, TimestampOp
from pulse.graph.ops.ends import ReadOp, WriteOp
from pulse.graph.ops.grouping import AggregateOp, KeyByOp, WindowOp
from pulse.graph.ops.physical import CombineOp, ToColumnsOp, ToRowsOp
from pulse.graph.ops.routing import FlattenOp, RouteOp

__all__ = [
    "ERRORS",
    "LATE",
    "MAIN",
    "AggregateOp",
    "CombineOp",
    "FieldsOp",
    "FilterOp",
    "FlattenOp",
    "FunctionOp",
    "KeyByOp",
    "Op",
    "ProjectOp",
    "ReadOp",
    "RouteOp",
    "TimestampOp",
    "ToColumnsOp",
    "ToRowsOp",
    "WindowOp",
    "WriteOp",
]
