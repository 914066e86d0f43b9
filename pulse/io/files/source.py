"""What all sources of text files have in common: paths, schema, event time, compression, following."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from pulse.errors import ConnectorError
from pulse.io.base import Block, Json, Reader, ReadRequest, Source
from pulse.io.files.codec import Codec, check_codec, codec_of
from pulse.io.files.follow import FollowReader
from pulse.io.files.locate import STDIN, Path, label_of, locate, paths_of
from pulse.io.files.reader import TextReader
from pulse.io.files.stdin import standard_input
from pulse.io.files.stream import BytesStream, Stream, open_stream
from pulse.io.projection import Projection
from pulse.model.event_time import EventTime
from pulse.model.schema import schema_of

if TYPE_CHECKING:
    from pulse.io.files.cutter import Text, TextFormat
    from pulse.io.files.locate import Located

SNIFFED_BYTES = 1 << 20
"""How much of the data a schema is sniffed from."""


@dataclass(frozen=True)
class TextFiles(Source):
    """A source of text files; ``JsonLines`` and ``Csv`` are its kinds.

    Args:
        path: a file, glob, directory or URL, ``-`` for standard input, or several of these; they are read one
            after another in name order, as one split.
        time_field: the field that holds the event time; None when the records have none.
        time_format: ``"ms"`` (the default for numbers), ``"s"``, ``"us"``, ``"ns"``, ``"iso"`` or a
            ``strptime`` format.
        time_zone: zone of times without one; None is UTC.
        schema: type names by field, or an Arrow schema; None sniffs it from the first MiB.
        compression: ``"gzip"``, ``"bz2"``, ``"zstd"`` or ``"none"``; None goes by the path's ending.
        follow: whether to wait for what is added to the (one, local, uncompressed) file.
        block_bytes: about how much to read at a time; None leaves it to the plan.
    """

    path: Path
    _: KW_ONLY
    time_field: str | None = None
    time_format: str | None = None
    time_zone: str | None = None
    schema: Mapping[str, str] | pa.Schema | str | None = None
    compression: str | None = None
    follow: bool = False
    block_bytes: int | None = None

    kind: ClassVar[str]

    def __post_init__(self) -> None:
        check_codec(self.compression)
        if self.block_bytes is not None and self.block_bytes < 1:
            raise ConnectorError(f"block_bytes {self.block_bytes} is not positive")
        if not isinstance(self.path, str | os.PathLike):
            object.__setattr__(self, "path", tuple(self.path))
        if isinstance(self.schema, Mapping):
            object.__setattr__(self, "schema", schema_of(self.schema))
        if self.time_field is None and (self.time_format or self.time_zone):
            raise ConnectorError("time_format and time_zone say how time_field is read, which is not given")
        _ = self.event_time
        object.__setattr__(self, "bounded", not self.follow)
        object.__setattr__(self, "timed", self.time_field is not None)

    @property
    def label(self) -> str:
        """The kind and the file's name, such as ``jsonl(events.jsonl)``."""
        return f"{self.kind}({label_of(self.path)})"

    @property
    def event_time(self) -> EventTime | None:
        """Where the records say when they happened."""
        if self.time_field is None:
            return None
        return EventTime(self.time_field, self.time_format, self.time_zone)

    def declared_schema(self) -> pa.Schema | None:
        """Return the schema that was declared, or None."""
        return self.schema if isinstance(self.schema, pa.Schema) else None

    def sniff_schema(self) -> pa.Schema | None:
        """Return the declared schema, or the one that the first MiB shows; standard input stays unread."""
        if self.schema is not None:
            return self.declared_schema()
        return self.sniff(self._head())

    def open(self, split: str, request: ReadRequest, position: Json = None) -> Reader:  # noqa: ARG002
        """Open the files, at their start or at a position that a block gave.

        Raises:
            ConnectorError: when a file cannot be read, or the position does not fit the files.
            UnknownField: when the request or ``time_field`` names a field that the schema does not have.
        """
        text_format = self.text_format(Projection.of(request, self.event_time))
        block_bytes = self.block_bytes or request.block_bytes
        files = locate(self.path)
        if self.follow:
            path = self._followed(files)
            return FollowReader(path, text_format, block_bytes=block_bytes, position=position)
        return TextReader(
            files, text_format, compression=self.compression, block_bytes=block_bytes, position=position
        )

    @abstractmethod
    def text_format(self, projection: Projection) -> TextFormat:
        """Return what cuts and decodes the files."""

    @abstractmethod
    def sniff(self, head: list[Text]) -> pa.Schema:
        """Return the schema that the first records show."""

    def _followed(self, files: tuple[Located, ...]) -> str:
        (file, *more) = files
        wrong = None
        if more or file.name != os.fspath(paths_of(self.path)[0]):
            wrong = "several files"
        elif file.name == STDIN or file.filesystem is not None or not file.seekable:
            wrong = f"{file.name!r}, which is not a local file"
        elif codec_of(file.name, self.compression):
            wrong = f"{file.name!r}, which is compressed"
        if wrong:
            raise ConnectorError(
                f"follow = true reads one local uncompressed file as it grows, not {wrong}",
                hint="standard input needs no follow: it is read until it is closed",
                where=file.name,
            )
        return file.path

    def _head(self) -> list[Text]:
        """Return the records of about the first MiB."""
        files = locate(self.path)
        if not files[0].seekable and files[0].name != STDIN:
            raise ConnectorError(
                f"the schema of {files[0].name!r} can't be sniffed, because a pipe can't be read twice",
                hint="declare schema, or read standard input '-' instead",
                where=files[0].name,
            )
        reader = TextReader(
            files,
            self.text_format(Projection()),
            compression=self.compression,
            block_bytes=SNIFFED_BYTES,
            opener=_peek if files[0].name == STDIN else open_stream,
        )
        head: list[Text] = []
        try:
            while sum(len(text.data) for text in head) < SNIFFED_BYTES // 2:
                block = reader.poll()
                if not isinstance(block, Block):
                    break
                head.append(block.payload)
        finally:
            reader.close()
        return head


def _peek(file: Located, codec: Codec | None, offset: int = 0) -> Stream:  # noqa: ARG001
    """Open the head of standard input, which will be read again."""
    head = standard_input(codec).peek(SNIFFED_BYTES)
    whole = head if len(head) < SNIFFED_BYTES else head[: head.rfind(b"\n") + 1]
    return BytesStream(whole)
