"""The step that makes fields of where a record stands in time."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pulse.config.options.base import wrong
from pulse.config.options.step import Settings, StepOptions
from pulse.config.options.texts import Field_
from pulse.errors import did_you_mean
from pulse.graph.ops.metadata import METADATA
from pulse.transforms.core import Transform
from pulse.transforms.metadata import WithMetadata


def _known(what: str) -> str:
    return _check(what, did_you_mean(what, METADATA))


def _known_key(what: str) -> str:
    order = "what to add stands first, the name of its field second: { timing = 'pane' }"
    return _check(what, did_you_mean(what, METADATA) or order)


def _check(what: str, hint: str | None) -> str:
    if what not in METADATA:
        raise wrong(f"{what!r} is not one of {', '.join(METADATA)}", hint=hint)
    return what


_CHOICES = Field(json_schema_extra={"enum": list(METADATA)})

What = Annotated[str, AfterValidator(_known), _CHOICES]
"""What is known of a record beside its fields."""

WhatFirst = Annotated[str, AfterValidator(_known_key), _CHOICES]
"""The same, as the key of a table of field names."""


class WithMetadataStep(StepOptions):
    """Add fields that say where each record stands in time: event time, watermark, window, pane.

    Without ``fields`` and ``names`` it adds all that there are.
    """

    type: Literal["with_metadata"]
    fields: Annotated[
        list[What], Field(default_factory=list, description="What to add, each as a field of that name.")
    ]
    names: Annotated[
        dict[WhatFirst, Field_],
        Field(
            default_factory=dict,
            description="What to add under another name: `{ timing = 'pane' }` adds the field `pane`. "
            f"What there is: {', '.join(METADATA)}; all of it when neither key is given.",
        ),
    ]

    def transform(self, settings: Settings) -> Transform:
        """Return the transform."""
        del settings
        return WithMetadata(*self.fields, **self.names)
