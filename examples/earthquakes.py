"""Count earthquakes per day while the catalogue is still being corrected: late data, on purpose.

Run:    python examples/earthquakes.py [quakes.jsonl]
        With PULSE_SHARED set, the file is $PULSE_SHARED/data/usgs_earthquakes/earthquakes.jsonl; otherwise a
        small sample beside this file.
Twin:   pulse run examples/earthquakes.toml
Expect: the last count of each day, how often it was corrected, and the reports that came too late to count.

Reports come in the order in which they were last corrected, which is up to days after the earthquake. A day
fires when a report comes from more than an hour after its end. For two days more each further report of that
day fires it again, with the whole day counted anew (accumulating): who reads the results keeps the last. What
comes later still goes to ``.late``.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    Calendar,
    JsonLines,
    Pipeline,
    Read,
    TrioRunner,
    Window,
    count,
    max,  # noqa: A004
)

SAMPLE = Path(__file__).parent / "data" / "quakes.jsonl"


def build(path: str) -> tuple[Pipeline, Any]:
    """Return the pipeline and its collection of days."""
    p = Pipeline("earthquakes")
    days = (
        p
        | Read(JsonLines(path, time_field="time"), watermarks=BoundedOutOfOrderness("1h"))
        | Window(Calendar("day"), allowed_lateness="2d", accumulation="accumulating")
        | "days" >> Aggregate(quakes=count(), strongest=max("mag"))
    )
    return p, days


def main(path: str | None = None) -> None:
    """Run it and show the days."""
    shared = os.environ.get("PULSE_SHARED")
    known = Path(shared, "data", "usgs_earthquakes", "earthquakes.jsonl") if shared else SAMPLE
    p, days = build(path or str(known))
    result = TrioRunner().run(p, collect=True)
    firings = result.records(days)
    times = Counter(day["window_start"] for day in firings)
    last = {day["window_start"]: day for day in firings}
    for start, day in sorted(last.items()):
        corrections = times[start] - 1
        print(
            f"{start:%Y-%m-%d}  {day['quakes']:>4} quakes, strongest {day['strongest']}, "
            f"corrected {corrections} times"
        )
    print(f"{result.records_in} reports, {result.late} too late to count")


if __name__ == "__main__":
    main(*sys.argv[1:])
