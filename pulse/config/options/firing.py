"""When a window gives results, and with which event time: shared by [window] and by steps of type window."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from pulse.config.options.base import Options, wrong
from pulse.config.options.texts import Duration, Length, TriggerText
from pulse.model.trigger_text import parse_trigger

_WAYS = ("trigger", "early_every", "final_only")


class FiringOptions(Options):
    """When a window gives results; by default when it ends, and again for every late record."""

    trigger: Annotated[
        TriggerText | None, Field(description="When a window gives results, in the words of Python.")
    ] = None
    early_every: Annotated[
        Length | None,
        Field(description="Give early results so long after the first record that is not in one yet."),
    ] = None
    final_only: Annotated[
        bool, Field(description="Give one result, when no late record can come any more.")
    ] = False
    timestamp: Annotated[
        Literal["end_of_window", "earliest", "latest"], Field(description="Event time of a result.")
    ] = "end_of_window"
    timestamp_shift: Annotated[
        Duration | None, Field(description="Added to the times that earliest and latest are taken of.")
    ] = None
    allow_unsafe: Annotated[
        bool,
        Field(description="Whether the trigger may finish while records still come, which are then dropped."),
    ] = False

    def arguments(self) -> dict[str, Any]:
        """Return what the options mean as arguments of ``Window``."""
        return {
            "trigger": parse_trigger(self.trigger) if self.trigger else None,
            "early_every": self.early_every,
            "final_only": self.final_only,
            "timestamp": self.timestamp,
            "timestamp_shift": self.timestamp_shift or "0s",
            "allow_unsafe": self.allow_unsafe,
        }

    @property
    def by_default(self) -> bool:
        """Whether nothing is said about when results come."""
        return not any(getattr(self, name) for name in _WAYS)

    @property
    def repeats_by(self) -> str | None:
        """The key that lets a window fire more than once, whether or not records can be late."""
        if self.trigger is not None and parse_trigger(self.trigger).may_repeat:
            return "trigger"
        return "early_every" if self.early_every is not None else None

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        given = [name for name in _WAYS if getattr(self, name)]
        if len(given) > 1:
            raise wrong(f"cannot stand beside {given[0]}: both say when results come", key=given[1])
        if self.timestamp_shift is not None and self.timestamp == "end_of_window":
            raise wrong(
                "needs the times of records, but timestamp is 'end_of_window'",
                hint="add: timestamp = 'earliest' or 'latest'",
                key="timestamp_shift",
            )
        return self
