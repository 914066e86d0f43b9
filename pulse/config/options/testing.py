"""The [[test]] tables: what happens to the sources, and what should come of it."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from pulse.config.options.base import Options, wrong

Record = dict[str, Any]
Moment = str | int | datetime
"""What ``pulse.testing.stream.moment`` reads."""

_KINDS = ("record", "records", "watermark", "processing_time", "idle", "end")


class EventOptions(Options):
    """One event: records arrive, a watermark or the clock moves, a source falls idle or ends."""

    source: Annotated[
        str | None, Field(min_length=1, description="Name of the source; may be left out when there is one.")
    ] = None
    record: Annotated[Record | None, Field(description="A record that arrives.")] = None
    records: Annotated[list[Record] | None, Field(description="Records that arrive together.")] = None
    at: Annotated[
        Moment | None,
        Field(
            description="Their event time: a duration since the epoch or a date and time; left out: what "
            "the source's time_field says."
        ),
    ] = None
    watermark: Annotated[
        Moment | None,
        Field(
            description="The source's watermark from now on: a duration since the epoch or a date and time."
        ),
    ] = None
    processing_time: Annotated[
        str | None, Field(description="By how much the clock moves, such as '5s'.")
    ] = None
    idle: Annotated[bool, Field(description="The source has nothing to say until it speaks again.")] = False
    end: Annotated[bool, Field(description="The source is over.")] = False

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        given = [kind for kind in _KINDS if getattr(self, kind) not in (None, False)]
        if len(given) != 1:
            raise wrong(
                f"an event is exactly one of {', '.join(_KINDS)}; given: {', '.join(given) or 'none'}",
                hint="for instance { at = '1s', record = { word = 'a' } } or { watermark = '10s' }",
            )
        if self.at is not None and given[0] not in ("record", "records"):
            raise wrong("at is the event time of records", key="at")
        if self.source is not None and given[0] == "processing_time":
            raise wrong("the clock is the same for all sources", key="source")
        return self


def _by_sink(value: Any) -> Any:
    return {"": value} if isinstance(value, list) else value


class TestOptions(Options):
    """A test: a script of events, and what the pipeline should give."""

    name: Annotated[str, Field(min_length=1, description="Says what is tested.")]
    events: Annotated[list[EventOptions], Field(description="What happens, in order.")]
    expected: Annotated[
        dict[str, list[Record]] | None,
        BeforeValidator(_by_sink, json_schema_input_type=list[Record] | dict[str, list[Record]]),
        Field(description="Records written, in any order; with several sinks, a list for each by its name."),
    ] = None
    panes: Annotated[
        list[Record] | None,
        Field(
            description="Results as { record, timing, index, is_first, is_last }; only the given keys count."
        ),
    ] = None
    late: Annotated[
        list[Record] | None,
        Field(description="Records that came too late for their windows; only the given fields count."),
    ] = None


class TestFile(Options):
    """A file of nothing but [[test]] tables, for a pipeline in Python."""

    test: Annotated[list[TestOptions], Field(min_length=1, description="The tests.")]
