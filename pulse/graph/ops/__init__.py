"""The closed set of steps that a logical graph is made of. Everything else is a composite of these."""

from pulse.graph.ops.base import ERRORS, LATE, MAIN, Op
from pulse.graph.ops.elementwise import FieldsOp, FilterOp, FunctionOp, ProjectOp, TimestampOp
from pulse.graph.ops.ends import ReadOp, WriteOp
from pulse.graph.ops.grouping import AggregateOp, KeyByOp, WindowOp
from pulse.graph.ops.joining import JoiningOp
from pulse.graph.ops.joins import AsOfJoinOp, CoGroupOp, IntervalJoinOp, JoinOp, LookupOp
from pulse.graph.ops.metadata import MetadataOp
from pulse.graph.ops.physical import CombineOp, ToColumnsOp, ToRowsOp
from pulse.graph.ops.process import ProcessOp
from pulse.graph.ops.routing import FlattenOp, RouteOp
from pulse.graph.ops.side import CallOp

__all__ = [
    "ERRORS",
    "LATE",
    "MAIN",
    "AggregateOp",
    "AsOfJoinOp",
    "CallOp",
    "CoGroupOp",
    "CombineOp",
    "FieldsOp",
    "FilterOp",
    "FlattenOp",
    "FunctionOp",
    "IntervalJoinOp",
    "JoinOp",
    "JoiningOp",
    "KeyByOp",
    "LookupOp",
    "MetadataOp",
    "Op",
    "ProcessOp",
    "ProjectOp",
    "ReadOp",
    "RouteOp",
    "TimestampOp",
    "ToColumnsOp",
    "ToRowsOp",
    "WindowOp",
    "WriteOp",
]
