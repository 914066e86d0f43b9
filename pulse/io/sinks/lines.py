"""The writer of formats that are lines of text: an encoder makes the bytes, a target takes them."""

from __future__ import annotations

import os
import sys
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from pulse.io.base import Json, Sink, SinkContext, Writer
from pulse.io.sinks.compression import ALLOWED, check_choice, compression_of
from pulse.io.sinks.durable import disk_errors
from pulse.io.sinks.staged import Prepared, StagedFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from pulse.io.sinks.compression import Compression
    from pulse.model.bundle import Bundle


class Encoder(Protocol):
    """Turns bundles into bytes."""

    def head(self) -> bytes:
        """Return what stands before the first record and is not yet written, when it is known."""

    def encode(self, bundle: Bundle) -> bytes:
        """Return the lines of a bundle."""

    def snapshot(self) -> Json:
        """Return what a later run needs to go on."""

    def restore(self, state: Json) -> None:
        """Go on from a snapshot."""


class LineWriter(Writer):
    """Writes lines to a file; bytes are counted before compression."""

    def __init__(self, encoder: Encoder, target: StagedFile) -> None:
        self._encoder = encoder
        self._target = target
        self._committed = False
        self._fresh = True

    def write(self, bundle: Bundle) -> int:
        """Write the lines of a bundle and return their bytes before compression."""
        self._fresh = False
        data = self._encoder.encode(bundle)
        if data:
            self._target.write(data)
        return len(data)

    def prepare(self, checkpoint: int) -> Json:  # noqa: ARG002 - segments are numbered by themselves
        """Make the segment of this checkpoint durable."""
        self._fresh = False
        head = self._encoder.head()
        if head:
            self._target.write(head)
        return {"file": cast("Any", self._target.prepare()), "encoder": self._encoder.snapshot()}

    def commit(self, prepared: Json) -> None:
        """Publish what was prepared; a writer that has done nothing yet goes on from there."""
        state = cast("dict[str, Any]", prepared)
        self._target.commit(cast("Prepared", state["file"]))
        if self._fresh:
            self._encoder.restore(state["encoder"])
        self._committed = True

    def retract(self, prepared: Json, kept: Json) -> None:  # noqa: ARG002 - the length says it all
        """Cut off what was published after a checkpoint."""
        self._target.retract(cast("Prepared", cast("dict[str, Any]", kept)["file"]))

    def abort(self) -> None:
        """Remove what is not committed."""
        self._target.abort()

    def close(self) -> None:
        """Close the file."""
        self._target.close()

    @property
    def written(self) -> Sequence[str]:
        """The path, once something was committed."""
        return (str(self._target.path),) if self._committed else ()


class StreamWriter(Writer):
    """Writes lines to a stream as they come: at least once, for what is written cannot be undone.

    Args:
        encoder: makes the lines.
        path: a device or named pipe; None is standard output.
    """

    def __init__(self, encoder: Encoder, path: Path | None = None) -> None:
        self._encoder = encoder
        self._name = "stdout" if path is None else str(path)
        self._own = None if path is None else path.open("ab")
        self._stream = sys.stdout.buffer if self._own is None else self._own
        self._fresh = True

    def write(self, bundle: Bundle) -> int:
        """Print the lines of a bundle, flush, and return their bytes."""
        self._fresh = False
        return self._print(self._encoder.encode(bundle))

    def prepare(self, checkpoint: int) -> Json:  # noqa: ARG002 - everything is printed already
        """Return the state of the encoder; everything is visible already."""
        self._fresh = False
        self._print(self._encoder.head())
        return self._encoder.snapshot()

    def commit(self, prepared: Json) -> None:
        """Do nothing, but go on from there when nothing was written yet."""
        if self._fresh:
            self._encoder.restore(prepared)

    def abort(self) -> None:
        """Do nothing: what is printed is printed."""

    def _print(self, data: bytes) -> int:
        if data:
            with disk_errors(self._name):
                self._stream.write(data)
                self._stream.flush()
        return len(data)

    def close(self) -> None:
        """Close the device or pipe; standard output stays open."""
        if self._own is not None:
            self._own.close()


class LinesSink(Sink):
    """A sink of lines of text; ``JsonLinesSink`` and ``CsvSink`` are its kinds, and declare the fields."""

    kind: ClassVar[str]
    path: str | os.PathLike[str]
    compression: Compression | None

    def __post_init__(self) -> None:
        if self.compression is not None:
            check_choice("compression", self.compression, ALLOWED[-1:] if self.path == "-" else ALLOWED)

    @property
    def label(self) -> str:
        """The kind and the file's name, such as ``jsonl(words.jsonl)``."""
        return f"{self.kind}({'stdout' if self.path == '-' else os.path.basename(self.path)})"  # noqa: PTH119

    def open(self, context: SinkContext) -> Writer:
        """Open the file for a run.

        Raises:
            ConnectorError: when the path is a directory, or its directory cannot be made or written.
        """
        path = os.fspath(self.path)
        return _open(path, compression_of(path, self.compression), self.encoder(context.schema), context)

    @abstractmethod
    def encoder(self, schema: pa.Schema | None) -> Encoder:
        """Return what makes the lines of a run, with the schema of its records when it is known."""


def _open(path: str, compression: Compression, encoder: Encoder, context: SinkContext) -> Writer:
    """Open the writer of a path; ``-`` is standard output, and devices and pipes are written as they are.

    A symbolic link stays: the file it leads to is replaced.
    """
    if path == "-":
        return StreamWriter(encoder)
    target = Path(os.path.realpath(path) if os.path.islink(path) else path)  # noqa: PTH114 - a text path
    if target.exists() and not target.is_file() and not target.is_dir():
        return StreamWriter(encoder, target)
    keep = context.transactional
    return LineWriter(encoder, StagedFile(target, compression=compression, keep_prepared=keep))
