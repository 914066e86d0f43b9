"""Average the readings of each device over the last minute, every 15 seconds.

Run:    python examples/sliding_average.py [readings.jsonl]
Twin:   pulse run examples/sliding_average.toml
Expect: JSON lines on standard output, one per device and window, in order of the windows' ends.

Readings arrive up to four seconds behind the latest, and the source promises no more than five: so a window
fires as soon as a reading comes that is five seconds past its end, and nothing is late. A reading belongs to
four windows, but is aggregated once, into the 15-second slice that the four share.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    JsonLines,
    JsonLinesSink,
    KeyBy,
    Pipeline,
    Read,
    Sliding,
    TrioRunner,
    Window,
    Write,
    count,
    mean,
)

DATA = Path(__file__).parent / "data" / "sensors.jsonl"


def build(path: str) -> Pipeline:
    """Return the pipeline."""
    p = Pipeline("sliding_average")
    _ = (
        p
        | Read(JsonLines(path, time_field="event_time"), watermarks=BoundedOutOfOrderness("5s"))
        | Window(Sliding("60s", "15s"))
        | KeyBy("device")
        | "averages" >> Aggregate(average=mean("value"), readings=count())
        | Write(JsonLinesSink("-"))
    )
    return p


def main(path: str = str(DATA)) -> None:
    """Run it; results go to standard output, everything else to standard error."""
    result = TrioRunner().run(build(path))
    print(f"{result.records_in} readings, {result.records_out} averages, {result.late} late", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
