"""Join the clicks on advertisements with the views before them, and with the price of the day.

Run:    python examples/click_joins.py [folder]
Twin:   pulse run examples/click_joins.toml
Expect: JSON lines on standard output: one per click on an advertisement that the user saw in the five minutes
        before, with the price that was in force at that moment.

A click and a view are matched as soon as both are there, and a view is forgotten when the watermark of the
clicks has passed it by five minutes. Prices are a table that changes: each click sees it as of its own time.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pulse import IntervalJoin, JoinTable, JsonLines, JsonLinesSink, Pipeline, Read, Select, TrioRunner, Write

DATA = Path(__file__).parent / "data"


def build(folder: str) -> Pipeline:
    """Return the pipeline."""
    p = Pipeline("click_joins")
    clicks, views, prices = (
        p | name >> Read(JsonLines(f"{folder}/{name}.jsonl", time_field="time"))
        for name in ("clicks", "views", "prices")
    )
    seen = (clicks, views) | "seen" >> IntervalJoin(
        ["user", "ad"], lower="-5m", upper="0s", suffixes=("", "_view")
    )
    priced = seen | "priced" >> JoinTable(prices, on="ad", how="left")
    _ = priced | Select("time", "user", "ad", "price") | Write(JsonLinesSink("-"))
    return p


def main(folder: str = str(DATA)) -> None:
    """Run it; results go to standard output, everything else to standard error."""
    result = TrioRunner().run(build(folder))
    print(f"{result.records_out} clicks that followed a view", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
