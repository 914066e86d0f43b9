"""Copy a CSV file to Parquet, one directory per day; lines that are no records go to a file of their own.

Run:    python examples/csv_to_parquet.py [orders.csv] [output directory]
Twin:   pulse run examples/csv_to_parquet.toml
Expect: Parquet parts under outputs/orders/dt=<day>/, and two bad lines in outputs/orders/bad.jsonl with their
        line numbers and the reasons.

There are no windows, so there is no state: records pass through in blocks, as columns from end to end. The
schema is declared, so that a text where a number should be is a bad record and not a new type.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pulse import (
    Csv,
    Filter,
    JsonLinesSink,
    ParquetSink,
    Pipeline,
    Read,
    Select,
    TrioRunner,
    Write,
    col,
)

DATA = Path(__file__).parent / "data" / "orders.csv"
SCHEMA = {
    "ordered_at": "timestamp",
    "order": "int64",
    "customer": "string",
    "amount": "decimal(10, 2)",
    "note": "string",
}


def build(path: str, out_dir: str) -> Pipeline:
    """Return the pipeline."""
    p = Pipeline("csv_to_parquet")
    orders = p | "orders" >> Read(Csv(path, time_field="ordered_at", schema=SCHEMA), on_error="dead_letter")
    _ = (
        orders
        | Filter("amount > 5")
        | Select("ordered_at", "order", "customer", "amount", gift=col("note") == "gift")
        | Write(ParquetSink(out_dir, compression="zstd"))
    )
    _ = orders.errors | Write(JsonLinesSink(Path(out_dir, "bad.jsonl")))
    return p


def main(path: str = str(DATA), out_dir: str = "outputs/orders") -> None:
    """Run it and show what was written."""
    result = TrioRunner().run(build(path, out_dir))
    print(f"{result.records_in} lines in, {result.errored} of them bad")
    for name in result.written:
        print(f"wrote {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
