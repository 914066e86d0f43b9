"""JSON lines."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulse.io.base import Json, Sink, SinkContext, Writer
from pulse.io.sinks import text, values
from pulse.io.sinks.compression import ALLOWED, check_choice, compression_of
from pulse.io.sinks.lines import open_lines

if TYPE_CHECKING:
    from pulse.io.sinks.compression import Compression
    from pulse.model.bundle import Bundle


@dataclass(frozen=True)
class JsonLinesSink(Sink):
    """Write one JSON object per line to a file, or to standard output.

    The file appears when the run commits, complete, and replaces a former result; a run with checkpoints
    appends each checkpoint to it as it commits. Records keep the order in which they come. Fields keep the
    order of the schema or of the dict; values are written as :mod:`pulse.io.sinks.values` says. A row that is
    not a dict is written as the JSON value that it is.

    Args:
        path: the file, or ``-`` for standard output: at least once, flushed after every bundle.
        compression: ``"gzip"``, ``"bz2"``, ``"zstd"`` or ``"none"``; None goes by the path's ending.

    Raises:
        ConnectorError: for an unknown compression, or compression of standard output.

    Example:
        >>> JsonLinesSink("out/words.jsonl").label
        'jsonl(words.jsonl)'
    """

    path: str | os.PathLike[str]
    compression: Compression | None = None

    def __post_init__(self) -> None:
        if self.compression is not None:
            check_choice("compression", self.compression, ALLOWED[-1:] if self.path == "-" else ALLOWED)

    @property
    def label(self) -> str:
        """``jsonl(<file name>)``."""
        return f"jsonl({'stdout' if self.path == '-' else os.path.basename(self.path)})"  # noqa: PTH119

    def open(self, context: SinkContext) -> Writer:
        """Open the file for a run.

        Raises:
            ConnectorError: when the path is a directory, or its directory cannot be made or written.
        """
        path = os.fspath(self.path)
        return open_lines(path, compression_of(path, self.compression), _JsonEncoder(), context)


class _JsonEncoder:
    """Encodes either layout; holds no state."""

    def head(self) -> bytes:
        return b""

    def encode(self, bundle: Bundle) -> bytes:
        return values.json_lines(bundle.rows) if bundle.is_rows else text.json_lines(bundle.batch)

    def snapshot(self) -> Json:
        return None

    def restore(self, state: Json) -> None:
        pass
