"""Steps that remember, by key."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pulse.config.options.base import wrong
from pulse.config.options.elementwise import exactly_one
from pulse.config.options.step import FallibleStep, Settings, StepOptions
from pulse.config.options.texts import Condition, Duration, Field_, FunctionName, SchemaFields
from pulse.errors import PipelineError
from pulse.transforms.core import Transform
from pulse.transforms.keyed import Deduplicate, DetectGap, RateLimit, SessionizeBy
from pulse.transforms.process import Process


class ProcessStep(FallibleStep):
    """Apply a Process of your own, with state and timers by key."""

    type: Literal["process"]
    process: Annotated[FunctionName, Field(description="A Process, or a class of one, module:Class.")]
    schema_: Annotated[
        SchemaFields | None, Field(alias="schema", description="Fields and types of what it emits.")
    ] = None
    preserves: Annotated[
        list[str] | None, Field(description="Fields that it leaves unchanged; that of the class by default.")
    ] = None
    outputs: Annotated[
        list[str] | None, Field(description="Names of further outputs; those of the class by default.")
    ] = None

    def transform(self, settings: Settings) -> Transform:
        """Return the process."""
        found = settings.resolve(self.process)
        made = found() if isinstance(found, type) and issubclass(found, Process) else found
        if not isinstance(made, Process):
            raise PipelineError(
                f"process {self.process!r} is not a Process", hint="name a subclass of pulse.Process"
            )
        stated = None if made.on_error == Process.on_error else made.on_error
        return made.with_options(
            schema=self.schema_,
            outputs=self.outputs,
            preserves=self.preserves,
            on_error=self.on_error or stated or settings.on_error,
        )


class DeduplicateStep(FallibleStep):
    """Keep the first record of each combination of fields."""

    type: Literal["deduplicate"]
    fields: Annotated[list[str], Field(min_length=1, description="The fields that make records the same.")]
    within: Annotated[
        Duration | None, Field(description="How long, in event time; as long as the window by default.")
    ] = None

    def transform(self, settings: Settings) -> Transform:
        """Return the transform."""
        return Deduplicate(*self.fields, within=self.within, on_error=self.policy(settings))


class SessionizeByStep(FallibleStep):
    """Number the sessions of each key, cut where a condition says so."""

    type: Literal["sessionize_by"]
    starts: Annotated[Condition | None, Field(description="True for the first record of a session.")] = None
    starts_function: Annotated[FunctionName | None, Field(description="A function instead.")] = None
    ends: Annotated[Condition | None, Field(description="True for the last record of a session.")] = None
    output: Annotated[Field_, Field(description="The field that holds the number.")] = "session"
    ttl: Annotated[
        Duration | None, Field(description="How long a key may be silent until its count begins anew.")
    ] = None

    @model_validator(mode="after")
    def _some_condition(self) -> Self:
        if self.starts or self.starts_function:
            return exactly_one(self, "starts", "starts_function")
        if not self.ends:
            raise wrong("needs starts, starts_function or ends", hint="add: starts = \"event == 'login'\"")
        return self

    def transform(self, settings: Settings) -> Transform:
        """Return the transform."""
        starts: Any = self.starts or (self.starts_function and settings.resolve(self.starts_function))
        return SessionizeBy(
            starts, ends=self.ends, output=self.output, ttl=self.ttl, on_error=self.policy(settings)
        )


class RateLimitStep(FallibleStep):
    """Let at most so many records of each key pass per time."""

    type: Literal["rate_limit"]
    n: Annotated[int, Field(ge=1, description="How many.")]
    per: Annotated[Duration, Field(description="In which event time.")] = "1s"
    excess: Annotated[
        Literal["drop", "output"], Field(description="Leave the others out, or give them as step.excess.")
    ] = "drop"

    def transform(self, settings: Settings) -> Transform:
        """Return the transform."""
        return RateLimit(self.n, per=self.per, excess=self.excess, on_error=self.policy(settings))


class DetectGapStep(StepOptions):
    """Tell when a key has been silent for a time."""

    type: Literal["detect_gap"]
    after: Annotated[Duration, Field(description="How long a silence is a gap, in event time.")]

    def transform(self, settings: Settings) -> Transform:
        """Return the transform."""
        del settings
        return DetectGap(after=self.after)
