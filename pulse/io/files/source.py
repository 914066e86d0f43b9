"""What all sources of text files have in common: paths, schema, event time, compression, following."""

from __future__ import annotations

import logging
import os
from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from pulse.errors import ConnectorError
from pulse.io.base import Block, Json, Reader, ReadRequest
from pulse.io.files.codec import Codec, check_codec, codec_of
from pulse.io.files.contents import refuse_other_than_text
from pulse.io.files.cutter import Text
from pulse.io.files.follow import FollowReader
from pulse.io.files.locate import STDIN, Path, label_of, locate, paths_of
from pulse.io.files.reader import TextReader
from pulse.io.files.stdin import standard_input
from pulse.io.files.stream import BytesStream, Stream, open_stream
from pulse.io.projection import Projection
from pulse.io.timed import TimedSource
from pulse.model.schema import schema_of

if TYPE_CHECKING:
    import pyarrow as pa

    from pulse.io.files.cutter import TextFormat
    from pulse.io.files.locate import Located

logger = logging.getLogger(__name__)

SNIFFED_BYTES = 1 << 20
"""How much of the data a schema is sniffed from."""


@dataclass(frozen=True)
class TextFiles(TimedSource):
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
    compression: str | None = None
    follow: bool = False
    block_bytes: int | None = None

    kind: ClassVar[str]

    def __post_init__(self) -> None:
        super().__post_init__()
        check_codec(self.compression)
        if self.block_bytes is not None and self.block_bytes < 1:
            raise ConnectorError(f"block_bytes {self.block_bytes} is not positive")
        if not isinstance(self.path, str | os.PathLike):
            object.__setattr__(self, "path", tuple(self.path))
        object.__setattr__(self, "bounded", not self.follow)
        object.__setattr__(self, "resumable", STDIN not in map(os.fspath, paths_of(self.path)))

    @property
    def label(self) -> str:
        """The kind and the file's name, such as ``jsonl(events.jsonl)``."""
        return f"{self.kind}({label_of(self.path)})"

    def sniff_schema(self) -> pa.Schema | None:
        """Return the declared schema, or the one that the first MiB shows; standard input stays unread.

        Standard input is waited for until a whole line is there, and from then on as long as more comes
        without a pause. An empty input has a schema without fields.

        Raises:
            ConnectorError: when there is something, but not one record, or a followed file is still empty.
        """
        if self.schema is not None:
            return self.declared_schema()
        head = self._head()
        if head:
            text: Text = head[0].payload
            refuse_other_than_text(text.header + text.data, head[0].origin)
        schema = self.sniff(head)
        if not schema.names and self.follow:
            raise ConnectorError(
                f"the schema of {self.label} can't be sniffed, because no record is there yet",
                hint="declare schema, such as {word = 'string'}, and the file may start empty",
            )
        if not schema.names:
            logger.warning("%s holds no field; declare schema if its fields are known", self.label)
        return schema

    def open(self, split: str, request: ReadRequest, position: Json = None) -> Reader:  # noqa: ARG002
        """Open the files, at their start or at a position that a block gave.

        Raises:
            ConnectorError: when a file cannot be read, or the position does not fit the files.
            UnknownField: when the request or ``time_field`` names a field that the schema does not have.
        """
        if (
            self.time_field
            and self.schema is None
            and request.schema is not None
            and not request.schema.names
        ):
            # No record shows a field: the first that comes without a time is bad, and none is no error.
            request = replace(request, schema=schema_of({self.time_field: "string"}), fields=())
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
    def sniff(self, head: list[Block]) -> pa.Schema:
        """Return the schema that the first records show: without fields when there is nothing."""

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

    def _head(self) -> list[Block]:
        """Return the records of about the first MiB, or the header alone, in blocks whose payload is text."""
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
        head: list[Block] = []
        try:
            while sum(block.nbytes for block in head) < SNIFFED_BYTES // 2:
                block = reader.poll()
                if not isinstance(block, Block):
                    break
                head.append(block)
        finally:
            reader.close()
        header = reader.header
        return head or ([Block(Text(b"", header), None, files[-1].name, 0, 0)] if header else [])


def _peek(file: Located, codec: Codec | None, offset: int = 0) -> Stream:  # noqa: ARG001
    """Open the head of standard input, which will be read again."""
    source = standard_input(codec)
    head = source.peek(SNIFFED_BYTES)
    return BytesStream(head if source.ended else head[: head.rfind(b"\n") + 1])
