"""What becomes of a pipeline, as text: the graph, what each rule did to it, and the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.graph.compile import CompileOptions, compile_graph, complete
from pulse.graph.draw.drawing import reading
from pulse.graph.logical import Port
from pulse.graph.ops import ReadOp
from pulse.graph.optimiser.run import steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.graph.logical import Graph, Node
    from pulse.graph.plan import Edge, Plan, Stage

_COLORS = {"head": "1", "+": "32", "-": "31", "~": "33", ">": "36", "<-": "35"}


def explain(pipeline: Any, *, parallelism: int = 1, color: bool = False) -> str:
    """Return the graph as written, the effect of each optimiser rule that changed something, and the plan.

    A rule's effects are marked ``+`` for a new step, ``-`` for one that is gone, ``>`` for one that moved and
    ``~`` for one that changed. Open ends are shown as collected, as the deterministic runner does it; sources
    that declare no schema are looked at.

    Args:
        pipeline: a ``Pipeline``, or a logical graph.
        parallelism: replicas of keyed stages.
        color: whether to use the colours of a terminal.

    Raises:
        PipelineError: when the graph is wrong.
        ConnectorError: when a source cannot be looked at.

    Example:
        >>> from pulse import Create, Filter, Pipeline, Select
        >>> p = Pipeline("small")
        >>> _ = p | Create([{"a": 1, "b": 2}]) | Select(c="a") | "big" >> Filter("c > 1")
        >>> print(explain(p))
        pipeline small
          Create: Read(memory(1 record))
          Select(c=a)
          big: Filter(c > 1)
          collect big: Write(collect)
        <BLANKLINE>
        push_filters
          > big moves in front of Select(c=a)
          ~ big becomes Filter(a > 1)
        <BLANKLINE>
        push_projection
          ~ Create reads columns: 1 of 2: a
        <BLANKLINE>
        plan
          stage Create: 1 replica
            Create: Read(memory(1 record))
              reads columns: 1 of 2: a
            big: Filter(a > 1)
            Select(c=a)
          stage collect big: 1 replica
            <- Select(c=a): direct, columns
            collect big: Write(collect)
    """
    name, graph = complete(pipeline)
    paint = _Paint(on=color)
    plan = compile_graph(name, graph, CompileOptions(parallelism))
    lines = [paint("head", f"pipeline {name}"), *(f"  {line}" for line in _steps(graph))]
    before, applied = graph, False
    for rule, after in steps(graph, parallelism=parallelism):
        changes = [f"  {paint(mark, mark)} {text}" for mark, text in _changes(before, after)]
        if changes:
            applied = True
            lines += ["", paint("head", rule), *changes]
        before = after
    if not applied:
        lines += ["", "no rule applied: the graph stays as it was written"]
    lines += ["", paint("head", "plan" if parallelism == 1 else f"plan for parallelism {parallelism}")]
    for stage in plan.stages:
        lines += [f"  {line}" for line in _stage(plan, stage, paint)]
    return "\n".join(lines)


class _Paint:
    def __init__(self, *, on: bool) -> None:
        self.on = on

    def __call__(self, what: str, text: str) -> str:
        return f"\x1b[{_COLORS[what]}m{text}\x1b[0m" if self.on else text


def _steps(graph: Graph) -> Iterator[str]:
    """Yield a line per step; where a step reads another than the one above, it says so."""
    above: str | None = None
    for node in graph.order:
        inputs = [str(port) for port in node.inputs]
        aside = f"  <- {', '.join(inputs)}" if inputs not in ([above], []) else ""
        yield f"{_title(node)}{aside}"
        above = node.name


def _title(node: Node) -> str:
    label = node.op.label()
    return node.name if node.name == label else f"{node.name}: {label}"


def _changes(before: Graph, after: Graph) -> Iterator[tuple[str, str]]:
    """Yield what a rule did, a step at a time, each with its mark."""
    for node in before.order:
        if node.name not in after:
            yield "-", _title(node)
    for node in after.order:
        if node.name not in before:
            readers = [
                reader.name for tag in node.op.outputs() for reader, _ in after.readers(Port(node.name, tag))
            ]
            yield "+", f"{_title(node)} in front of {', '.join(readers)}"
            continue
        passed = _passed(before, after, node.name)
        if passed is not None:
            yield ">", f"{node.name} moves in front of {passed}"
        for text in _differences(before[node.name], node):
            yield "~", f"{node.name} {text}"


def _passed(before: Graph, after: Graph, name: str) -> str | None:
    """Return the first of the steps that came before a step and now come after it."""
    passed = before.ancestors(name) & after.descendants(name)
    return next((node.name for node in after.order if node.name in passed), None)


def _differences(before: Node, after: Node) -> Iterator[str]:
    old, new = before.op, after.op
    if old is new:
        return
    if isinstance(old, ReadOp) and isinstance(new, ReadOp):
        yield from (line for line in reading(new) if line not in reading(old))
    elif old.label() != new.label():
        yield f"becomes {new.label()}"


def _stage(plan: Plan, stage: Stage, paint: _Paint) -> Iterator[str]:
    shared = f" by {', '.join(stage.keys)}" if stage.keys else ""
    yield f"stage {stage.name}: {stage.replicas} replica{'s' if stage.replicas > 1 else ''}{shared}"
    for edge in plan.into(stage.name):
        yield f"  {paint('<-', '<-')} {edge.port}: {_travel(plan, edge)}"
    for node in stage.nodes:
        yield f"  {_title(node)}"
        if isinstance(node.op, ReadOp):
            yield from (f"    {line}" for line in reading(node.op))


def _travel(plan: Plan, edge: Edge) -> str:
    return f"{plan.describe(edge)}, {edge.layout}"
