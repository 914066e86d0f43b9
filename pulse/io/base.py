"""The contract of sources and sinks.

A ``Source`` or ``Sink`` is a frozen declaration: making one opens nothing. The runner opens a ``Reader`` per
split and a ``Writer`` per sink when the pipeline runs.

Reading is cut in two so that it can go parallel and stay in order: ``Reader.poll`` does the I/O and hands out
raw blocks one after the other; ``Reader.decode`` turns one block into records, holds no state, and may run in
any thread, for several blocks at a time.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from pulse.model.bundle import Bundle, Data, Int64s
    from pulse.model.expressions import Expr

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""A position or prepared transaction is plain data, so that it can stand in a checkpoint."""

Layout: TypeAlias = Literal["columns", "rows"]


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that could not be parsed.

    Args:
        record: the record as text, cut to a readable length.
        reason: one lower-case sentence.
        number: 1-based line or row within the block; the reader's position turns it into a line of the file.
        origin: path, topic partition or source name.
    """

    record: str
    reason: str
    number: int
    origin: str


@dataclass(frozen=True, slots=True)
class Block:
    """What one ``poll`` read: not yet records.

    Args:
        payload: whatever ``decode`` of the same reader understands.
        position: where to continue after this block, as plain data (``open(position=...)`` takes it back).
        origin: path, topic partition or source name.
        nbytes: size of the payload, for progress and backpressure.
        first: number of records, lines or rows of this origin before the block, when the reader knows;
            None: the runner counts on from the block before (starting at 0 for a new origin).
    """

    payload: Any
    position: Json
    origin: str
    nbytes: int
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """Nothing to read now; the runner may ask again after ``retry_after`` microseconds."""

    retry_after: int = 50_000


@dataclass(frozen=True, slots=True)
class End:
    """A bounded split is read to its end."""


@dataclass(frozen=True, slots=True)
class ClockMove:
    """Processing time goes on, by ``by`` microseconds; only a script says so."""

    by: int


@dataclass(frozen=True, slots=True)
class Decoded:
    """The records of one block.

    Args:
        data: a RecordBatch whose schema is ``ReadRequest.schema`` cut to ``ReadRequest.fields``, or rows.
        times: event time of each record, ``int64[n]`` microseconds; None when the source declares no time.
        numbers: line or row number of each record within the block, ``int64[n]``, 1-based.
        units: how many lines or rows the block spans (records, bad records, and blank lines alike).
        bad: the records that could not be parsed, in order.
        ignored: field names met that the schema does not have, with how often (empty when not known).
        watermark: a promise of the source itself: no later record of this split has a time below it.
    """

    data: Data
    times: Int64s | None
    numbers: Int64s
    units: int
    bad: tuple[BadRecord, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict)
    watermark: int | None = None


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What the plan asks of a source.

    Args:
        schema: the closed schema of the source; None for ``schema = "any"`` (rows only).
        fields: the fields to build (projection); None for all. A record is judged by these fields and the
            time field only; the line itself must be well formed in any case.
        layout: build columns or rows.
        predicate: a filter that the source may use to skip data that cannot match; it need not apply it.
        block_bytes: about how much to read at a time.
    """

    schema: pa.Schema | None
    fields: tuple[str, ...] | None = None
    layout: Layout = "columns"
    predicate: Expr | None = None
    block_bytes: int = 1 << 23


class Reader(ABC):
    """Reads one split. ``poll`` and ``position`` are called from one thread; ``decode`` from any."""

    @abstractmethod
    def poll(self) -> Block | Idle | End:
        """Read the next block; never waits for data longer than one I/O call."""

    @abstractmethod
    def decode(self, block: Block) -> Decoded:
        """Turn a block into records; pure, and safe to call from several threads at once."""

    def decoder(self) -> Callable[[Block], Decoded] | None:
        """Return ``decode`` as something that can be sent to another process; None when there is none."""
        return None

    def progress(self) -> tuple[int, int | None]:
        """Return bytes (or records) read, and the total when it is known."""
        return 0, None

    def close(self) -> None:  # noqa: B027 - most readers hold nothing
        """Release what the reader holds."""


class PacedReader(Reader):
    """Reads a script, whose events are played one by one, each when all that came of those before is done.

    A script may span several splits and sources; the places of its events put them in one order, and readers
    whose next events have the same place play them together. While a run plays a script, processing time
    stands still but for what the script says.
    """

    @property
    @abstractmethod
    def turn(self) -> int | None:
        """The place of the next event in the order of the whole script; None: this reader is over."""

    @property
    @abstractmethod
    def turns(self) -> int:
        """How many events the whole script has, the end of what is still open then included."""

    @abstractmethod
    def play(self) -> Block | Idle | ClockMove | End:
        """Play the next event."""

    @abstractmethod
    def position(self) -> Json:
        """Return where to continue after the event played last, as plain data."""

    def poll(self) -> Block | Idle | End:
        """Read on without regard to processing time, as any reader does."""
        while isinstance(found := self.play(), ClockMove):
            pass
        return found


class Source(ABC):
    """Where records come from. Declarations are frozen dataclasses; opening happens at run time."""

    bounded: bool = True
    """Whether the source ends by itself."""

    layouts: tuple[Layout, ...] = ("columns", "rows")
    """The layouts that its readers can build, best first."""

    timed: bool = True
    """Whether its records carry an event time."""

    prunes: bool = False
    """Whether its readers use ``ReadRequest.predicate`` to skip data that cannot match."""

    paced: bool = False
    """Whether its readers are ``PacedReader``: events of a script, played one by one."""

    resumable: bool = True
    """Whether another process can go on at a position: not when what was read is gone, as of a pipe."""

    numbered: bool = True
    """Whether its blocks say how many records come before them, so that several can be decoded at once."""

    @property
    @abstractmethod
    def label(self) -> str:
        """A short name for graphs, metrics and errors, such as ``jsonl(events.jsonl)``."""

    @abstractmethod
    def declared_schema(self) -> pa.Schema | None:
        """Return the schema that was declared, or None; touches nothing."""

    @abstractmethod
    def sniff_schema(self) -> pa.Schema | None:
        """Return the schema found by looking at the data; None means any (rows only)."""

    def splits(self) -> Sequence[str]:
        """Return the names of the splits; each has a position and a watermark of its own."""
        return ("0",)

    @abstractmethod
    def open(self, split: str, request: ReadRequest, position: Json = None) -> Reader:
        """Open a split, at its start or at a position that a block of it gave."""


@dataclass(frozen=True, slots=True)
class SinkContext:
    """What a writer knows of the run it belongs to.

    Args:
        step: name of the writing step.
        transactional: when True, nothing becomes visible before ``commit``; when False, the writer may
            publish what is complete (a rotated file) as it goes.
        schema: schema of the records, when known at compile time.
    """

    step: str
    transactional: bool = False
    schema: pa.Schema | None = None


class Writer(ABC):
    """Writes one sink; called from one thread at a time.

    The runner calls ``write`` for each bundle, then ``prepare`` and ``commit`` at each checkpoint and at the
    end of the run, then ``close``. ``abort`` comes instead when the run fails.
    """

    @abstractmethod
    def write(self, bundle: Bundle) -> int:
        """Write records and return how many bytes they took, as far as known."""

    @abstractmethod
    def prepare(self, checkpoint: int) -> Json:
        """Make everything written so far durable but not yet visible; return what ``commit`` needs."""

    @abstractmethod
    def commit(self, prepared: Json) -> None:
        """Make what was prepared visible; doing it twice changes nothing."""

    @abstractmethod
    def abort(self) -> None:
        """Drop everything that is not committed."""

    def retract(self, prepared: Json, kept: Json) -> None:  # noqa: B027 - a sink may be unable to
        """Take back what a commit has shown, because the run goes back to an older checkpoint.

        Called before anything is written, and before ``commit(kept)``.

        Args:
            prepared: what was prepared at a checkpoint after that one; it was committed or not.
            kept: what was prepared at the checkpoint that the run goes back to.
        """

    def tick(self, now: int) -> None:  # noqa: B027 - most writers do nothing by the clock
        """Do what is due by processing time ``now`` (microseconds), such as rotating an old file."""

    def close(self) -> None:  # noqa: B027 - most writers hold nothing
        """Release what the writer holds."""

    @property
    def written(self) -> Sequence[str]:
        """Names of what this writer has made visible, such as paths."""
        return ()


class Sink(ABC):
    """Where records go. Declarations are frozen dataclasses; opening happens at run time."""

    layouts: tuple[Layout, ...] = ("columns", "rows")
    """The layouts that its writer takes, best first."""

    @property
    @abstractmethod
    def label(self) -> str:
        """A short name for graphs, metrics and errors, such as ``parquet(outputs)``."""

    @abstractmethod
    def open(self, context: SinkContext) -> Writer:
        """Open the sink for a run."""
