"""What a reader builds of each record: which fields, which layout, and its event time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from pulse.errors import ConnectorError, UnknownField

if TYPE_CHECKING:
    from pulse.io.base import Layout, ReadRequest
    from pulse.model.event_time import EventTime


@dataclass(frozen=True)
class Projection:
    """A checked request.

    Args:
        schema: the closed schema of the source; None for records of any shape (rows only).
        fields: names of the fields to build, in the schema's order.
        layout: columns or rows.
        time: where a record says when it happened; None when the source has no time.
    """

    schema: pa.Schema | None = None
    fields: tuple[str, ...] = ()
    layout: Layout = "rows"
    time: EventTime | None = None

    @classmethod
    def of(cls, request: ReadRequest, time: EventTime | None = None) -> Projection:
        """Check a request against its schema.

        Raises:
            UnknownField: when a requested field or the time field is not in the schema.
            ConnectorError: when columns are asked of records of any shape.
        """
        schema = request.schema
        if schema is None:
            if request.layout == "columns":
                raise ConnectorError(
                    "records of schema 'any' can't be read as columns",
                    hint="declare a schema, or let it be sniffed",
                )
            return cls(None, (), "rows", time)
        for name in (*(request.fields or ()), *((time.field,) if time else ())):
            if name not in schema.names:
                raise UnknownField.of(name, schema.names)
        wanted = schema.names if request.fields is None else set(request.fields)
        return cls(schema, tuple(name for name in schema.names if name in wanted), request.layout, time)

    @cached_property
    def needed(self) -> pa.Schema:
        """The schema of what must be read: the fields to build, and the time field."""
        more = (self.time.field,) if self.time and self.time.field not in self.fields else ()
        names = (*self.fields, *more)
        return pa.schema([self.schema.field(name) for name in names] if self.schema is not None else [])
