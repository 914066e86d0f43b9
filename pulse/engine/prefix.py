"""The head of a source stage that can run anywhere: decoding and the stateless steps right after it.

Blocks are independent of each other up to the first step with state, so several can be worked on at once, in
threads or in processes. What comes back is taken in order: watermarks are assigned, books are kept, and the
steps with state go on from there.

When no record can be late (``end_only``), the head reaches into the aggregation: each block is
pre-aggregated where it was decoded, and only partial aggregates come back.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from pulse.engine.build import build_operator
from pulse.engine.ledger import StepLedger
from pulse.engine.operator import Failure, Operator, StepContext
from pulse.engine.windowing.combine import CombineOperator
from pulse.errors import RecordError
from pulse.graph.logical import Node
from pulse.graph.ops import (
    MAIN,
    AggregateOp,
    CombineOp,
    FieldsOp,
    FilterOp,
    FunctionOp,
    KeyByOp,
    ProjectOp,
    ReadOp,
    ToColumnsOp,
    ToRowsOp,
    WindowOp,
)
from pulse.graph.ops.grouping import takes_custom
from pulse.model.bundle import Bundle, Int64s, Origin, whole
from pulse.model.time import MIN_TIME
from pulse.model.watermarks import EndOnly, FromField

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.graph.collection import CollectionType
    from pulse.graph.plan import Plan, Stage
    from pulse.io.base import BadRecord, Block, Decoded

_STATELESS = (FilterOp, ProjectOp, FieldsOp, KeyByOp, WindowOp, ToRowsOp, ToColumnsOp)
_SHAPES = {"map", "filter", "flat_map"}


@dataclass(frozen=True)
class Prefix:
    """Which steps form the head; plain declarations, so that it can be sent to another process.

    Args:
        nodes: the steps after reading.
        types: the type of the input of each.
        taken: how many steps of the stage they stand for: the pre-aggregation is not one of them.
    """

    nodes: tuple[Node, ...]
    types: tuple[CollectionType, ...]
    taken: int

    @property
    def python(self) -> bool:
        """Whether a person's Python function is among them."""
        return any(
            isinstance(node.op, FunctionOp | FieldsOp) or (isinstance(node.op, KeyByOp) and node.op.function)
            for node in self.nodes
        )


NO_PREFIX = Prefix((), (), 0)
"""Decoding only."""


def prefix_of(plan: Plan, stage: Stage) -> Prefix:
    """Return the head of a source stage."""
    read = stage.first.op
    if isinstance(read, ReadOp) and isinstance(read.watermarks, FromField):
        return NO_PREFIX  # the field must still be there when watermarks are assigned
    nodes: list[Node] = []
    types: list[CollectionType] = []
    for node in stage.nodes[1:]:
        if not _stateless(node):
            if _lifts(plan, node) and isinstance(read, ReadOp) and isinstance(read.watermarks, EndOnly):
                assert isinstance(node.op, AggregateOp)  # noqa: S101 - checked by _lifts
                nodes.append(Node(node.name, CombineOp(node.op, node.op.on_error), node.inputs, node.trace))
                types.append(plan.input_type(node))
                return Prefix(tuple(nodes), tuple(types), len(nodes) - 1)
            break
        nodes.append(node)
        types.append(plan.input_type(node))
    return Prefix(tuple(nodes), tuple(types), len(nodes))


def _stateless(node: Node) -> bool:
    op = node.op
    if isinstance(op, FunctionOp):
        return op.shape in _SHAPES and not op.tags
    return isinstance(op, _STATELESS)


def _lifts(plan: Plan, node: Node) -> bool:
    op = node.op
    if not isinstance(op, AggregateOp) or any(takes_custom(agg) for _, agg in op.aggregates):
        return False
    return op.in_bulk(plan.input_type(node).windowing)


@dataclass
class Worked:
    """A block after its head has run.

    Args:
        times: event time of each record that was decoded, ``int64[n]``.
        numbers: line or record number of each within its origin, rising, ``int64[n]``.
        units: how many lines or records the block spans.
        bad: the records that could not be parsed.
        ignored: field names that the schema does not have, with how often they were met.
        promised: what the source itself promises after the block.
        bundles: what the head gave, in order.
        ledgers: the books of each step of the head, for this block.
        failures: the failed records of each step, for the dead letter.
        error: the error that stops the run when it is this block's turn.
    """

    times: Int64s
    numbers: Int64s
    units: int
    bad: tuple[BadRecord, ...]
    ignored: dict[str, int]
    promised: int | None
    bundles: list[Bundle] = field(default_factory=list)
    ledgers: dict[str, StepLedger] = field(default_factory=dict)
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    error: RecordError | None = None


class PrefixMachine:
    """Runs the head over decoded blocks; one per thread or process."""

    def __init__(self, prefix: Prefix) -> None:
        self.prefix = prefix
        self.operators: list[Operator] = [
            build_operator(node, [before], before, StepContext(node.name, node.op.on_error, remote=True))
            for node, before in zip(prefix.nodes, prefix.types, strict=True)
        ]

    def work(self, block: Block, decoded: Decoded, first: int) -> Worked:
        """Run the head over one block.

        Args:
            block: the block.
            decoded: its records.
            first: how many lines or records of this origin come before the block.
        """
        count = len(decoded.numbers)
        times = decoded.times if decoded.times is not None else np.full(count, MIN_TIME, np.int64)
        numbers = decoded.numbers + first
        data = whole(decoded.data, count)
        bundle = Bundle(data, times, MIN_TIME, origin=Origin(block.origin, numbers))
        worked = Worked(times, numbers, decoded.units, decoded.bad, dict(decoded.ignored), decoded.watermark)
        for operator in self.operators:
            operator.context.ledger = StepLedger()
        try:
            with collector_paused(self.prefix.python):
                worked.bundles = self._run(bundle) if count else []
        except RecordError as error:
            worked.error = error
        for operator in self.operators:
            context = operator.context
            worked.ledgers[context.name] = context.ledger
            failed = context.take_failures()
            if failed:
                worked.failures[context.name] = failed
        return worked

    def _run(self, bundle: Bundle) -> list[Bundle]:
        bundles: Iterator[Bundle] = iter([bundle])
        for operator in self.operators:
            if isinstance(operator, CombineOperator):
                return operator.combine(bundles)
            bundles = _through(operator, bundles)
        return list(bundles)


@contextmanager
def collector_paused(wanted: bool) -> Iterator[None]:  # noqa: FBT001 - one switch, named by the function
    """Keep Python's cyclic garbage collector from running, when wanted, while dicts are made by the thousand.

    It would look at each of them again and again and find nothing: a fifth of the time of a Python stage.
    """
    if not wanted or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _through(operator: Operator, bundles: Iterator[Bundle]) -> Iterator[Bundle]:
    """Run bundles through a step one by one: what it makes goes on before it makes the next."""
    for bundle in bundles:
        for out in operator.process(bundle):
            if out.tag == MAIN:
                yield out.bundle


def with_watermarks(bundle: Bundle, numbers: Int64s, marks: Int64s | int) -> Bundle:
    """Return what a head has left, with the watermark in force before each record.

    Args:
        bundle: records that the head has left; each still knows its number.
        numbers: the numbers of all records that were decoded, rising.
        marks: the watermark before each of those.
    """
    if not isinstance(marks, int) and bundle.origin is not None:
        marks = marks[np.searchsorted(numbers, bundle.origin.numbers)]
    return replace(bundle, watermarks=marks)
