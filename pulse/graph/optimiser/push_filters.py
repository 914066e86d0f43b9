"""Filter early: fewer records for every step in between, and for the source itself.

A condition moves only where nobody can tell that it moved. It stays behind

- a step that can reject records (an expression that can fail, a Python function that can raise): a record
  that the filter drops first would no longer be rejected, nor stop the run or reach the dead letter;
- a condition that can itself fail: in another place it would fail on other records. Not even its harmless
  parts move ahead, for a part that is null lets the next one be evaluated, where a filter would not;
- ``WithTimestamps`` and the source: both make watermarks of *all* records that pass;
- an aggregation, whose results are other records;
- a step with several readers or outputs: the others want the records that the filter drops.

For the same reason a source is told of a condition only when its watermarks do not depend on the records
(``end_only``). Records in the parts of a file that it skips are then not looked at at all.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, NamedTuple

from pulse.graph.collection import passed_field
from pulse.graph.logical import Graph, Node, Port
from pulse.graph.ops import FilterOp, FlattenOp, KeyByOp, ProjectOp, ReadOp, WindowOp
from pulse.graph.optimiser.exact import cannot_fail, expressions_of
from pulse.graph.optimiser.moves import insert, is_one_to_one, only_reader, remove
from pulse.model.expressions.tree import Literal
from pulse.model.watermarks import EndOnly

if TYPE_CHECKING:
    from pulse.graph.ops import Op
    from pulse.model.expressions import Expr

CHEAP = 5
"""A computed field that costs more than this is not computed a second time for the sake of a filter."""


class _Climb(NamedTuple):
    """How far a condition can go: the step to stand in front of (None: it stays), and how it reads there."""

    before: str | None
    condition: Expr


def push_filters(graph: Graph) -> Graph:
    """Move the conditions of filters toward the source, and tell sources that can skip data of them.

    A condition is cut into the parts that must all hold, and each goes as far as it can: past projections and
    key-bys (what they compute is written into the condition), windows, and into every branch of a merge.

    Example:
        >>> from pulse import Collect, Create, Filter, KeyBy, Pipeline, Select, Write
        >>> p = Pipeline()
        >>> keyed = p | Create([{"a": 1, "b": 2}]) | Select(c="a", d="b") | KeyBy("d")
        >>> _ = keyed | "some" >> Filter("c > 1 and d > 2") | Write(Collect())
        >>> after = push_filters(p.graph)
        >>> [node.name for node in after.order][:3], after["some"].op.label()
        (['Create', 'some', 'Select(c=a, d=b)'], 'Filter(a > 1 and b > 2)')
    """
    while True:
        after = _move_once(graph)
        if after is graph:
            break
        graph = after
    return _tell_sources(graph)


def _move_once(graph: Graph) -> Graph:
    for node in graph.order:
        op = node.op
        if not isinstance(op, FilterOp) or not cannot_fail(graph, node.inputs[0], op.condition):
            continue
        climbs = [_climb(graph, node.inputs[0], part) for part in op.condition.conjuncts()]
        if any(climb.before for climb in climbs):
            return _place(graph, node, op, climbs)
        branches = _branches(graph, node, op)
        if branches:
            return _spread(graph, node, branches)
    return graph


def _climb(graph: Graph, port: Port, condition: Expr) -> _Climb:
    """Return how far up from a collection a condition can go."""
    before: str | None = None
    reached = condition
    while only_reader(graph, port):
        node = graph[port.step]
        if not is_one_to_one(node):
            break
        port = node.inputs[0]
        if isinstance(node.op, FilterOp):
            # Going past another filter alone is worth nothing; going on from there may be.
            if not cannot_fail(graph, port, node.op.condition):
                break
            continue
        found = _rewritten(graph, node, condition)
        if found is None:
            break
        before, reached = node.name, found
        condition = found
    return _Climb(before, reached)


def _rewritten(graph: Graph, node: Node, condition: Expr) -> Expr | None:
    """Return a condition as it reads in front of a step; None when it cannot stand there."""
    op = node.op
    if isinstance(op, WindowOp):
        return condition
    computed = expressions_of(op)
    if computed is None or not cannot_fail(graph, node.inputs[0], *computed):
        return None
    fields = _computed(op)
    for name in condition.fields():
        expr = fields.get(name)
        # A constant is adapted to the type it is compared with, which a field of that constant is not.
        if expr is not None and (expr.cost() > CHEAP or isinstance(expr.node, Literal)):
            return None
    return condition.substitute(fields)


def _computed(op: Op) -> dict[str, Expr]:
    """Return what a projection or key-by makes, apart from the fields that it only hands on."""
    columns = op.columns if isinstance(op, ProjectOp | KeyByOp) else ()
    return {name: expr for name, expr in columns if passed_field(expr) != name}


def _place(graph: Graph, node: Node, op: FilterOp, climbs: list[_Climb]) -> Graph:
    """Take a filter apart and put its conditions where they go; what goes least far keeps the name."""
    places: dict[str | None, list[Expr]] = {}
    for climb in climbs:
        places.setdefault(climb.before, []).append(climb.condition)
    rank = {each.name: i for i, each in enumerate(graph.order)}
    ordered = sorted(places, key=lambda name: len(rank) if name is None else rank[name])
    last = ordered.pop()
    for before in ordered:
        assert before is not None  # noqa: S101 - only the last one stays
        condition = reduce(and_, places[before])
        name = _free(graph, f"{node.name}/{condition}")
        graph = insert(graph, Node(name, replace(op, condition=condition), (), node.trace), before)
    rest = replace(node, op=replace(op, condition=reduce(and_, places[last])))
    return graph.put(rest) if last is None else insert(remove(graph, node.name), rest, last)


def _free(graph: Graph, name: str) -> str:
    number = 1
    free = name
    while free in graph:
        number += 1
        free = f"{name}#{number}"
    return free


def _branches(graph: Graph, node: Node, op: FilterOp) -> Node | None:
    """Return the merge in front of a filter when its condition is better put into every branch."""
    port = node.inputs[0]
    merge = graph[port.step]
    if not isinstance(merge.op, FlattenOp) or not only_reader(graph, port) or op.on_error == "dead_letter":
        return None
    merged = graph.types[port].schema
    for each in merge.inputs:
        schema = graph.types[each].schema
        if schema is None or merged is None:
            return None
        for name in op.condition.fields():
            if name not in schema.names or schema.field(name).type != merged.field(name).type:
                return None
    return merge if any(_gains(graph, each, op.condition) for each in merge.inputs) else None


def _gains(graph: Graph, port: Port, condition: Expr) -> bool:
    """Return whether some part of a condition can go on up from a branch, or be told to its source."""
    if any(_climb(graph, port, part).before for part in condition.conjuncts()):
        return True
    while only_reader(graph, port) and isinstance(graph[port.step].op, FilterOp):
        port = graph[port.step].inputs[0]
    return only_reader(graph, port) and _can_skip(graph[port.step].op)


def _spread(graph: Graph, node: Node, merge: Node) -> Graph:
    """Put a filter into every branch of the merge that it reads."""
    graph = remove(graph, node.name)
    for position in range(len(merge.inputs)):
        copy = Node(_free(graph, f"{node.name}/{position + 1}"), node.op, (), node.trace)
        graph = insert(graph, copy, merge.name, position)
    return graph


def _can_skip(op: Op) -> bool:
    return isinstance(op, ReadOp) and op.source.prunes and isinstance(op.watermarks, EndOnly)


def _tell_sources(graph: Graph) -> Graph:
    """Give every source that can skip data the conditions of the filters right after it."""
    changed: list[Node] = []
    for node in graph:
        op = node.op
        if not isinstance(op, ReadOp) or not _can_skip(op):
            continue
        conditions: list[Expr] = []
        port = Port(node.name)
        while only_reader(graph, port):
            reader = graph.readers(port)[0][0]
            if not isinstance(reader.op, FilterOp) or not cannot_fail(graph, port, reader.op.condition):
                break
            conditions.append(reader.op.condition)
            port = Port(reader.name)
        if conditions:
            changed.append(replace(node, op=replace(op, predicate=reduce(and_, conditions))))
    return graph.put(*changed) if changed else graph
