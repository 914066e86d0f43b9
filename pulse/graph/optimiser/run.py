"""The order of the rules, and the loop that applies them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, TypeAlias

from pulse.errors import PipelineError, did_you_mean
from pulse.graph.logical import Graph
from pulse.graph.optimiser.choose_layout import choose_layout
from pulse.graph.optimiser.drop_dead_branches import drop_dead_branches
from pulse.graph.optimiser.drop_redundant_key_bys import drop_redundant_key_bys
from pulse.graph.optimiser.drop_unused_columns import drop_unused_columns
from pulse.graph.optimiser.invariants import check
from pulse.graph.optimiser.lift_combiners import lift_combiners
from pulse.graph.optimiser.push_filters import push_filters
from pulse.graph.optimiser.push_key_by import push_key_by
from pulse.graph.optimiser.push_projection import push_projection
from pulse.graph.optimiser.share_common_steps import share_common_steps

if TYPE_CHECKING:
    from collections.abc import Iterator

Rule: TypeAlias = Callable[[Graph], Graph]

RULES: tuple[Rule, ...] = (
    # First: no other rule need spend work on what leads nowhere, nor be held up by its reading.
    drop_dead_branches,
    # Before steps change their places: what is the same stands in the same place.
    share_common_steps,
    # Before push_key_by, which does not look past another key-by.
    drop_redundant_key_bys,
    # Before drop_unused_columns: a condition moved past a projection no longer reads what that computes.
    # Before push_key_by: what stands in front of an exchange makes it smaller.
    push_filters,
    # Before push_projection: what is not computed need not be read.
    drop_unused_columns,
    # After push_filters, so that it stops behind the filters, at the first expensive step.
    push_key_by,
    # Again: a key-by that has moved may now replace one that nothing else uses, or repeat one.
    drop_redundant_key_bys,
    # After push_key_by, which decides where the exchange is.
    lift_combiners,
    # After all rules that change which fields are read.
    push_projection,
    # Last: it puts in conversions, which no other rule should have to look through.
    choose_layout,
)
"""The rules in the order in which they run; the reason for its place stands before each."""

REQUIRED: frozenset[Rule] = frozenset({choose_layout})
"""Rules that a plan cannot do without; they cannot be switched off."""

REPLICATED: frozenset[Rule] = frozenset({lift_combiners})
"""Rules that only pay when keyed steps have replicas; left out otherwise."""


def optimise(graph: Graph, *, without: Collection[str] = (), parallelism: int = 1) -> Graph:
    """Apply all rules in order.

    Args:
        graph: a valid graph.
        without: names of rules to leave out, for tests that compare.
        parallelism: how many replicas keyed steps will have.

    Raises:
        PipelineError: when a name is not that of a rule, or the rule cannot be left out.
        PulseInternalError: when a rule broke an invariant.
    """
    for _, after in steps(graph, without=without, parallelism=parallelism):
        graph = after
    return graph


def steps(
    graph: Graph, *, without: Collection[str] = (), parallelism: int = 1
) -> Iterator[tuple[str, Graph]]:
    """Apply the rules one by one and yield the name of each with the graph after it."""
    _check_names(without)
    for rule in RULES:
        if rule.__name__ in without or (parallelism == 1 and rule in REPLICATED):
            continue
        after = rule(graph)
        check(graph, after, rule.__name__)
        graph = after
        yield rule.__name__, graph


def _check_names(without: Collection[str]) -> None:
    names = sorted({rule.__name__ for rule in RULES if rule not in REQUIRED})
    for name in without:
        if name not in names:
            raise PipelineError(
                f"optimiser rule {name!r} cannot be left out; those that can: {', '.join(names)}",
                hint=did_you_mean(name, names),
            )
