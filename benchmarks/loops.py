"""What a person would write by hand: plain Python, and pyarrow with blocks parsed on two threads."""

from __future__ import annotations

import csv
import io
from collections import defaultdict, deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINUTE = 60_000
BLOCK = 1 << 20


def python_count(path: Path) -> int:
    """Count words per minute with orjson and a dict; return the number of results."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    with path.open("rb") as lines:
        for line in lines:
            record = orjson.loads(line)
            counts[record["word"], record["event_time"] // MINUTE] += 1
    return len(counts)


def python_count_csv(path: Path) -> int:
    """Count words per minute with the csv module and a dict."""
    counts: dict[tuple[str, int], int] = defaultdict(int)
    with path.open(newline="") as lines:
        reader = csv.reader(lines)
        names = next(reader)
        time, word = names.index("event_time"), names.index("word")
        for cells in reader:
            counts[cells[word], int(cells[time]) // MINUTE] += 1
    return len(counts)


def python_functions(path: Path) -> int:
    """Run two functions over each record, then sum per word and minute."""
    sums: dict[tuple[str, int], float] = defaultdict(float)

    def double(record: dict[str, float]) -> dict[str, float]:
        return {**record, "score2": record["score"] * 2}

    def large(record: dict[str, float]) -> bool:
        return record["score2"] > 1.0

    with path.open("rb") as lines:
        for line in lines:
            record = double(orjson.loads(line))
            if large(record):
                sums[record["word"], record["event_time"] // MINUTE] += record["score2"]
    return len(sums)


def blocks(path: Path) -> Iterator[bytes]:
    """Yield the file in blocks that end at line ends."""
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(BLOCK):
            end = chunk.rfind(b"\n") + 1
            yield rest + chunk[:end]
            rest = chunk[end:]
    if rest:
        yield rest


def _count(table: pa.Table) -> pa.Table:
    minute = pc.multiply(pc.divide(table["event_time"], MINUTE), MINUTE)
    return (
        pa.table({"word": table["word"], "minute": minute})
        .group_by(["word", "minute"])
        .aggregate([([], "count_all")])
    )


def _json_block(block: bytes) -> pa.Table:
    schema = pa.schema([("event_time", pa.int64()), ("word", pa.string())])
    return _count(
        pa_json.read_json(
            io.BytesIO(block),
            read_options=pa_json.ReadOptions(use_threads=False, block_size=len(block) + 1),
            parse_options=pa_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    )


def arrow_count(path: Path) -> int:
    """Count words per minute with pyarrow: blocks parsed and grouped on two threads, then merged."""
    parts: list[pa.Table] = []
    with ThreadPoolExecutor(2) as pool:
        source = blocks(path)
        pending = deque(pool.submit(_json_block, block) for block in islice(source, 4))
        for block in source:
            parts.append(pending.popleft().result())
            pending.append(pool.submit(_json_block, block))
        parts += [each.result() for each in pending]
    return _merge(parts)


def arrow_count_csv(path: Path) -> int:
    """Count words per minute with pyarrow's own streaming CSV reader."""
    options = pa_csv.ConvertOptions(include_columns=["event_time", "word"])
    reader = pa_csv.open_csv(path, convert_options=options)
    return _merge([_count(pa.Table.from_batches([batch])) for batch in reader])


def _merge(parts: list[pa.Table]) -> int:
    merged = pa.concat_tables(parts).group_by(["word", "minute"]).aggregate([("count_all", "sum")])
    return merged.num_rows
