"""Find the sessions of each visitor in the access log of a web server.

Run:    python examples/access_log.py [log] [bound]
        With PULSE_SHARED set, the log is $PULSE_SHARED/data/apache_access_log/apache_logs; otherwise a small
        sample. ``bound`` is how far out of order lines may be; 59s unless given.
Twin:   pulse run examples/access_log.toml
Expect: the ten longest sessions, how many there are, and how many requests came too late for theirs.

A web server writes a line when a request is done, stamped with when it began: so the log is out of order,
here by at most 59 seconds. With that bound nothing is late. With a smaller one a request whose own 30-minute
session was over when it came would go to ``.late``; with sessions this long that needs a very late request.
State is one row per open session: a visitor who went away leaves nothing behind.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    Csv,
    KeyBy,
    Map,
    Pipeline,
    Read,
    Session,
    TrioRunner,
    Window,
    WithTimestamps,
    count,
    count_distinct,
    max,  # noqa: A004
    min,  # noqa: A004
    sum,  # noqa: A004
)

SAMPLE = Path(__file__).parent / "data" / "access.log"
LINE = re.compile(
    r"(?P<host>\S+) \S+ \S+ \[(?P<time>[^]]+)\] "
    r'"(?:\S+ )?(?P<path>\S*).*?" (?P<status>\d{3}) (?P<bytes>\d+|-)'
)
FIELDS = {"host": "string", "time": "string", "path": "string", "status": "int64", "bytes": "int64"}
TIME_FORMAT = "%d/%b/%Y:%H:%M:%S %z"


def request(record: dict[str, str]) -> dict[str, Any]:
    """Return the parts of a line in Apache's combined format; a line that has another form is an error."""
    found = LINE.match(record["line"])
    if found is None:
        raise ValueError("line is not in the combined log format")
    parts: dict[str, Any] = found.groupdict()
    size = 0 if parts["bytes"] == "-" else int(parts["bytes"])
    return {**parts, "status": int(parts["status"]), "bytes": size}


def lines(path: str) -> Csv:
    """Return a source of lines of text: CSV with one column, and separators that no line holds."""
    return Csv(path, columns=["line"], delimiter="\x01", quote="\x02", schema={"line": "string"})


def build(path: str, bound: str = "59s") -> tuple[Pipeline, Any]:
    """Return the pipeline and its collection of sessions."""
    p = Pipeline("access_log")
    sessions = (
        p
        | Read(lines(path))
        | "parse" >> Map(request, schema=FIELDS, on_error="skip")
        | WithTimestamps("time", format=TIME_FORMAT, watermarks=BoundedOutOfOrderness(bound))
        | Window(Session("30m"))
        | KeyBy("host")
        | "sessions"
        >> Aggregate(
            requests=count(),
            pages=count_distinct("path"),
            bytes=sum("bytes"),
            best=min("status"),
            worst=max("status"),
        )
    )
    return p, sessions


def main(path: str | None = None, bound: str = "59s") -> None:
    """Run it and show the longest sessions."""
    shared = os.environ.get("PULSE_SHARED")
    known = Path(shared, "data", "apache_access_log", "apache_logs") if shared else SAMPLE
    p, sessions = build(path or str(known), bound)
    result = TrioRunner().run(p, collect=True)
    found = result.records(sessions)
    found.sort(key=lambda s: (s["window_start"] - s["window_end"], s["host"]))
    for s in found[:10]:
        print(
            f"{s['window_start']:%d %b %H:%M} {s['host']:<16} "
            f"{s['requests']:>5} requests, {s['pages']:>4} pages"
        )
    print(
        f"{result.records_in} lines, {len(found)} sessions, {result.late} late, {result.errored} unreadable"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
