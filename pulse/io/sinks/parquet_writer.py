"""The machine behind ParquetSink: splits bundles, keeps a part per partition, stages and publishes."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast
from urllib.parse import quote

import numpy as np
import pyarrow as pa

from pulse.errors import ConnectorError, UnknownField
from pulse.io.base import Json, SinkContext, Writer
from pulse.io.sinks import text, values
from pulse.io.sinks.columns import conform, normal, to_batch, unify
from pulse.io.sinks.durable import disk_errors, make_directory, sync_directory
from pulse.io.sinks.partitions import by_date, by_field, directory, split
from pulse.io.sinks.parts import ROW_GROUP_BYTES, Part
from pulse.model.time import MAX_EVENT_TIME, MIN_EVENT_TIME, micros

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.io.sinks.parquet import ParquetSink
    from pulse.model.bundle import Bundle, Int64s

MAX_OPEN = 64
"""Files open at a time; the one unused for longest is completed for the next."""

MAX_HELD = 64 << 20
"""Bytes buffered over all parts; above it the biggest buffers are written out."""

_PART = re.compile(r"part-(\d{5,})\.parquet")


class StagedPart(TypedDict):
    """A complete part: its name in the staging directory, where it goes within out_dir, and its records."""

    staged: str
    path: str
    rows: int


class ParquetWriter(Writer):
    """Writes one ParquetSink."""

    def __init__(self, sink: ParquetSink, context: SinkContext) -> None:
        self._sink = sink
        self._out = Path(sink.out_dir)
        make_directory(self._out)
        self._staging = self._out / f".staging-{quote(context.step, safe='')}"
        self._transactional = context.transactional
        self._max_age = None if sink.max_age is None else micros(sink.max_age)
        self._flush_bytes = min(ROW_GROUP_BYTES, sink.max_bytes or ROW_GROUP_BYTES)
        self._schema = self._declared(context.schema)
        self._parts: dict[str, Part] = {}
        self._open: dict[str, None] = {}
        self._held = 0
        self._numbers: dict[str, int] = {}
        self._completed: list[StagedPart] = []
        self._prepared: list[StagedPart] = []
        self._count = 0
        self._started = False
        self._now: int | None = None
        self._written: list[str] = []

    def write(self, bundle: Bundle) -> int:
        """Write records; return the bytes of their columns before encoding and compression."""
        if not len(bundle):
            return 0
        self._start()
        codes, partitions = self._partitions(bundle)
        batch = self._columns(bundle)
        self._schema = unify(self._schema, batch.schema)
        if not self._schema.names:
            field = self._sink.partition_field
            raise ConnectorError(
                f"records for {os.fspath(self._out)!r} have no field to write"
                + (f" besides the partition field {field!r}" if field else ""),
                hint="write layout='json'",
            )
        batch = conform(batch, self._schema, rows=len(bundle))
        for code, rows in split(codes, len(partitions)):
            self._add(partitions[code], batch if rows is None else batch.take(rows))
        self._bound()
        self._show()
        return batch.nbytes

    def prepare(self, checkpoint: int) -> Json:  # noqa: ARG002 - staged files are numbered by themselves
        """Complete every part and make it durable in the staging directory."""
        self._start()
        for key in list(self._parts):
            self._complete(key)
        if self._completed:
            with disk_errors(self._staging):
                sync_directory(self._staging)
        self._prepared += self._completed
        self._completed = []
        return cast("Json", {"parts": [*self._prepared], "count": self._count})

    def commit(self, prepared: Json) -> None:
        """Move the prepared parts to where they belong; those that are there already stay."""
        state = cast("dict[str, Any]", prepared)
        self._publish(state["parts"])
        done = {each["staged"] for each in state["parts"]}
        self._prepared = [each for each in self._prepared if each["staged"] not in done]
        if not self._started:
            self._count = state["count"]

    def retract(self, prepared: Json, kept: Json) -> None:
        """Remove the parts that were published after a checkpoint."""
        own = {each["path"] for each in cast("dict[str, Any]", kept)["parts"]}
        for each in cast("dict[str, Any]", prepared)["parts"]:
            final = self._out / each["path"]
            if each["path"] not in own and not (self._staging / each["staged"]).exists():
                with disk_errors(final):
                    final.unlink(missing_ok=True)
                    if final.parent.is_dir():
                        sync_directory(final.parent)

    def abort(self) -> None:
        """Remove what is not committed; what a checkpoint may refer to stays, hidden."""
        if not self._transactional:
            self._completed += self._prepared
            self._prepared = []
        self.close()

    def tick(self, now: int) -> None:
        """Complete the parts that are older than ``max_age``."""
        self._now = now
        for key, part in list(self._parts.items()):
            if part.born is None:
                part.born = now
            elif self._max_age is not None and now - part.born >= self._max_age:
                self._complete(key)
        self._show()

    def close(self) -> None:
        """Remove parts that were never prepared, and the staging directory when it is empty."""
        for part in self._parts.values():
            part.drop()
        for each in self._completed:
            (self._staging / each["staged"]).unlink(missing_ok=True)
        self._parts, self._open, self._completed, self._held = {}, {}, [], 0
        with suppress(OSError):
            self._staging.rmdir()

    @property
    def written(self) -> Sequence[str]:
        """The paths of the parts that this writer published."""
        return tuple(self._written)

    def _partitions(self, bundle: Bundle) -> tuple[Int64s, list[str]]:
        """Return the partition of each record as an index, and the directories."""
        sink = self._sink
        if not sink.partition:
            return np.zeros(len(bundle), np.int64), [""]
        if sink.partition_field is None:
            codes, names = by_date(bundle.times, sink.partition_format)
            return codes, [directory("dt", name) for name in names]
        field = sink.partition_field
        if bundle.is_rows:
            texts = [values.cell(values.fields_of(each).get(field)) for each in bundle.rows]
            codes, names = by_field(pa.array(texts, pa.string()))
        elif field in bundle.batch.schema.names:
            codes, names = by_field(bundle.batch.column(field))
        else:
            raise UnknownField.of(field, bundle.batch.schema.names)
        return codes, [directory(field, name) for name in names]

    def _columns(self, bundle: Bundle) -> pa.RecordBatch:
        """Return the columns of the file."""
        if self._sink.layout == "json":
            return _json_layout(bundle)
        field = self._sink.partition_field
        if bundle.is_rows:
            batch = normal(to_batch(bundle.rows, without=field))
        else:
            batch = normal(bundle.batch)
            if field is not None:
                batch = batch.drop_columns([field])
        return batch

    def _declared(self, schema: pa.Schema | None) -> pa.Schema | None:
        """Return the columns to begin with, so that a field that is null at first is no drift."""
        if schema is None or self._sink.layout == "json":
            return None
        empty = normal(pa.RecordBatch.from_pylist([], schema=schema)).schema
        return pa.schema([field for field in empty if field.name != self._sink.partition_field])

    def _add(self, key: str, batch: pa.RecordBatch) -> None:
        """Add records of one partition, completing parts at exactly ``max_rows``."""
        sink, schema = self._sink, cast("pa.Schema", self._schema)
        while len(batch):
            part = self._parts.get(key)
            if part is not None and not part.schema.equals(schema):
                self._complete(key)
                part = None
            if part is None:
                staged = self._staging / f"{self._count:06d}.tmp"
                self._count += 1
                part = Part(staged, schema, compression=sink.compression, born=self._now)
                self._parts[key] = part
            room = sink.max_rows - part.rows
            before = part.held
            part.add(batch.slice(0, room), flush_bytes=self._flush_bytes)
            self._held += part.held - before
            batch = batch.slice(min(room, len(batch)))
            if part.rows >= sink.max_rows or (sink.max_bytes is not None and part.size() >= sink.max_bytes):
                self._complete(key)
            else:
                self._use(key, part)

    def _use(self, key: str, part: Part) -> None:
        """Note the use of an open file, and complete the one unused for longest when there are too many."""
        if part.is_open:
            self._open.pop(key, None)
            self._open[key] = None
            if len(self._open) > MAX_OPEN:
                self._complete(next(iter(self._open)))

    def _bound(self) -> None:
        """Write the biggest buffers out when all of them together hold too much."""
        if self._held <= MAX_HELD:
            return
        for key, part in sorted(self._parts.items(), key=lambda each: -each[1].held):
            if self._held <= MAX_HELD // 2:
                break
            if self._parts.get(key) is not part:
                continue  # completed meanwhile, to make room for another open file
            self._held -= part.held
            part.flush()
            self._use(key, part)

    def _complete(self, key: str) -> None:
        """Finish a part, and give it its name and number."""
        part = self._parts.pop(key)
        self._open.pop(key, None)
        self._held -= part.held
        part.finish()
        number = self._numbers.get(key)
        if number is None:
            number = _first_free(self._out / key)
        self._numbers[key] = number + 1
        name = f"part-{number:05d}.parquet"
        path = f"{key}/{name}" if key else name
        self._completed.append({"staged": part.staged.name, "path": path, "rows": part.rows})

    def _show(self) -> None:
        """Publish the parts that are complete when nothing has to wait for a checkpoint."""
        if self._completed and not self._transactional:
            self._publish(self._completed)
            self._completed = []

    def _publish(self, parts: Sequence[StagedPart]) -> None:
        """Move parts from the staging directory to their own.

        Raises:
            ConnectorError: when a staged part is gone, or another run took its name.
        """
        changed: set[Path] = set()
        for each in parts:
            staged, final = self._staging / each["staged"], self._out / each["path"]
            if not staged.exists():
                if not final.exists():
                    raise ConnectorError(
                        f"cannot commit {os.fspath(final)!r}: its staged file {each['staged']!r} is gone",
                        hint="restore the file, or start over without the checkpoint",
                    )
                continue
            if final.exists():
                raise ConnectorError(
                    f"cannot commit {os.fspath(final)!r}: another run has written a part of this name",
                    hint="let one run at a time write into a directory",
                )
            with disk_errors(final):
                if final.parent not in changed:
                    final.parent.mkdir(parents=True, exist_ok=True)
                staged.rename(final)
            changed |= {final.parent, self._out}
            self._written.append(str(final))
        for path in sorted(changed):
            with disk_errors(path):
                sync_directory(path)

    def _start(self) -> None:
        """Remove what a crashed run staged, before anything else is staged."""
        if self._started:
            return
        self._started = True
        with disk_errors(self._staging):
            self._staging.mkdir(exist_ok=True)
            for each in self._staging.glob("*.tmp"):
                each.unlink()


def _json_layout(bundle: Bundle) -> pa.RecordBatch:
    """Return event times in milliseconds and records as JSON, as the first Pulse wrote them."""
    known = (bundle.times >= MIN_EVENT_TIME) & (bundle.times <= MAX_EVENT_TIME)
    times = pa.array(bundle.times // 1000, mask=~known).cast(pa.timestamp("ms", "UTC"))
    payload: text.Column = (
        pa.array([values.json_text(each).decode() for each in bundle.rows], pa.string())
        if bundle.is_rows
        else text.json_objects(bundle.batch)
    )
    return pa.record_batch([times, payload], names=["event_time", "payload"])


def _first_free(path: Path) -> int:
    """Return the number after the last part in a directory."""
    if not path.is_dir():
        return 0
    found = (_PART.fullmatch(each.name) for each in path.iterdir())
    return max((int(each[1]) + 1 for each in found if each), default=0)
