"""Steps that look at one record at a time."""

from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, model_validator

from pulse.config.options.base import wrong
from pulse.config.options.step import FallibleStep, Settings
from pulse.config.options.texts import Condition, Field_, FunctionName, SchemaFields, TypeName
from pulse.config.options.time import WatermarkOptions
from pulse.config.show import show
from pulse.model.expressions import Expr, parse
from pulse.transforms.core import Transform
from pulse.transforms.elementwise import (
    Filter,
    FlatMap,
    Inspect,
    Map,
    MapBatches,
    Select,
    WithColumns,
    WithTimestamps,
)

StepT = TypeVar("StepT", bound=FallibleStep)

Columns = Annotated[
    dict[str, Condition], Field(description="Expressions by the name of the field that they make.")
]


def expressions(columns: dict[str, str], *taken: str) -> tuple[list[Expr], dict[str, Any]]:
    """Return the expressions of a table as a transform takes them: positional, and by field name.

    Args:
        columns: texts of expressions by field name.
        taken: field names that are names of the transform's own parameters; these go in as aliases.
    """
    found = {name: parse(text) for name, text in columns.items()}
    aliased = [expr.alias(name) for name, expr in found.items() if name in taken]
    return aliased, {name: expr for name, expr in found.items() if name not in taken}


class FilterStep(FallibleStep):
    """Keep the records for which a condition is true."""

    type: Literal["filter"]
    condition: Annotated[Condition | None, Field(description="An expression.")] = None
    function: Annotated[FunctionName | None, Field(description="A function of the record instead.")] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        return exactly_one(self, "condition", "function")

    def transform(self, settings: Settings) -> Transform:
        """Return the filter."""
        condition = self.condition or settings.resolve(self.function or "")
        return Filter(condition, on_error=self.policy(settings))


class FunctionStep(FallibleStep):
    """What steps that call a function have."""

    function: Annotated[FunctionName, Field(description="The function, module:function.")]
    schema_: Annotated[
        SchemaFields | None, Field(alias="schema", description="Fields and types of what it returns.")
    ] = None
    preserves: Annotated[
        list[str], Field(default_factory=list, description="Fields that it leaves unchanged.")
    ]

    def shared(self, settings: Settings) -> dict[str, Any]:
        """Return the arguments that all of their transforms take."""
        return {
            "schema": self.schema_,
            "preserves": self.preserves,
            "on_error": self.policy(settings),
        }


class MapStep(FunctionStep):
    """Turn each record into another with a Python function."""

    type: Literal["map"]
    inputs: Annotated[
        list[str] | None, Field(description="Fields whose values the function takes, instead of the record.")
    ] = None
    output: Annotated[Field_ | None, Field(description="The field that its result becomes.")] = None
    output_type: Annotated[TypeName | None, Field(description="Type of that field.")] = None

    def transform(self, settings: Settings) -> Transform:
        """Return the map."""
        function = settings.resolve(self.function)
        return Map(
            function, inputs=self.inputs, output=self.output, type=self.output_type, **self.shared(settings)
        )


class FlatMapStep(FunctionStep):
    """Turn each record into any number of others."""

    type: Literal["flat_map"]
    outputs: Annotated[
        list[str], Field(default_factory=list, description="Names of further outputs, for Tagged records.")
    ]

    def transform(self, settings: Settings) -> Transform:
        """Return the flat map."""
        function = settings.resolve(self.function)
        return FlatMap(function, outputs=self.outputs, **self.shared(settings))


class MapBatchesStep(FunctionStep):
    """Apply a function to whole Arrow record batches."""

    type: Literal["map_batches"]

    def transform(self, settings: Settings) -> Transform:
        """Return the map."""
        return MapBatches(settings.resolve(self.function), **self.shared(settings))


class SelectStep(FallibleStep):
    """Keep only the named fields and computed ones."""

    type: Literal["select"]
    fields: Annotated[list[str], Field(default_factory=list, description="Names of the fields to keep.")]
    columns: Annotated[Columns, Field(default_factory=dict)]

    @model_validator(mode="after")
    def _not_empty(self) -> Self:
        if not self.fields and not self.columns:
            raise wrong("select needs fields or columns", hint="add: fields = ['word']")
        return self

    def transform(self, settings: Settings) -> Transform:
        """Return the projection."""
        aliased, named = expressions(self.columns, "on_error")
        return Select(*self.fields, *aliased, on_error=self.policy(settings), **named)


class WithColumnsStep(FallibleStep):
    """Add or replace fields with expressions."""

    type: Literal["with_columns"]
    columns: Columns

    def transform(self, settings: Settings) -> Transform:
        """Return the projection."""
        aliased, named = expressions(self.columns, "on_error")
        return WithColumns(*aliased, on_error=self.policy(settings), **named)


class WithTimestampsStep(FallibleStep, WatermarkOptions):
    """Give every record a new event time."""

    type: Literal["with_timestamps"]
    field: Annotated[Field_ | None, Field(description="The field that holds the time.")] = None
    function: Annotated[FunctionName | None, Field(description="A function of the record instead.")] = None
    time_format: Annotated[
        str | None, Field(description="ms (default for numbers), s, us, ns, iso, or a strptime format.")
    ] = None
    time_zone: Annotated[str | None, Field(description="Zone of times without one; UTC by default.")] = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        return exactly_one(self, "field", "function")

    def transform(self, settings: Settings) -> Transform:
        """Return the transform."""
        return WithTimestamps(
            self.field or settings.resolve(self.function or ""),
            format=self.time_format,
            time_zone=self.time_zone,
            watermarks=self.watermarks(settings.time, bounded=True),
            on_error=self.policy(settings),
        )


class InspectStep(FallibleStep):
    """Call a function with each record as it passes."""

    type: Literal["inspect"]
    function: Annotated[
        FunctionName | None, Field(description="Left out, records are printed to standard error.")
    ] = None

    def transform(self, settings: Settings) -> Transform:
        """Return the inspection."""
        function = settings.resolve(self.function) if self.function else show
        return Inspect(function, on_error=self.policy(settings))


def exactly_one(step: StepT, one: str, other: str) -> StepT:
    """Return a step that has exactly one of two keys, or say that it must."""
    given = [key for key in (one, other) if getattr(step, key) is not None]
    if len(given) != 1:
        found = "has both" if given else "has neither"
        raise wrong(f"needs either {one} or {other}, and {found}")
    return step
