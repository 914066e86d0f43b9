"""Steps that merge collections or split one, and the table of all steps."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pulse.config.options import elementwise, grouping, joins, metadata, process
from pulse.config.options.base import wrong
from pulse.config.options.elementwise import exactly_one
from pulse.config.options.step import FallibleStep, Settings, StepOptions
from pulse.config.options.texts import Condition, FunctionName
from pulse.transforms.core import Transform
from pulse.transforms.routing import Flatten, Partition


class FlattenStep(StepOptions):
    """Merge collections into one."""

    type: Literal["flatten"]

    @property
    def reads_many(self) -> bool:
        """It does."""
        return True

    def transform(self, settings: Settings) -> Transform:
        """Return the merge."""
        del settings
        return Flatten()


class PartitionStep(FallibleStep):
    """Split a collection: each record goes to exactly one of the outputs."""

    type: Literal["partition"]
    conditions: Annotated[
        list[Condition] | None,
        Field(description="The first that is true takes the record; what is left goes to one more output."),
    ] = None
    function: Annotated[
        FunctionName | None, Field(description="From the record to the index of its output instead.")
    ] = None
    outputs: Annotated[list[str], Field(min_length=1, description="Names of the outputs, in order.")]

    @model_validator(mode="after")
    def _has_all_outputs(self) -> Self:
        exactly_one(self, "conditions", "function")
        if self.conditions is not None and len(self.outputs) != len(self.conditions) + 1:
            raise wrong(
                f"{len(self.conditions)} conditions make {len(self.conditions) + 1} outputs, "
                f"but {len(self.outputs)} are named",
                hint="the last output takes the records for which no condition is true",
                key="outputs",
            )
        if len(set(self.outputs)) < len(self.outputs):
            raise wrong(f"two outputs have one name: {', '.join(self.outputs)}", key="outputs")
        return self

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.outputs)

    def transform(self, settings: Settings) -> Transform:
        """Return the split."""
        policy = self.policy(settings)
        if self.conditions is not None:
            return Partition(list(self.conditions), on_error=policy)
        return Partition(settings.resolve(self.function or ""), len(self.outputs), on_error=policy)


STEPS: dict[str, type[StepOptions]] = {
    "filter": elementwise.FilterStep,
    "map": elementwise.MapStep,
    "flat_map": elementwise.FlatMapStep,
    "map_batches": elementwise.MapBatchesStep,
    "select": elementwise.SelectStep,
    "with_columns": elementwise.WithColumnsStep,
    "with_timestamps": elementwise.WithTimestampsStep,
    "with_metadata": metadata.WithMetadataStep,
    "inspect": elementwise.InspectStep,
    "key_by": grouping.KeyByStep,
    "window": grouping.WindowStep,
    "aggregate": grouping.AggregateStep,
    "reduce": grouping.ReduceStep,
    "combine_per_key": grouping.CombinePerKeyStep,
    "group_by_key": grouping.GroupByKeyStep,
    "distinct": grouping.DistinctStep,
    "top_k": grouping.TopKStep,
    "process": process.ProcessStep,
    "deduplicate": process.DeduplicateStep,
    "sessionize_by": process.SessionizeByStep,
    "rate_limit": process.RateLimitStep,
    "detect_gap": process.DetectGapStep,
    **joins.JOINS,
    "flatten": FlattenStep,
    "partition": PartitionStep,
}
"""Every type of step."""


def step_type(value: Any) -> str | None:
    """Return the key in ``STEPS`` that a table asks for, or None."""
    found = value.get("type") if isinstance(value, dict) else None
    return found if found in STEPS else None
