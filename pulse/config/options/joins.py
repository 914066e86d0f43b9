"""Steps that match the records of several inputs by key; ``input`` names them in order."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from pulse.config.options.base import translated, wrong
from pulse.config.options.step import Settings, StepOptions
from pulse.config.options.texts import Condition, Duration, Length
from pulse.errors import PulseError
from pulse.transforms.core import Transform
from pulse.transforms.joins import AsOfJoin, CoGroup, IntervalJoin, Join, JoinTable, Lookup, signed

Keys = Annotated[
    str | list[str] | dict[str, str],
    Field(description="A field that both have, several, or right fields by left fields."),
]


def _distance(value: Any) -> Any:
    try:
        signed(value, "value")
    except PulseError as error:
        raise translated(error) from None
    return value


Distance = Annotated[
    str, BeforeValidator(_distance), WithJsonSchema({"type": "string", "examples": ["-5m", "0s"]})
]
"""A length of time that may be negative."""


class ManyInputs(StepOptions):
    """A step over several inputs."""

    @property
    def reads_many(self) -> bool:
        """It does."""
        return True


class PairStep(ManyInputs):
    """What the joins of a left and a right input have."""

    @model_validator(mode="after")
    def _two_inputs(self) -> Self:
        named = [self.input] if isinstance(self.input, str) else self.input or []
        if len(named) != 2:  # noqa: PLR2004 - left and right
            raise wrong(
                f"a join matches a left and a right input, but input names {', '.join(named) or 'none'}",
                hint=f'write input = ["{named[0] if named else "left"}", "right"], with the names of two '
                "sources or steps",
                key="input" if self.input is not None else None,
            )
        return self

    on: Keys
    where: Annotated[
        Condition | None, Field(description="A condition over the fields of the result that pairs meet.")
    ] = None
    suffixes: Annotated[
        list[str],
        Field(
            default_factory=lambda: ["", "_right"],
            min_length=2,
            max_length=2,
            description="Put behind names that both inputs have, left and right.",
        ),
    ]

    def shared(self) -> dict[str, Any]:
        """Return what all these joins are given."""
        return {"on": self.on, "where": self.where, "suffixes": self.suffixes}


class JoinStep(PairStep):
    """Match records of equal keys in the same window."""

    type: Literal["join"]
    how: Annotated[
        Literal["inner", "left", "right", "full"], Field(description="Which records without a match stay.")
    ] = "inner"
    ttl: Annotated[
        Length | None, Field(description="Without windows: pairs at most so far apart in event time.")
    ] = None

    def transform(self, settings: Settings) -> Transform:
        """Return the join."""
        del settings
        return Join(how=self.how, ttl=self.ttl, **self.shared())


class IntervalJoinStep(PairStep):
    """Match records of equal keys whose event times lie within an interval of each other."""

    type: Literal["interval_join"]
    lower: Annotated[Distance, Field(description="How much earlier the right record may be: '-5m'.")]
    upper: Annotated[Distance, Field(description="How much later it may be.")]
    how: Annotated[
        Literal["inner", "left", "right", "full"], Field(description="Which records without a match stay.")
    ] = "inner"
    allowed_lateness: Annotated[
        Duration, Field(description="How far a record may be behind its watermark.")
    ] = "0s"

    def transform(self, settings: Settings) -> Transform:
        """Return the join."""
        del settings
        return IntervalJoin(
            lower=self.lower,
            upper=self.upper,
            how=self.how,
            allowed_lateness=self.allowed_lateness,
            **self.shared(),
        )


class AsOfJoinStep(PairStep):
    """Match each left record with one right record of its key, by event time."""

    type: Literal["as_of_join"]
    direction: Annotated[
        Literal["backward", "forward", "nearest"], Field(description="Where the right record is looked for.")
    ] = "backward"
    tolerance: Annotated[Duration | None, Field(description="How far away it may be.")] = None
    how: Annotated[Literal["inner", "left"], Field(description="Whether left records without one stay.")] = (
        "inner"
    )

    def transform(self, settings: Settings) -> Transform:
        """Return the join."""
        del settings
        return AsOfJoin(direction=self.direction, tolerance=self.tolerance, how=self.how, **self.shared())


class JoinTableStep(PairStep):
    """Match each record of a stream with the row of a changing table at its event time."""

    type: Literal["join_table"]
    how: Annotated[Literal["inner", "left"], Field(description="Whether records without a row stay.")] = (
        "inner"
    )
    deleted: Annotated[
        Condition | None, Field(description="A condition over a change: from then on its key has no row.")
    ] = None

    def transform(self, settings: Settings) -> Transform:
        """Return the join."""
        del settings
        return JoinTable(how=self.how, deleted=self.deleted, **self.shared())


class LookupStep(PairStep):
    """Match each record of a stream with those of its key in a collection that ends."""

    type: Literal["lookup"]
    how: Annotated[Literal["inner", "left"], Field(description="Whether records without a match stay.")] = (
        "inner"
    )

    def transform(self, settings: Settings) -> Transform:
        """Return the lookup."""
        del settings
        return Lookup(how=self.how, **self.shared())


class CoGroupStep(ManyInputs):
    """Bring together, for each key and window, the records of all inputs."""

    type: Literal["co_group"]
    on: Annotated[
        str | list[str] | dict[str, list[str]],
        Field(description="A field that all have, several, or for each key the field of every input."),
    ]
    names: Annotated[
        list[str], Field(min_length=1, description="For each input, the field that holds its records.")
    ]

    def transform(self, settings: Settings) -> Transform:
        """Return the grouping."""
        del settings
        return CoGroup(self.on, names=self.names)


JOINS: dict[str, type[StepOptions]] = {
    "join": JoinStep,
    "interval_join": IntervalJoinStep,
    "as_of_join": AsOfJoinStep,
    "join_table": JoinTableStep,
    "lookup": LookupStep,
    "co_group": CoGroupStep,
}
"""Every type of join."""
