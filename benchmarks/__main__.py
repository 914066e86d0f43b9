"""Time Pulse and hand-written loops on the same files, each run in a process of its own, in turn.

    python -m benchmarks --rows 5000000 --runs 3

Prints, per workload, the median seconds of each, its peak memory, and its speed relative to plain Python.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path

from benchmarks import data

WORKLOADS = {
    "JSON lines, count by word in tumbling 60 s": (
        "jsonl",
        {
            "plain Python": "loops.python_count",
            "pyarrow loop, two threads": "loops.arrow_count",
            "Pulse": "pipelines.count_jsonl",
        },
    ),
    "CSV, the same": (
        "csv",
        {
            "plain Python": "loops.python_count_csv",
            "pyarrow streaming reader": "loops.arrow_count_csv",
            "Pulse": "pipelines.count_csv",
        },
    ),
    "Two Python functions, tumbling sum": (
        "jsonl",
        {
            "plain Python": "loops.python_functions",
            "Pulse": "pipelines.functions",
            "Pulse, two processes": "pipelines.functions_in_processes",
            "Pulse, as expressions": "pipelines.expressions",
        },
    ),
}


def run_one(target: str, path: Path) -> None:
    """Run one function in this process and print what it took as JSON."""
    module, function = target.split(".")
    work = getattr(import_module(f"benchmarks.{module}"), function)
    started = time.perf_counter()
    results = work(path)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"seconds": seconds, "results": results, "peak_mb": peak}))


def measure(target: str, path: Path) -> dict[str, float]:
    """Run one function in a process of its own and return what it took."""
    command = [sys.executable, "-m", "benchmarks", "--one", target, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Run the benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000, help="events in each file")
    parser.add_argument("--runs", type=int, default=3, help="runs of each, in turn; the median counts")
    parser.add_argument("--data", type=Path, default=Path(tempfile.gettempdir()) / "pulse-benchmarks")
    parser.add_argument("--one", nargs=2, metavar=("TARGET", "PATH"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        run_one(arguments.one[0], Path(arguments.one[1]))
        return
    jsonl, csv = data.make(arguments.data, arguments.rows)
    print(f"{arguments.rows:,} events, median of {arguments.runs}; Python {platform.python_version()}\n")
    for title, (kind, targets) in WORKLOADS.items():
        path = jsonl if kind == "jsonl" else csv
        found: dict[str, list[dict[str, float]]] = {name: [] for name in targets}
        for _ in range(arguments.runs):
            for name, target in targets.items():
                found[name].append(measure(target, path))
        print(f"### {title}\n\n| | seconds | million records/s | times plain Python | peak MB |")
        print("|---|---|---|---|---|")
        base = statistics.median(run["seconds"] for run in found["plain Python"])
        answers = {runs[0]["results"] for runs in found.values()}
        for name, runs in found.items():
            seconds = statistics.median(run["seconds"] for run in runs)
            rate = arguments.rows / seconds / 1e6
            peak = max(run["peak_mb"] for run in runs)
            print(f"| {name} | {seconds:.2f} | {rate:.2f} | {base / seconds:.2f} | {peak:.0f} |")
        print(f"\nresults: {', '.join(str(answer) for answer in answers)}\n")


if __name__ == "__main__":
    main()
