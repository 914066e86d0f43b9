"""The whole config file."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, Union

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from pulse.config.options.base import Options, wrong
from pulse.config.options.routing import STEPS, step_type
from pulse.config.options.sinks import SINKS, SinkOptions, sink_kind
from pulse.config.options.sources import ENDINGS, SOURCES, SourceOptions, format_of, source_kind
from pulse.config.options.testing import TestOptions
from pulse.config.options.texts import Length, Name, Policy
from pulse.config.options.time import TimeOptions
from pulse.config.options.windows import WindowOptions
from pulse.errors import did_you_mean

RESERVED = {"kafka": "the kafka connector is not in this version yet"}
"""Kinds that will be connectors."""


class OpsOptions(Options):
    """The [ops] table: one aggregation over a key, the short form of a pipeline."""

    count_by: Annotated[str, Field(min_length=1, description="The key field.")]
    agg: Annotated[Literal["count", "sum", "avg", "distinct"], Field(description="What to compute.")] = (
        "count"
    )
    agg_field: Annotated[
        str | None, Field(min_length=1, description="The field that sum, avg and distinct are over.")
    ] = None

    @model_validator(mode="after")
    def _has_a_field(self) -> Self:
        if self.agg != "count" and self.agg_field is None:
            raise wrong(f"agg {self.agg!r} needs agg_field", hint="add: agg_field = 'score'", key="agg")
        return self


class RuntimeTable(Options):
    """The [runtime] table: how the pipeline runs, never what it computes."""

    runner: Annotated[Literal["trio", "deterministic"], Field(description="Which runner.")] = "trio"
    parallelism: Annotated[int, Field(ge=1, description="Replicas of keyed steps.")] = 1
    processes: Annotated[int, Field(ge=0, description="Worker processes for Python functions.")] = 0
    overflow: Annotated[
        Literal["block", "drop"] | None,
        Field(description="When channels are full: make sources wait, or drop new records and count them."),
    ] = None
    channel_rows: Annotated[int | None, Field(ge=1, description="Bound of each channel, in records.")] = None
    state_dir: Annotated[
        str | None,
        Field(min_length=1, description="Directory of checkpoints, one per pipeline; a run resumes from it."),
    ] = None
    checkpoint_interval: Annotated[
        Length | None, Field(description="Time between two checkpoints; 10s by default.")
    ] = None


class OnErrorOptions(Options):
    """The [on_error] table: what happens to records that a step cannot process."""

    policy: Annotated[Policy, Field(description="For steps and sources that state none.")] = "fail"
    path: Annotated[
        str | None,
        Field(min_length=1, description="JSON lines of {record, error, step, position} for dead_letter."),
    ] = None


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, dict) else value


def _kind_is_known(key: str, kinds: list[str], what: str) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if not isinstance(value, dict):
            raise wrong(f"is not a table of a {what}")
        kind = value.get(key)
        if kind is None:
            raise wrong(f"{key} is missing; {key}s of {what}: {', '.join(kinds)}")
        if kind in RESERVED and key == "kind":
            raise wrong(RESERVED[kind], hint=f"kinds of {what} in this version: {', '.join(kinds)}", key=key)
        if kind not in kinds:
            raise wrong(
                f"{kind!r} is not a {what}; {key}s of {what}: {', '.join(kinds)}",
                hint=did_you_mean(str(kind), kinds),
                key=key,
            )
        return value

    return check


def _format_is_known(formats: tuple[str, ...]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        found = value.get("format")
        if value.get("kind") == "file" and found is not None and found not in formats:
            hint = did_you_mean(str(found), formats)
            raise wrong(f"{found!r} is not one of {', '.join(formats)}", hint=hint, key="format")
        path = value.get("path")
        if value.get("kind") == "file" and found is None and format_of(path) is None:
            endings = ", ".join(ending for ending, kind in ENDINGS.items() if kind in formats)
            raise wrong(
                f"the ending of {path!r} tells no format; endings: {endings}",
                hint=f"write format = 'jsonl', or kind = 'jsonl' in place of 'file'; formats: "
                f"{', '.join(formats)}",
                key="path",
            )
        return value

    return check


def _not_a_directory(value: Any) -> Any:
    if value.get("kind") == "file" and sink_kind(value) == "parquet":
        raise wrong(
            "a file sink writes JSON lines or CSV", hint="for Parquet: kind = 'parquet', out_dir = 'outputs'"
        )
    return value


def _union(table: dict[str, type[Any]], choose: Callable[[Any], str | None]) -> Any:
    # Tags stand in the places that pydantic reports; brackets tell them from keys.
    members = tuple(Annotated[model, Tag(f"<{kind}>")] for kind, model in table.items())
    return Annotated[Union[members], Discriminator(lambda value: f"<{choose(value)}>")]  # noqa: UP007


if TYPE_CHECKING:
    from pulse.config.options.step import StepOptions

    AnySource = SourceOptions
    AnySink = SinkOptions
    AnyStep = StepOptions
else:
    AnySource = Annotated[
        _union(SOURCES, source_kind),
        BeforeValidator(_format_is_known(("jsonl", "csv", "parquet"))),
        BeforeValidator(_kind_is_known("kind", ["file", *SOURCES], "source")),
    ]
    AnySink = Annotated[
        _union(SINKS, sink_kind),
        BeforeValidator(_not_a_directory),
        BeforeValidator(_format_is_known(("jsonl", "csv"))),
        BeforeValidator(_kind_is_known("kind", ["file", *SINKS], "sink")),
    ]
    AnyStep = Annotated[
        _union(STEPS, step_type), BeforeValidator(_kind_is_known("type", list(STEPS), "step"))
    ]


class Config(Options):
    """A pipeline: where records come from, what happens to them, where they go."""

    name: Annotated[Name | None, Field(description="Of the pipeline; the file's name by default.")] = None
    source: Annotated[
        list[AnySource],
        BeforeValidator(_listed, json_schema_input_type=AnySource | list[AnySource]),
        Field(min_length=1, description="One [source], or several [[source]] with names."),
    ]
    time: Annotated[TimeOptions, Field(default_factory=TimeOptions)]
    window: Annotated[WindowOptions | None, Field(description="The window of [ops].")] = None
    ops: Annotated[OpsOptions | None, Field(description="One aggregation; the short form.")] = None
    step: Annotated[list[AnyStep], Field(default_factory=list, description="The steps, in [[step]] tables.")]
    sink: Annotated[
        list[AnySink],
        BeforeValidator(_listed, json_schema_input_type=AnySink | list[AnySink]),
        Field(min_length=1, description="One [sink], or several [[sink]]."),
    ]
    runtime: Annotated[RuntimeTable, Field(default_factory=RuntimeTable)]
    on_error: Annotated[OnErrorOptions, Field(default_factory=OnErrorOptions)]
    test: Annotated[
        list[TestOptions],
        Field(default_factory=list, description="Tests of the pipeline, run by pulse test."),
    ]
