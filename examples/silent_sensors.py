"""Tell when a sensor falls silent for a minute, and when it is back.

Run:    python examples/silent_sensors.py [heartbeats.jsonl]
Twin:   pulse run examples/silent_sensors.toml
Expect: JSON lines on standard output: each silence, and each return with how long the silence lasted.

A timer per sensor is set anew by each heartbeat. When it fires, no heartbeat of that time can come any more:
the watermark, which is five seconds behind the latest heartbeat, has passed it.

The heartbeat that ends a silence can be the very one that moves the watermark there. Then the timer has not
fired when it comes, and would be set anew before it could; so each heartbeat looks at the time of the last
one, too. It does not wait for one that it may have overtaken. DetectGap does, but tells of no returns.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulse import (
    BoundedOutOfOrderness,
    EventTimer,
    JsonLines,
    JsonLinesSink,
    KeyBy,
    Pipeline,
    Process,
    Read,
    TrioRunner,
    ValueState,
    Write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse import ProcessContext

DATA = Path(__file__).parent / "data" / "heartbeats.jsonl"
SECOND = 1_000_000
MINUTE = 60 * SECOND


class Silences(Process):
    """Remembers when each sensor was last heard, and whether it is silent."""

    schema = {"sensor": "string", "status": "string", "silent_s": "int64"}  # noqa: RUF012 - read only
    preserves = ("sensor",)

    last = ValueState("int64")
    silent = ValueState("bool", default=False)
    minute = EventTimer()

    def process(self, ctx: ProcessContext, record: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Take a heartbeat."""
        del record  # that it came is enough
        last = ctx.last.read()
        if last is not None:
            gap = ctx.time - last
            if gap <= 0:
                return  # a later one has overtaken it
            told = ctx.silent.read()
            if gap >= MINUTE and not told:  # the timer has not fired: the watermark is still behind it
                yield {"sensor": ctx.key, "status": "silent", "silent_s": 60}
            if gap >= MINUTE or told:
                ctx.silent.clear()
                yield {"sensor": ctx.key, "status": "back", "silent_s": gap // SECOND}
        ctx.last.write(ctx.time)
        ctx.minute.set(ctx.time + MINUTE)

    def on_timer(self, ctx: ProcessContext, name: str) -> Iterator[dict[str, Any]]:
        """Take the end of a minute without a heartbeat."""
        del name  # there is but one timer
        if not ctx.ended:  # after the end of the file every sensor is silent
            ctx.silent.write(value=True)
            yield {"sensor": ctx.key, "status": "silent", "silent_s": 60}


def build(path: str) -> Pipeline:
    """Return the pipeline."""
    p = Pipeline("silent_sensors")
    _ = (
        p
        | Read(JsonLines(path, time_field="time"), watermarks=BoundedOutOfOrderness("5s"))
        | KeyBy("sensor")
        | "silences" >> Silences()
        | Write(JsonLinesSink("-"))
    )
    return p


def main(path: str = str(DATA)) -> None:
    """Run it; results go to standard output, everything else to standard error."""
    result = TrioRunner().run(build(path))
    print(f"{result.records_in} heartbeats, {result.records_out} changes", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
