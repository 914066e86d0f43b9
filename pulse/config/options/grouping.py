"""Steps that bring records together."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from pulse.config.aggregates import parse_aggregate
from pulse.config.options.base import wrong
from pulse.config.options.elementwise import Columns, expressions
from pulse.config.options.firing import FiringOptions
from pulse.config.options.step import FallibleStep, Settings, StepOptions
from pulse.config.options.texts import AggregateText, Duration, Field_, FunctionName
from pulse.config.options.windows import WindowName, WindowShape
from pulse.graph.ops import AggregateOp
from pulse.model.time import micros
from pulse.transforms.core import Step, Transform
from pulse.transforms.grouping import (
    CombinePerKey,
    Distinct,
    GroupByKey,
    KeyBy,
    Reduce,
    Window,
)
from pulse.transforms.top import TopK


class KeyByStep(FallibleStep):
    """Declare the key: what groupings after it group by."""

    type: Literal["key_by"]
    fields: Annotated[list[str], Field(default_factory=list, description="Names of the key fields.")]
    columns: Annotated[Columns, Field(default_factory=dict)]
    function: Annotated[FunctionName | None, Field(description="A function of the record instead.")] = None
    output: Annotated[Field_, Field(description="The field that holds the function's result.")] = "key"

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.fields or self.columns) == bool(self.function):
            raise wrong("needs either fields and columns, or function", hint="add: fields = ['word']")
        return self

    def transform(self, settings: Settings) -> Transform:
        """Return the key."""
        policy = self.policy(settings)
        if self.function:
            return KeyBy(settings.resolve(self.function), name=self.output, on_error=policy)
        aliased, named = expressions(self.columns, "on_error", "name")
        return KeyBy(*self.fields, *aliased, on_error=policy, **named)


class WindowStep(StepOptions, FiringOptions, WindowShape):
    """Divide a collection over event time; the groupings after it work per window."""

    which: ClassVar[str] = "window"

    type: Literal["window"]
    window: Annotated[WindowName, Field(description="Which window.")]
    allowed_lateness: Annotated[Duration | None, Field(description="That of [time] by default.")] = None
    accumulation: Annotated[
        Literal["accumulating", "discarding"] | None, Field(description="That of [time] by default.")
    ] = None

    def lateness(self, settings: Settings) -> str:
        """Return how long after its end a window takes records."""
        return self.allowed_lateness or settings.time.allowed_lateness

    def unstated_accumulation(self, settings: Settings, *, late_possible: bool) -> str | None:
        """Return the key that lets a window fire more than once, when nothing says what that gives."""
        if self.accumulation or settings.time.accumulation:
            return None
        key = self.repeats_by
        if key is None and late_possible and self.by_default and micros(self.lateness(settings)) > 0:
            return "allowed_lateness"
        return key

    def transform(self, settings: Settings) -> Transform:
        """Return the window."""
        return Window(
            self.build_window(),
            allowed_lateness=self.lateness(settings),
            accumulation=self.accumulation or settings.time.accumulation,
            **self.arguments(),
        )


class AggregateStep(FallibleStep):
    """Combine the records of each key and window."""

    type: Literal["aggregate"]
    aggregates: Annotated[
        dict[str, AggregateText],
        Field(description="Aggregates by field name.", examples=[{"n": "count()", "avg": "mean(score)"}]),
    ]

    def transform(self, settings: Settings) -> Transform:
        """Return the aggregation."""
        pairs = tuple((name, parse_aggregate(text)) for name, text in self.aggregates.items())
        return Step(AggregateOp(pairs, self.policy(settings)))


class ReduceStep(StepOptions):
    """Combine the values of each key and window two at a time."""

    type: Literal["reduce"]
    function: Annotated[FunctionName, Field(description="From two values to one; associative.")]
    field: Annotated[Field_ | None, Field(description="The field to combine; whole records by default.")] = (
        None
    )
    output: Annotated[Field_, Field(description="The field that holds the result.")] = "value"

    def transform(self, settings: Settings) -> Transform:
        """Return the reduction."""
        return Reduce(settings.resolve(self.function), self.field, output=self.output)


class CombinePerKeyStep(StepOptions):
    """Combine the values of each key and window with a CombineFn."""

    type: Literal["combine_per_key"]
    function: Annotated[FunctionName, Field(description="A CombineFn, or a class of one.")]
    field: Annotated[Field_ | None, Field(description="The field to combine; whole records by default.")] = (
        None
    )
    output: Annotated[Field_, Field(description="The field that holds the result.")] = "value"

    def transform(self, settings: Settings) -> Transform:
        """Return the combination."""
        found = settings.resolve(self.function)
        return CombinePerKey(found() if isinstance(found, type) else found, self.field, output=self.output)


class GroupByKeyStep(StepOptions):
    """Collect the records of each key and window into a list."""

    type: Literal["group_by_key"]
    output: Annotated[Field_, Field(description="The field that holds the list.")] = "values"

    def transform(self, settings: Settings) -> Transform:
        """Return the grouping."""
        del settings
        return GroupByKey(output=self.output)


class TopKStep(StepOptions):
    """Keep the k records of each key and window that have the largest value of a field."""

    type: Literal["top_k"]
    k: Annotated[int, Field(ge=1, description="How many to keep.")]
    by: Annotated[Field_, Field(description="The field that orders them.")]
    smallest: Annotated[bool, Field(description="Whether the smallest values are wanted instead.")] = False
    rank: Annotated[Field_, Field(description="The field that holds the rank; a new one.")] = "rank"

    def transform(self, settings: Settings) -> Transform:
        """Return the transform."""
        del settings
        return TopK(self.k, by=self.by, smallest=self.smallest, rank=self.rank)


class DistinctStep(StepOptions):
    """Keep one of each combination of fields per window."""

    type: Literal["distinct"]
    fields: Annotated[list[str], Field(min_length=1, description="The fields that make a record distinct.")]

    def transform(self, settings: Settings) -> Transform:
        """Return the transform."""
        del settings
        return Distinct(*self.fields)
