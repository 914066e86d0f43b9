"""The access log of a web site through the command line, against plain Python.

The log is in the folder that PULSE_SHARED names, and no part of the project.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from tests.examples.plain import (
    END,
    HOUR,
    SECOND,
    SHARED,
    Sessions,
    bounds,
    grouped,
    lines,
    micros,
    run,
    tumbling,
    with_watermarks,
)

FOLDER = SHARED / "data" / "apache_access_log"

pytestmark = [
    pytest.mark.skipif(
        not FOLDER.is_dir(), reason="PULSE_SHARED does not name the folder of the seed and the real data sets"
    ),
    pytest.mark.usefixtures("clean_folder"),
]


LOG = FOLDER / "apache_logs"
LOG_SOURCE = f"""
[source]
kind = "csv"
path = "{LOG}"
columns = ["line"]
delimiter = "\\u0001"
quote = "\\u0002"
schema = {{ line = "string" }}
"""
FUNCTION = r"""
import re

LINE = re.compile(r'(\S+) \S+ \S+ \[([^]]+)\] "[^"]*" (\d+) (\d+|-)')


def request(record):
    host, time, status, size = LINE.match(record["line"]).groups()
    return {"host": host, "time": time, "status": int(status), "bytes": int(size) if size != "-" else None}
"""


def requests() -> list[tuple[str, int, int]]:
    """Return host, time and bytes of each line, by cutting it at blanks."""
    found = []
    for line in LOG.read_text(encoding="utf-8").splitlines():
        parts = line.split(" ")
        time = datetime.strptime(" ".join(parts[3:5]), "[%d/%b/%Y:%H:%M:%S %z]")
        size = re.search(r'" \d{3} (\d+|-)(?: |$)', line)
        assert size is not None
        found.append((parts[0], micros(time.isoformat()), 0 if size[1] == "-" else int(size[1])))
    return found


@pytest.mark.parametrize("bound", [59, 10])
def test_sessions_of_the_access_log(bound: int) -> None:
    module = f"seed_log_{bound}"
    Path(f"{module}.py").write_text(FUNCTION)
    summary = run(
        f"{LOG_SOURCE}"
        f'[[step]]\ntype = "map"\nfunction = "{module}:request"\n'
        'schema = { host = "string", time = "string", status = "int64", bytes = "int64" }\n'
        '[[step]]\ntype = "with_timestamps"\nfield = "time"\ntime_format = "%d/%b/%Y:%H:%M:%S %z"\n'
        f'max_out_of_orderness = "{bound}s"\n'
        '[[step]]\ntype = "window"\nwindow = "session"\ngap = "30s"\n'
        '[[step]]\ntype = "key_by"\nfields = ["host"]\n'
        '[[step]]\nname = "sessions"\ntype = "aggregate"\naggregates = { n = "count()" }\n'
        '[[sink]]\nkind = "file"\npath = "out.jsonl"\n'
        '[[sink]]\ninput = "sessions.late"\nkind = "file"\npath = "late.jsonl"\n'
    )
    plain = Sessions(30 * SECOND)
    records = requests()
    for (host, time, _), (_, mark) in zip(
        records, with_watermarks((r[1] for r in records), bound * SECOND), strict=True
    ):
        plain.add(host, time, mark)
    plain.advance(END)
    found = [(r["host"], *bounds(r), r["n"]) for r in lines("out.jsonl")]
    assert sorted(found) == sorted(plain.fired)
    assert summary["records_in"] == len(records) == 10_000
    assert summary["late"] == plain.late == len(lines("late.jsonl"))
    assert (plain.late == 0) == (bound == 59)
    assert sum(n for *_, n in found) == len(records) - plain.late


def test_bytes_per_hour_of_the_access_log() -> None:
    Path("seed_log_hours.py").write_text(FUNCTION)
    run(
        f"{LOG_SOURCE}"
        '[[step]]\ntype = "map"\nfunction = "seed_log_hours:request"\n'
        'schema = { host = "string", time = "string", status = "int64", bytes = "int64" }\n'
        '[[step]]\ntype = "with_timestamps"\nfield = "time"\ntime_format = "%d/%b/%Y:%H:%M:%S %z"\n'
        'max_out_of_orderness = "59s"\n'
        '[[step]]\ntype = "window"\nwindow = "tumbling"\nsize = "1h"\n'
        '[[step]]\ntype = "aggregate"\n'
        'aggregates = { bytes = "sum(bytes)", hosts = "count_distinct(host)" }\n'
        '[sink]\nkind = "file"\npath = "out.jsonl"\n'
    )
    sizes = grouped(((None, time, size) for _, time, size in requests()), tumbling(HOUR))
    hosts = grouped(((None, time, host) for host, time, _ in requests()), tumbling(HOUR))
    expected = {window: (sum(v), len(set(hosts[key, window]))) for (key, window), v in sizes.items()}
    assert {bounds(r): (r["bytes"], r["hosts"]) for r in lines("out.jsonl")} == expected
