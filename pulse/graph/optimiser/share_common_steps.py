"""Do the same work once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.graph.logical import Graph, Node, Port
from pulse.graph.ops import FieldsOp, FilterOp, FunctionOp, KeyByOp, ProjectOp, ReadOp, WindowOp
from pulse.graph.optimiser.moves import read_elsewhere

if TYPE_CHECKING:
    from collections.abc import Hashable

    from pulse.graph.ops import Op
    from pulse.model.expressions import Expr


def share_common_steps(graph: Graph) -> Graph:
    """Merge steps that do the same to the same collections; the first one's name stays.

    Reads of equal sources with equal options, projections, filters, key-bys and windows with the same
    expressions, and Python steps with the very same function object. Sinks, inspections and groupings stay
    apart: they have effects or state of their own. So do steps with a dead letter, which tells their names.

    Example:
        >>> from pulse import Collect, Filter, Nexmark, Pipeline, Read, Select, Write
        >>> p = Pipeline()
        >>> for field in ("price", "bidder"):
        ...     bids = p | field >> Read(Nexmark(10, only="bid"))
        ...     _ = bids | Filter("price > 100") | Select(field) | f"write {field}" >> Write(Collect())
        >>> [node.name for node in share_common_steps(p.graph)]
        ['price', 'Filter(price > 100)', 'Select(price)', 'write price', 'Select(bidder)', 'write bidder']
    """
    first: dict[Hashable, str] = {}
    reads: list[Node] = []
    merged: dict[str, str] = {}
    for node in graph.order:
        inputs = tuple(Port(merged.get(port.step, port.step), port.tag) for port in node.inputs)
        if node.op.on_error == "dead_letter":
            continue
        if isinstance(node.op, ReadOp):
            same = next((read.name for read in reads if _same_read(read.op, node.op)), None)
            if same is None:
                reads.append(node)
            else:
                merged[node.name] = same
            continue
        what = _identity(node.op)
        if what is not None:
            name = first.setdefault((what, inputs), node.name)
            if name != node.name:
                merged[node.name] = name
    if not merged:
        return graph
    changed = {
        port: Port(merged[port.step], port.tag)
        for node in graph
        for port in node.inputs
        if port.step in merged
    }
    return Graph(read_elsewhere((node for node in graph if node.name not in merged), changed))


def _same_read(one: Op, other: Op) -> bool:
    assert isinstance(one, ReadOp)  # noqa: S101 - for the type checker: the caller asks of reads only
    assert isinstance(other, ReadOp)  # noqa: S101 - as above
    return (
        (
            one.source is other.source
            or (type(one.source) is type(other.source) and one.source == other.source)
        )
        and one.watermarks == other.watermarks
        and (one.schema, one.sniffed, one.on_error) == (other.schema, other.sniffed, other.on_error)
    )


def _identity(op: Op) -> Hashable | None:
    """Return what a step is, compared by structure; None for steps that are never merged."""
    what: tuple[Hashable, ...] | None = None
    match op:
        case ProjectOp():
            what = (op.keep, _keys(op.columns))
        case FilterOp():
            what = (op.condition.key(),)
        case WindowOp():
            what = (op.windowing,)
        case KeyByOp():
            what = (_keys(op.columns), id(op.function), op.name)
        case FieldsOp():
            what = (id(op.function), op.inputs, op.output, op.type)
        case FunctionOp() if op.shape != "inspect":
            what = (op.shape, id(op.function), op.schema, op.preserves, op.tags)
        case _:
            pass
    return what and (type(op).__name__, what, op.on_error)


def _keys(columns: tuple[tuple[str, Expr], ...]) -> Hashable:
    return tuple((name, expr.key()) for name, expr in columns)
