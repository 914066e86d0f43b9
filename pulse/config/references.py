"""What an ``input`` names: a source, a step, or one output of either."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.errors import PipelineError, did_you_mean
from pulse.graph.ops import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.transforms.core import PCollection


def split_reference(text: str, names: Iterable[str]) -> tuple[str, str]:
    """Return the name and the output that an input text means.

    Raises:
        PipelineError: when nothing has that name.

    Example:
        >>> split_reference("counts.late", ["clicks", "counts"]), split_reference("clicks", ["clicks"])
        (('counts', 'late'), ('clicks', 'main'))
    """
    known = list(names)
    name, _, output = text.partition(".")
    if name not in known:
        listed = ", ".join(known) or "none has a name"
        raise PipelineError(
            f"input {text!r}: no source or step is called {name!r}; there are: {listed}",
            hint=did_you_mean(name, known),
        )
    return name, output or MAIN


def output_of(collection: PCollection, output: str, outputs: tuple[str, ...]) -> PCollection:
    """Return one output of a step.

    Args:
        collection: its main output.
        output: the name of the output.
        outputs: names that the config gives to the outputs, in order; empty when it gives none.

    Raises:
        PipelineError: when the step has no such output.
    """
    if output in outputs:
        index = outputs.index(output)
        return collection[str(index)] if index else collection
    return collection if output == MAIN else collection[output]
