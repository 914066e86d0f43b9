"""Transforms that merge collections or split one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError
from pulse.graph.ops import MAIN, FlattenOp, RouteOp
from pulse.model.arguments import placed
from pulse.model.tagged import Tagged
from pulse.transforms.core import PCollection, Pipeline, Transform, one
from pulse.transforms.ends import Create
from pulse.transforms.options import check_function, check_on_error, to_condition

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.graph.ops.base import OnError
    from pulse.model.expressions import Expr

__all__ = ["Flatten", "Partition", "Tagged"]


class Flatten(Transform):
    """Merge collections into one: ``(a, b) | Flatten()``."""

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the step over all the given collections."""
        if isinstance(source, PCollection):
            inputs = [source]
        elif source is None:
            inputs = []
        else:
            inputs = list(source.values()) if isinstance(source, Mapping) else list(source)
        if not inputs:
            # Of nothing comes an empty collection, which ends at once: one read from memory.
            empty: PCollection = pipeline | (self.name or FlattenOp().label()) >> Create([])
            return empty
        return pipeline.add(FlattenOp(), inputs, name=self.name)


@placed
@dataclass
class Partition(Transform):
    """Split a collection: each record goes to exactly one of the outputs.

    Args:
        by: a function from the record to the index of its output (an integer), or a list of conditions:
            the first that is true takes the record, and what is left goes to one more output.
        count: number of outputs; needed with a function.
        on_error: what happens to a record that the function fails on.

    Example:
        >>> from pulse import Create, DeterministicRunner, Partition, Pipeline
        >>> p = Pipeline()
        >>> small, large = p | Create([1, 20, 3]) | Partition(lambda n: int(n > 9), 2)
        >>> result = DeterministicRunner().run(p)
        >>> result.records(small), result.records(large)
        ([1, 3], [20])
    """

    by: Callable[[Any], int] | list[Expr | str]
    count: int | None = None
    on_error: OnError = "fail"

    def __post_init__(self) -> None:
        check_on_error(self.on_error)
        if not isinstance(self.by, list):
            check_function(self.by, "Partition")
            return
        if not self.by:
            raise PipelineError("Partition by conditions needs at least one", hint="Partition(['n > 9'])")
        if self.count not in {None, len(self.by) + 1}:
            raise PipelineError(
                f"Partition by {len(self.by)} conditions has {len(self.by) + 1} outputs, not {self.count}",
                hint="leave count out: what no condition takes goes to the last output",
            )

    def expand(self, pipeline: Pipeline, source: Any) -> tuple[PCollection, ...]:
        """Add the step and return its outputs in order."""
        if isinstance(self.by, list):
            by: Any = tuple(to_condition(condition) for condition in self.by)
            count = len(by) + 1
        else:
            by = self.by
            if self.count is None or self.count < 1:
                raise PipelineError(
                    f"Partition by a function needs the number of outputs, not {self.count!r}",
                    hint="Partition(fn, 3) for a function that returns 0, 1 or 2",
                )
            count = self.count
        tags = (MAIN, *(str(i) for i in range(1, count)))
        main = pipeline.add(RouteOp(by, tags, self.on_error), [one(source, self)], name=self.name)
        return (main, *(main[tag] for tag in tags[1:]))
