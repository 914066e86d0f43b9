"""What every step has, and what it is given to become a transform."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from pulse.config.options.base import Options
from pulse.config.options.texts import Name, Policy
from pulse.config.options.time import TimeOptions
from pulse.transforms.core import Transform


@dataclass(frozen=True, slots=True)
class Settings:
    """What steps take from elsewhere in the config.

    Args:
        resolve: finds a Python function by its name ``module:function``.
        time: the [time] table.
        on_error: the policy of steps that state none.
    """

    resolve: Callable[[str], Any]
    time: TimeOptions
    on_error: Policy


class StepOptions(Options):
    """What every step has. Its ``type`` says which it is."""

    name: Annotated[
        Name | None, Field(description="Keys state and metrics, and is what other steps call it.")
    ] = None
    input: Annotated[
        str | list[str] | None,
        Field(
            description="What it reads: a source or step, or step.late, step.errors, step.tag; "
            "the step before by default."
        ),
    ] = None

    @abstractmethod
    def transform(self, settings: Settings) -> Transform:
        """Return the transform that the options describe."""

    @property
    def reads_many(self) -> bool:
        """Whether it merges any number of inputs."""
        return False

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs in order, for steps that have several; empty for one."""
        return ()


class FallibleStep(StepOptions):
    """A step that may fail on a record."""

    on_error: Annotated[
        Policy | None,
        Field(description="What happens to records it fails on; that of [on_error] by default."),
    ] = None

    def policy(self, settings: Settings) -> Policy:
        """Return what happens to records that it fails on."""
        return self.on_error or settings.on_error
