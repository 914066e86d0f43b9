"""Runs queries, and writes what they give and what they were given as Parquet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.nexmark.queries import QUERIES
from benchmarks.nexmark.site import FIELDS, Site, side_table
from pulse import ParquetSink, Pipeline, Write
from pulse.io.base import Block, ReadRequest

if TYPE_CHECKING:
    from pathlib import Path

    from pulse import DeterministicRunner, Nexmark, RunResult, TrioRunner


def run(number: int, source: Nexmark, out: Path, runner: TrioRunner | DeterministicRunner) -> RunResult:
    """Run a query and write its result to ``out/q<number>/*.parquet``, in place of a former one."""
    pipeline = Pipeline(f"nexmark_q{number}")
    result = QUERIES[number](Site(pipeline, source))
    folder = out / f"q{number}"
    for former in folder.glob("part-*.parquet"):
        former.unlink()
    _ = result | Write(ParquetSink(folder, partition=False))
    done = runner.run(pipeline)
    written = any(folder.glob("part-*.parquet"))
    if not written and result.schema is not None:  # the sink makes no file for no records
        pq.write_table(result.schema.empty_table(), folder / "part-00000.parquet")
    return done


def dump(source: Nexmark, out: Path) -> None:
    """Write ``persons.parquet``, ``auctions.parquet``, ``bids.parquet`` and ``side_input.parquet``.

    The events stand in the order in which they come.
    """
    out.mkdir(parents=True, exist_ok=True)
    for kind, fields in FIELDS.items():
        events = replace(source, only=kind)
        schema = pa.schema([events.declared_schema().field(name) for name in fields])
        reader = events.open("0", ReadRequest(schema, fields))
        with pq.ParquetWriter(out / f"{kind}s.parquet", schema) as writer:
            while isinstance(block := reader.poll(), Block):
                writer.write_batch(cast("pa.RecordBatch", reader.decode(block).data))
    pq.write_table(side_table(), out / "side_input.parquet")
