"""Seeded benchmark data: JSON lines and CSV with the same events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

START = 1_700_000_000_000
SPAN = 4 * 3600 * 1000
CHUNK = 100_000


def make(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write ``rows`` events, unless they are there already, and return both paths.

    event_time: epoch milliseconds over four hours, up to 4 s out of order; word: 1,000 skewed; user: 100,000;
    score: double with four digits; n: integer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    jsonl, csv = folder / f"events-{rows}.jsonl", folder / f"events-{rows}.csv"
    if jsonl.exists() and csv.exists():
        return jsonl, csv
    random = np.random.default_rng(20240607)
    times = START + (np.arange(rows) * (SPAN / rows)).astype(np.int64) + random.integers(-2000, 2001, rows)
    weights = 1 / (np.arange(1000) + 2.7) ** 1.1
    words = random.choice(1000, rows, p=weights / weights.sum())
    users, scores = random.integers(0, 100_000, rows), random.integers(0, 10_000, rows)
    numbers = random.integers(0, 1000, rows)
    with jsonl.open("w") as as_json, csv.open("w") as as_csv:
        as_csv.write("event_time,word,user,score,n\n")
        for start in range(0, rows, CHUNK):
            part = slice(start, start + CHUNK)
            columns = (times, words, users, scores, numbers)
            events = list(zip(*(column[part].tolist() for column in columns), strict=True))
            as_json.writelines(
                f'{{"event_time":{t},"word":"word{w:04d}","user":"user{u:06d}",'
                f'"score":{s / 10000!r},"n":{n}}}\n'
                for t, w, u, s, n in events
            )
            as_csv.writelines(f"{t},word{w:04d},user{u:06d},{s / 10000!r},{n}\n" for t, w, u, s, n in events)
    return jsonl, csv
