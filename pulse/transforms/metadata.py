"""Fields that say where a record stands in time."""

from __future__ import annotations

from pulse.errors import PipelineError, did_you_mean
from pulse.graph.ops.metadata import METADATA, MetadataOp
from pulse.transforms.core import Step


class WithMetadata(Step):
    """Add fields that say where each record stands in time: event time, window, pane, watermark.

    What can be asked for is ``time``, ``watermark``, ``window_start``, ``window_end`` (timestamps),
    ``timing`` (``"early"``, ``"on_time"`` or ``"late"``), ``index``, ``nonspeculative_index``, ``is_first``
    and ``is_last``. What a record does not have is null: the bounds of the global window, a watermark that
    promises nothing yet, the pane of a record before any grouping.

    Asked for the window of records that no grouping has given one yet, it gives a record in several windows
    once for each; from there on, each is in that window alone.

    Args:
        what: what to add, each as a field of that name; nothing given at all: everything.
        named: what to add under another name: ``timing="pane"`` adds the field ``pane``.

    Example:
        >>> from pulse import Aggregate, Create, DeterministicRunner, Pipeline, Tumbling, Window, count
        >>> p = Pipeline()
        >>> counts = p | Create([{"n": 1}], times=[0]) | Window(Tumbling("10s")) | Aggregate(n=count())
        >>> out = counts | WithMetadata("index", timing="pane")
        >>> record, = DeterministicRunner().run(p).records(out)
        >>> record["index"], record["pane"]
        (0, 'on_time')
    """

    def __init__(self, *what: str, **named: str) -> None:
        for each in (*what, *named):
            if each not in METADATA:
                raise PipelineError(
                    f"WithMetadata knows no {each!r}; it knows: {', '.join(METADATA)}",
                    hint=did_you_mean(str(each), METADATA),
                )
        for each, field in named.items():
            if not isinstance(field, str) or not field:
                raise PipelineError(
                    f"WithMetadata takes the name of a field as {each}, not {field!r}",
                    hint=f"WithMetadata({each!r}), or WithMetadata({each}='another name')",
                )
        columns = [(each, each) for each in what] + [(field, each) for each, field in named.items()]
        columns = columns or [(each, each) for each in METADATA]
        fields = [field for field, _ in columns]
        for field in fields:
            if fields.count(field) > 1:
                raise PipelineError(f"WithMetadata makes field {field!r} twice", hint="give one another name")
        super().__init__(MetadataOp(tuple(columns)))
