"""Count words per minute and write the counts as Parquet files.

Run:    python examples/wordcount.py [events.jsonl] [output directory]
Twin:   pulse run examples/wordcount.toml
Expect: one Parquet part under outputs/wordcount/dt=2024-05-01/, and the most frequent words on the screen.
        A second run adds a part beside the first: the sink never destroys what is there.

The source is a file, so no record can be late: every window fires when the file ends, and the counts are
exact. State is one row per word and minute until then.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from pulse import (
    Aggregate,
    FlatMap,
    JsonLines,
    KeyBy,
    ParquetSink,
    Pipeline,
    Read,
    TrioRunner,
    Tumbling,
    Window,
    Write,
    count,
)

DATA = Path(__file__).parent / "data" / "wordcount.jsonl"


def words(record: dict[str, Any]) -> list[dict[str, str]]:
    """Return one record per word of a text."""
    return [{"word": word} for word in record["text"].lower().split()]


def build(path: str, out_dir: str) -> Pipeline:
    """Return the pipeline."""
    p = Pipeline("wordcount")
    _ = (
        p
        | Read(JsonLines(path, time_field="event_time"))
        | FlatMap(words, schema={"word": "string"})
        | Window(Tumbling("60s"))
        | KeyBy("word")
        | "counts" >> Aggregate(count=count())
        | Write(ParquetSink(out_dir))
    )
    return p


def main(path: str = str(DATA), out_dir: str = "outputs/wordcount") -> None:
    """Run it and show what came out."""
    result = TrioRunner().run(build(path, out_dir))
    print(f"{result.records_in} records in, {result.records_out} counts out")
    for name in result.written:
        print(f"wrote {name}")
        table = pq.read_table(name, partitioning=None).sort_by(
            [("count", "descending"), ("word", "ascending")]
        )
        for row in table.slice(0, 5).to_pylist():
            print(f"  {row['window_start']:%H:%M}  {row['word']:<10} {row['count']}")


if __name__ == "__main__":
    main(*sys.argv[1:])
