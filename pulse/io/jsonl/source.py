"""JSON lines: one JSON object per line."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from pulse.errors import ConnectorError, did_you_mean
from pulse.io.files import TextFiles, TextFormat
from pulse.io.jsonl.decode import JsonFormat
from pulse.io.jsonl.sniff import sniff
from pulse.model.arguments import placed

if TYPE_CHECKING:
    from pulse.io.base import Block
    from pulse.io.projection import Projection

logger = logging.getLogger(__name__)


@placed
@dataclass(frozen=True)
class JsonLines(TextFiles):
    r"""Files of one JSON object per line.

    A line is a record when it is one well-formed object (RFC 8259) whose requested fields fit the schema; any
    other line that is not blank is a bad record. A missing field is null. A field that the schema does not
    have is passed over; it is counted among the first hundred records of each block. With a sniffed schema,
    an int64 field that meets a fraction makes the column of that block double.

    Args:
        path: a file, glob, directory or URL, ``-`` for standard input, or several of these.
        time_field: the field that holds the event time; None when the records have none.
        time_format: ``"ms"`` (the default for numbers), ``"s"``, ``"us"``, ``"ns"``, ``"iso"`` or a
            ``strptime`` format.
        time_zone: zone of times without one; None is UTC.
        schema: type names by field, or an Arrow schema; ``"any"`` for rows of any shape; None sniffs it from
            the first MiB.
        compression: ``"gzip"``, ``"bz2"``, ``"zstd"`` or ``"none"``; None goes by the path's ending.
        follow: whether to wait for what is added to the (one, local, uncompressed) file.
        block_bytes: about how much to read at a time; None leaves it to the plan.
        expect: fields that a sniffed schema has in any case: one that the first MiB does not show is a
            string, null where it is missing. A name that resembles one that is there is taken for a
            misspelling and not added.

    Example:
        >>> import tempfile, pathlib
        >>> from pulse.io.base import ReadRequest
        >>> path = pathlib.Path(tempfile.mkdtemp(), "events.jsonl")
        >>> _ = path.write_text('{"ts": 1, "word": "a"}\n{"ts": 2}\n[]\n')
        >>> source = JsonLines(path, time_field="ts")
        >>> source.label, source.sniff_schema().names
        ('jsonl(events.jsonl)', ['ts', 'word'])
        >>> reader = source.open("0", ReadRequest(source.sniff_schema(), ("word",)))
        >>> block = reader.poll()
        >>> records = reader.decode(block)
        >>> reader.close()
        >>> records.data.to_pylist(), records.times.tolist()
        ([{'word': 'a'}, {'word': None}], [1000, 2000])
        >>> [(bad.number, bad.reason) for bad in records.bad]
        [(3, 'a record is a JSON object, this is an array')]
    """

    kind: ClassVar[str] = "jsonl"

    expect: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.schema, str):
            if self.schema != "any":
                raise ConnectorError(
                    f"schema {self.schema!r} is neither 'any' nor type names by field",
                    hint="write schema = 'any', or a type per field such as {word = 'string'}",
                )
            object.__setattr__(self, "layouts", ("rows",))

    def text_format(self, projection: Projection) -> TextFormat:
        """Return what cuts and decodes the lines."""
        return JsonFormat(projection, widens=self.schema is None)

    def sniff(self, head: list[Block]) -> pa.Schema:
        """Return the schema that the first lines show, with the fields that are expected in any case."""
        found = sniff(head, self.label)
        unseen = [
            name
            for name in self.expect
            if name not in found.names and did_you_mean(name, found.names) is None
        ]
        if unseen:
            logger.warning(
                "%s: no record at its start has field %s: it is null where it is missing",
                self.label,
                ", ".join(map(repr, unseen)),
            )
        return pa.schema([*found, *(pa.field(name, pa.string()) for name in unseen)])
