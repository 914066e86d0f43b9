"""JSON lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pulse.io.sinks import text, values
from pulse.io.sinks.lines import LinesSink
from pulse.model.arguments import placed

if TYPE_CHECKING:
    import os

    import pyarrow as pa

    from pulse.io.base import Json
    from pulse.io.sinks.compression import Compression
    from pulse.io.sinks.lines import Encoder
    from pulse.model.bundle import Bundle


@placed
@dataclass(frozen=True)
class JsonLinesSink(LinesSink):
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

    kind: ClassVar[str] = "jsonl"

    path: str | os.PathLike[str]
    compression: Compression | None = None

    def encoder(self, schema: pa.Schema | None) -> Encoder:  # noqa: ARG002 - each line says its own fields
        """Return what makes the lines of a run."""
        return _JsonEncoder()


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
