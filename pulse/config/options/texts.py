"""The kinds of text that config values are, each checked where it stands."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from pulse.config.aggregates import parse_aggregate
from pulse.config.options.base import translated, wrong
from pulse.errors import PulseError
from pulse.model.expressions import parse
from pulse.model.schema import data_type, schema_of
from pulse.model.time import micros
from pulse.model.trigger_text import parse_trigger

_FUNCTION = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


def _check(test: Callable[[Any], object]) -> Callable[[Any], Any]:
    """Return a validator that hands a value on when a function of the model takes it."""

    def validate(value: Any) -> Any:
        try:
            test(value)
        except PulseError as error:
            raise translated(error) from None
        return value

    return validate


def _duration(value: Any) -> Any:
    if isinstance(value, bool | int | float):
        raise wrong(
            f"{value} has no unit", hint=f"write '{value}s' for seconds; units: us, ms, s, m, h, d, w"
        )
    return _check(lambda text: micros(text, name="value"))(value)


def _length(value: Any) -> Any:
    if micros(_duration(value)) <= 0:
        raise wrong(f"{value!r} is not positive", hint="write a length such as '60s'")
    return value


def _no_less_than_zero(value: Any) -> Any:
    if micros(_duration(value)) < 0:
        raise wrong(f"{value!r} is negative", hint="write '0s' or more")
    return value


def _function(value: str) -> str:
    if not _FUNCTION.fullmatch(value):
        raise wrong(
            f"{value!r} does not name a function",
            hint="write 'module:function'; the module stands beside the config file or is installed",
        )
    return value


def _name(value: str) -> str:
    if not value or "." in value:
        raise wrong(
            f"name {value!r} is empty or has a dot", hint="dots stand before outputs, as in 'step.late'"
        )
    return value


_DURATION_SCHEMA = WithJsonSchema({"type": "string", "examples": ["10s", "1h30m", "250ms", "2d"]})

Duration = Annotated[str, BeforeValidator(_no_less_than_zero), _DURATION_SCHEMA]
"""A length of time that may be zero, such as ``"10s"``."""

Length = Annotated[str, BeforeValidator(_length), _DURATION_SCHEMA]
"""A positive length of time."""

Condition = Annotated[str, AfterValidator(_check(parse)), Field(examples=["score > 1.0 and word != 'x'"])]
"""An expression, in the syntax of Python."""

AggregateText = Annotated[str, AfterValidator(_check(parse_aggregate)), Field(examples=["mean(score)"])]
"""An aggregate, such as ``mean(score)``."""

TriggerText = Annotated[
    str,
    AfterValidator(_check(parse_trigger)),
    Field(examples=["AfterWatermark(early=AfterCount(100), late=AfterCount(1))"]),
]
"""A trigger, such as ``Repeatedly(AfterCount(100))``."""

FunctionName = Annotated[str, AfterValidator(_function), Field(examples=["functions:clean"])]
"""A Python function, ``module:function``: code that the config's author trusts; it is run."""

TypeName = Annotated[str, AfterValidator(_check(data_type)), Field(examples=["int64", "string"])]
"""The name of a type."""

SchemaFields = Annotated[dict[str, str], AfterValidator(_check(schema_of))]
"""Type names by field."""

SchemaOrAny = SchemaFields | Literal["any"]
"""Type names by field, or ``"any"`` for rows of any shape."""

Name = Annotated[str, AfterValidator(_name)]
"""The name of a step, source or sink."""

Policy = Literal["fail", "skip", "dead_letter"]
"""What happens to a record that cannot be processed."""

Field_ = Annotated[str, Field(min_length=1)]
"""The name of a field."""
