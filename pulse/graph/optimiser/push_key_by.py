"""Key early, so that expensive steps run on replicas by the key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.graph.collection import passed_field
from pulse.graph.distribution import EXPENSIVE
from pulse.graph.ops import FieldsOp, FilterOp, FunctionOp, KeyByOp, ProjectOp, WindowOp, WriteOp
from pulse.graph.optimiser.exact import cannot_fail, vouched
from pulse.graph.optimiser.moves import is_one_to_one, move, only_reader

if TYPE_CHECKING:
    from pulse.graph.logical import Graph, Node, Port
    from pulse.graph.ops import Op


def push_key_by(graph: Graph) -> Graph:
    """Move key-bys in front of the expensive steps that leave the key as it is.

    When keyed steps have replicas, records are dealt to them where the key is known: a Python function after
    that place runs on each replica, one before it only on one. A key-by goes to the first expensive step
    that it can reach and no further, so that filters and projections before that still work on one replica
    and make the exchange smaller. What is dealt by the key there need not be dealt again for the aggregation.

    The key must have its value before the step already: fields that a ``Map`` declares with ``preserves``, or
    that a function over named fields does not make. A key that is computed goes only past steps that do not
    hand the whole record to a person's function, who would see one more field.

    Example:
        >>> from pulse import Aggregate, Collect, Create, KeyBy, Map, Pipeline, Write, count
        >>> p = Pipeline()
        >>> scored = p | Create([{"user": "a"}]) | "score" >> Map(lambda r: r, preserves=["user"])
        >>> _ = scored | "user" >> KeyBy("user") | "count" >> Aggregate(n=count()) | "out" >> Write(Collect())
        >>> [node.name for node in push_key_by(p.graph).order]
        ['Create', 'user', 'score', 'count', 'out']
    """
    for name in [node.name for node in graph.order]:
        node = graph[name]
        op = node.op
        if isinstance(op, KeyByOp) and not op.function:
            target = _target(graph, node, op)
            if target is not None:
                after = move(graph, node.name, target)
                graph = after if _same_ends(graph, after) else graph
    return graph


def _target(graph: Graph, node: Node, op: KeyByOp) -> str | None:
    """Return the first expensive step that a key-by can be put in front of."""
    read = frozenset[str]().union(*(expr.fields() for _, expr in op.columns))
    new = frozenset(name for name, _ in op.computed)
    target: str | None = None
    port = node.inputs[0]
    while only_reader(graph, port):
        step = graph[port.step]
        if not is_one_to_one(step) or not (_leaves(step.op, read) and _blind(step.op, new)):
            break
        port = step.inputs[0]
        schema = graph.types[port].schema
        if schema is None or not read <= set(schema.names):
            break
        if step.op.cost() >= EXPENSIVE and _can_stand(graph, port, op):
            target = step.name
    return target


def _leaves(op: Op, fields: frozenset[str]) -> bool:
    """Return whether every record that comes out of a step has these fields as they went in."""
    match op:
        case ProjectOp(keep=False):
            return fields <= {name for name, expr in op.columns if passed_field(expr) == name}
        case ProjectOp() | FieldsOp():
            return fields.isdisjoint(op.changes() or ())
        case FunctionOp():
            return op.shape == "filter" or (op.shape != "inspect" and fields <= op.preserves)
        case FilterOp() | WindowOp():
            return True
        case _:
            return False


def _blind(op: Op, new: frozenset[str]) -> bool:
    """Return whether a step does not see fields that are new, or changed, in what comes in."""
    if not new:
        return True
    seen: frozenset[str] | None = None  # every field there is
    match op:
        case ProjectOp(keep=True):
            seen = frozenset(name for name, _ in op.columns).union(*(expr.fields() for _, expr in op.columns))
        case FieldsOp():
            seen = frozenset((*op.inputs, op.output))
        case FilterOp():
            seen = op.condition.fields()
        case WindowOp():
            seen = frozenset()
        case _:
            pass
    # A dead letter would show the whole record.
    return seen is not None and new.isdisjoint(seen) and op.on_error != "dead_letter"


def _can_stand(graph: Graph, port: Port, op: KeyByOp) -> bool:
    """Return whether a key-by cannot fail on a collection, nor can the exchange that it may bring."""
    if not op.computed:
        return vouched(graph, port)
    return cannot_fail(graph, port, *(expr for _, expr in op.computed))


def _same_ends(before: Graph, after: Graph) -> bool:
    """Return whether every sink still takes the same fields in the same order, as far as it was known."""
    for node in before:
        if isinstance(node.op, WriteOp):
            port = node.inputs[0]
            moved = after[node.name].inputs[0]
            if before.types[port].schema != after.types[moved].schema:
                return False
    return True
