"""Make the small data files of the examples; the same every time.

Run:    python examples/data/make.py
Expect: the files beside this one, unchanged.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
START = datetime(2024, 5, 1, 9, 0, tzinfo=UTC)

SENTENCES = (
    "a stream is a table in motion",
    "a table is a stream at rest",
    "time is what the data says it is",
    "a watermark is a promise about time",
    "late is late for a window not for life",
    "state is memory with a reason to forget",
    "a window ends when the watermark says so",
    "order is a gift and never a right",
    "count the stream and count it again",
    "the data was here before the window",
)


def words(random: Random) -> list[str]:
    """Return sentences, one every two to eight seconds."""
    lines, at = [], START
    for _ in range(60):
        lines.append(json.dumps({"event_time": _iso(at), "text": random.choice(SENTENCES)}))
        at += timedelta(seconds=random.randint(2, 8))
    return lines


def sensors(random: Random) -> list[str]:
    """Return the readings of three devices, each every five seconds; they arrive up to four seconds late."""
    readings = []
    for step in range(60):
        for number, device in enumerate(("boiler", "inlet", "outlet")):
            at = START + timedelta(seconds=5 * step + number)
            value = round(20 + 15 * number + 3 * random.random(), 2)
            readings.append((at + timedelta(seconds=4 * random.random()), at, device, value))
    return [
        json.dumps({"event_time": _iso(at), "device": device, "value": value})
        for _, at, device, value in sorted(readings)
    ]


def access_log(random: Random) -> list[str]:
    """Return the log of a web site; a line is written when its request is done, up to 59 seconds late."""
    pages = ("/", "/docs/", "/docs/windows", "/docs/watermarks", "/search?q=late", "/style.css", "/logo.svg")
    requests = []
    for visit in range(40):
        host = f"192.0.2.{random.randint(1, 25)}"
        at = START + timedelta(minutes=random.randint(0, 240), seconds=visit)
        for _ in range(random.randint(1, 9)):
            status = random.choice((200, 200, 200, 304, 404))
            size = str(random.randint(300, 60_000)) if status == 200 else "-"  # noqa: PLR2004
            line = (
                f'{host} - - [{at:%d/%b/%Y:%H:%M:%S +0000}] "GET {random.choice(pages)} HTTP/1.1" '
                f'{status} {size} "-" "ExampleBrowser/1.0"'
            )
            requests.append((at + timedelta(seconds=random.randint(0, 59)), line))
            at += timedelta(seconds=random.randint(1, 600))
    return [line for _, line in sorted(requests)]


def quakes(random: Random) -> list[str]:
    """Return earthquakes as a catalogue reports them: in order of their last correction."""
    places = ("north of the harbour", "below the ridge", "off the western cape", "near the old mine")
    reports = []
    for _ in range(120):
        at = START + timedelta(minutes=random.randint(0, 5 * 24 * 60))
        delay = random.choice(
            (timedelta(minutes=3), timedelta(minutes=40), timedelta(hours=8), timedelta(days=2))
        )
        updated = at + delay * (0.5 + random.random())
        magnitude = round(random.expovariate(0.7) + 0.3, 1)
        reports.append((updated, at, magnitude, random.choice(places)))
    return [
        json.dumps({"time": _ms(at), "updated": _ms(updated), "mag": magnitude, "place": place})
        for updated, at, magnitude, place in sorted(reports)
    ]


def orders(random: Random) -> list[str]:
    """Return orders as CSV, with two lines that are not orders."""
    lines = ["ordered_at,order,customer,amount,note"]
    at = START
    for number in range(1, 81):
        note = random.choice(("", "", "gift", '"call, then deliver"'))
        lines.append(
            f"{_iso(at)},{number},c{random.randint(1, 9)},{random.randint(100, 9999) / 100:.2f},{note}"
        )
        at += timedelta(minutes=random.randint(5, 90))
    lines.insert(20, "2024-05-01T20:00:00Z,twenty,c3,12.00,")
    lines.insert(50, "2024-05-02T20:00:00Z,50,c4")
    return lines


FILES = {
    "wordcount.jsonl": words,
    "sensors.jsonl": sensors,
    "access.log": access_log,
    "quakes.jsonl": quakes,
    "orders.csv": orders,
}


def make(folder: Path) -> None:
    """Write all files into a folder."""
    for name, lines in FILES.items():
        text = "\n".join(lines(Random(name))) + "\n"  # noqa: S311 - sample data, not secrets
        (folder / name).write_text(text, encoding="utf-8", newline="")


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


if __name__ == "__main__":
    make(HERE)
    for name in FILES:
        print(HERE / name)
