"""What sources have in common whose records hold their event time in a field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass

import pyarrow as pa

from pulse.errors import ConnectorError
from pulse.io.base import Source
from pulse.model.event_time import EventTime
from pulse.model.schema import schema_of


@dataclass(frozen=True, eq=False)
class TimedSource(Source):
    """A source with a declared time field and schema.

    Args:
        time_field: the field that holds the event time; None when the records have none.
        time_format: how numbers and texts are read: ``"ms"`` (the default for numbers), ``"s"``, ``"us"``,
            ``"ns"``, ``"iso"`` or a ``strptime`` format.
        time_zone: zone of times without one; None is UTC.
        schema: type names by field, or an Arrow schema; a word such as ``"any"`` where a source knows it.
    """

    _: KW_ONLY
    time_field: str | None = None
    time_format: str | None = None
    time_zone: str | None = None
    schema: Mapping[str, str] | pa.Schema | str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.schema, Mapping):
            object.__setattr__(self, "schema", schema_of(self.schema))
        if self.time_field is None and (self.time_format or self.time_zone):
            raise ConnectorError("time_format and time_zone say how time_field is read, which is not given")
        _ = self.event_time
        object.__setattr__(self, "timed", self.time_field is not None)

    @property
    def event_time(self) -> EventTime | None:
        """Where the records say when they happened."""
        if self.time_field is None:
            return None
        return EventTime(self.time_field, self.time_format, self.time_zone)

    def declared_schema(self) -> pa.Schema | None:
        """Return the schema that was declared, or None."""
        return self.schema if isinstance(self.schema, pa.Schema) else None
