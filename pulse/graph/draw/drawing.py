"""What a drawing shows, whatever draws it: boxes, arrows, and frames around fused steps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import shorten
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pulse.graph.compile import CompileOptions, compile_graph, complete
from pulse.graph.logical import Graph
from pulse.graph.ops import (
    ERRORS,
    LATE,
    MAIN,
    AggregateOp,
    CallOp,
    CombineOp,
    FieldsOp,
    FlattenOp,
    FunctionOp,
    ProcessOp,
    ReadOp,
    RouteOp,
    TimestampOp,
    ToColumnsOp,
    ToRowsOp,
    WriteOp,
)
from pulse.graph.plan import Plan, Stage
from pulse.model.schema import type_name

if TYPE_CHECKING:
    from pulse.graph.collection import CollectionType
    from pulse.graph.logical import Node, Port
    from pulse.graph.ops import Op

Kind: TypeAlias = Literal["source", "sink", "python", "state", "route", "convert", "step"]
"""What a step is to the eye: where data enters or leaves, where Python runs, where state is held, ..."""

ROOM = 60
"""Characters of a step's text that a box has room for."""


@dataclass(frozen=True)
class Box:
    """A step.

    Args:
        name: the step's name.
        kind: what it is to the eye.
        title: the line that stands out: the name a person gave, or what it does.
        detail: the rest of the text; may be empty.
        notes: further lines about how it is executed.
        hint: what shows when the pointer rests on it.
    """

    name: str
    kind: Kind
    title: str
    detail: str
    notes: tuple[str, ...] = ()
    hint: str = ""


@dataclass(frozen=True)
class Arrow:
    """A collection on its way from one step to another.

    Args:
        source: name of the step that makes it.
        target: name of the step that reads it.
        label: what stands beside it; may be empty.
        hint: the fields of its records.
        aside: whether it carries late or failed records.
        crosses: whether records change replicas on it.
    """

    source: str
    target: str
    label: str = ""
    hint: str = ""
    aside: bool = False
    crosses: bool = False


@dataclass(frozen=True)
class Frame:
    """A stage: steps that run together.

    Args:
        label: how many replicas, and by what they share records.
        boxes: names of its steps.
    """

    label: str
    boxes: tuple[str, ...]


@dataclass(frozen=True)
class Drawing:
    """What is drawn; every step is in exactly one frame, or there are none."""

    name: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    frames: tuple[Frame, ...] = ()


def drawing_of(what: Any, *, optimized: bool | None = None) -> Drawing:
    """Return the drawing of a pipeline, a graph or a plan.

    Args:
        what: a ``Pipeline``, a ``Graph`` or a ``Plan``.
        optimized: False: the steps as they were written (of a plan: its steps, without stages); True: the
            compiled plan, with its stages; None: a plan as a plan, all else as it was written.
    """
    what = plan_of(what) if optimized else what
    if isinstance(what, Plan):
        return _of_plan(what) if optimized is not False else _of_graph(what.name, what.graph)
    graph = what if isinstance(what, Graph) else what.graph
    return _of_graph(getattr(what, "name", "pipeline"), graph)


def plan_of(what: Any) -> Plan:
    """Return a plan: itself, or a pipeline or graph compiled with default options."""
    if isinstance(what, Plan):
        return what
    name, graph = complete(what)
    return compile_graph(name, graph, CompileOptions())


def kind_of(op: Op) -> Kind:
    """Return what a step is to the eye.

    Example:
        >>> from pulse.graph.ops import FlattenOp
        >>> kind_of(FlattenOp())
        'route'
    """
    kinds: tuple[tuple[Kind, tuple[type[Op], ...]], ...] = (
        ("source", (ReadOp,)),
        ("sink", (WriteOp,)),
        ("python", (FunctionOp, FieldsOp, CallOp)),
        ("state", (AggregateOp, ProcessOp, TimestampOp)),
        ("convert", (ToRowsOp, ToColumnsOp, CombineOp)),
        ("route", (FlattenOp, RouteOp)),
    )
    found: Kind = next((kind for kind, types in kinds if isinstance(op, types)), "step")
    # A key or a route that a Python function gives costs like one.
    return "python" if found in {"step", "route"} and op.runs_on == "rows" else found


def schema_text(found: CollectionType) -> str:
    """Return the fields of a collection, one per line."""
    if found.schema is None:
        return "fields found at run time" if found.pending else "records of any shape"
    return "\n".join(f"{field.name}: {type_name(field.type)}" for field in found.schema)


def reading(op: ReadOp) -> tuple[str, ...]:
    """Return how a source is read: which of its fields, in which layout, what it may skip.

    Example:
        >>> from pulse import Create, Pipeline
        >>> p = Pipeline()
        >>> _ = p | Create([{"a": 1, "b": 2}])
        >>> reading(p.graph["Create"].op)
        ('reads columns: all of a, b',)
    """
    if op.schema is None:
        return (f"reads {op.layout} of any shape",)
    fields = ", ".join(op.schema.names if op.fields is None else op.fields) or "no field"
    part = "all of " if op.fields is None else f"{len(op.fields)} of {len(op.schema.names)}: "
    lines = [f"reads {op.layout}: {part}{fields}"]
    if op.predicate is not None:
        lines.append(f"skips unless {op.predicate}")
    return tuple(lines)


def _of_graph(name: str, graph: Graph) -> Drawing:
    arrows = tuple(
        Arrow(
            port.step,
            node.name,
            "" if port.tag == MAIN else f".{port.tag}",
            _hint(graph, port),
            aside=port.tag in {LATE, ERRORS},
        )
        for node in graph.order
        for port in node.inputs
    )
    return Drawing(name, tuple(_box(node) for node in graph.order), arrows)


def _of_plan(plan: Plan) -> Drawing:
    notes = {
        node.name: reading(node.op)
        for stage in plan.stages
        for node in stage.nodes
        if isinstance(node.op, ReadOp)
    }
    boxes = tuple(_box(node, notes.get(node.name, ())) for stage in plan.stages for node in stage.nodes)
    arrows = [
        Arrow(port.step, node.name, hint=_hint(plan.graph, port))
        for stage in plan.stages
        for node in stage.nodes[1:]
        for port in node.inputs
    ]
    for edge in plan.edges:
        how = plan.how(edge)
        words = [] if how == "direct" else [plan.describe(edge)]
        words += [f".{edge.port.tag}"] if edge.port.tag != MAIN else []
        words += [edge.layout] if edge.layout else []
        arrows.append(
            Arrow(
                edge.port.step,
                plan.by_name[edge.target].first.name,
                ", ".join(words),
                _hint(plan.graph, edge.port),
                aside=edge.port.tag in {LATE, ERRORS},
                crosses=how in {"hash", "gather"},
            )
        )
    return Drawing(plan.name, boxes, tuple(arrows), tuple(_frame(stage) for stage in plan.stages))


def _frame(stage: Stage) -> Frame:
    label = "1 replica" if stage.replicas == 1 else f"{stage.replicas} replicas"
    if stage.keys:
        label += f" by {', '.join(stage.keys)}"
    return Frame(label, tuple(node.name for node in stage.nodes))


def _box(node: Node, notes: tuple[str, ...] = ()) -> Box:
    label = node.op.label()
    verb, _, rest = label.partition("(")
    title, detail = verb, rest.removesuffix(")")
    kind = kind_of(node.op)
    own = node.name.rsplit("/", 1)[-1] if "/" in node.name and "/" not in label else node.name
    if kind != "convert" and re.sub(r"#\d+$", "", own) not in {label, verb}:
        title, detail = node.name, label
    hint = "\n".join(filter(None, [node.name, label if label != node.name else "", node.where or ""]))
    return Box(node.name, kind, shorten(title, ROOM, placeholder="…"), _cut(detail), notes, hint)


def _cut(text: str) -> str:
    return text if len(text) <= ROOM else f"{text[: ROOM - 1]}…"


def _hint(graph: Graph, port: Port) -> str:
    found = graph.types[port]
    lines = [schema_text(found)]
    if found.keys:
        lines.append(f"keyed by {', '.join(found.keys)}")
    return "\n".join(lines)
