"""Windows and watermarks from their definitions, record by record, and the command line as a function.

Shares nothing with the engine.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from click.testing import CliRunner

from pulse.cli.main import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SHARED = Path(os.environ.get("PULSE_SHARED", "/nowhere"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND
NEVER, END = -(2**63), 2**63 - 1

Window: TypeAlias = tuple[int, int]


def run(config: str, *options: str) -> dict[str, Any]:
    """Run a config through the command line and return its summary."""
    Path("pipeline.toml").write_text(config, encoding="utf-8")
    done = CliRunner().invoke(cli, ["run", "--config", "pipeline.toml", "--json", "-q", *options])
    assert done.exit_code == 0, done.output
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def lines(path: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def micros(text: str) -> int:
    time = datetime.fromisoformat(text)
    return (time.replace(tzinfo=time.tzinfo or UTC) - EPOCH) // timedelta(microseconds=1)


def bounds(row: dict[str, Any]) -> Window:
    return micros(row["window_start"]), micros(row["window_end"])


def tumbling(size: int) -> Callable[[int], list[Window]]:
    return lambda time: [(time // size * size, time // size * size + size)]


def sliding(size: int, slide: int) -> Callable[[int], list[Window]]:
    def windows(time: int) -> list[Window]:
        last = time // slide * slide
        return [(s, s + size) for s in range(last, time - size, -slide)]

    return windows


def grouped(
    records: Iterable[tuple[Any, int, Any]], windows: Callable[[int], list[Window]]
) -> dict[tuple[Any, Window], list[Any]]:
    """Return the values of (key, time, value) by key and window."""
    found: dict[tuple[Any, Window], list[Any]] = defaultdict(list)
    for key, time, value in records:
        for window in windows(time):
            found[key, window].append(value)
    return found


def sessions(records: Iterable[tuple[Any, int, Any]], gap: int) -> dict[tuple[Any, Window], list[Any]]:
    """Return the values of (key, time, value) by key and session."""
    by_key: dict[Any, list[tuple[int, Any]]] = defaultdict(list)
    for key, time, value in records:
        by_key[key].append((time, value))
    found = {}
    for key, timed in by_key.items():
        timed.sort(key=lambda pair: pair[0])
        start, end, values = timed[0][0], timed[0][0], []
        for time, value in timed:
            if values and time >= end:
                found[key, (start, end)] = values
                start, values = time, []
            end, values = time + gap, [*values, value]
        found[key, (start, end)] = values
    return found


def with_watermarks(times: Iterable[int], bound: int) -> Iterator[tuple[int, int]]:
    """Yield each time with the watermark in force just before it."""
    highest = NEVER
    for time in times:
        yield time, max(highest - bound, NEVER)
        highest = max(highest, time)


class Sessions:
    """Sessions of one or more keys with watermarks, one record at a time; fires as accumulating does."""

    def __init__(self, gap: int, lateness: int = 0) -> None:
        self.gap, self.lateness = gap, lateness
        self.open: dict[Any, list[tuple[int, int, int]]] = defaultdict(list)
        self.watermark = NEVER
        self.fired: list[tuple[Any, int, int, int]] = []
        self.late = 0

    def advance(self, watermark: int) -> None:
        before, self.watermark = self.watermark, watermark
        if before == watermark:
            return
        for key, found in list(self.open.items()):
            self.fired += [(key, *s) for s in found if before < s[1] <= watermark]
            kept = [s for s in found if s[1] + self.lateness > watermark]
            if kept:
                self.open[key] = kept
            else:
                del self.open[key]

    def add(self, key: Any, time: int, watermark: int) -> None:
        self.advance(watermark)
        start, end, count = time, time + self.gap, 1
        if end + self.lateness <= watermark:
            self.late += 1
            return
        apart = []
        for s, e, n in self.open[key]:
            if s < end and start < e:
                start, end, count = min(s, start), max(e, end), n + count
            else:
                apart.append((s, e, n))
        self.open[key] = [*apart, (start, end, count)]
        if end <= watermark:
            self.fired.append((key, start, end, count))
