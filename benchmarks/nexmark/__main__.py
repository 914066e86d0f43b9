"""Run NEXMark queries over generated events, and write their results as Parquet.

    python -m benchmarks.nexmark --query 5 --events 100000 --out DIR

The result of query 5 is DIR/q5/*.parquet.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.nexmark.queries import QUERIES
from benchmarks.nexmark.run import dump, run
from pulse import DeterministicRunner, Nexmark, PulseError, TrioRunner

RUNNERS = {"trio": TrioRunner, "deterministic": DeterministicRunner}


def main(arguments: list[str] | None = None) -> None:
    """Run the queries that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.nexmark",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--query", type=_queries, required=True, help="a number, several (3,5,8), or all")
    parser.add_argument("--events", type=int, default=100_000, help="persons, auctions and bids together")
    parser.add_argument("--out", type=Path, required=True, help="directory of the results")
    parser.add_argument("--dump-events", type=Path, metavar="DIR", help="also write the events, as Parquet")
    parser.add_argument("--runner", choices=RUNNERS, default="trio")
    parser.add_argument("--group", type=int, default=1, help="events come out of order within so many")
    parser.add_argument("--inter-event-us", type=int, default=100, help="event time between two events")
    parser.add_argument("--parallelism", type=int, default=1, help="replicas of keyed steps")
    options = parser.parse_args(arguments)
    try:
        source = Nexmark(options.events, group=options.group, inter_event_us=options.inter_event_us)
        runners = {
            number: RUNNERS[options.runner](parallelism=options.parallelism) for number in options.query
        }
    except PulseError as error:
        parser.error(str(error))
    try:
        if options.dump_events is not None:
            dump(source, options.dump_events)
        for number, runner in runners.items():
            done = run(number, source, options.out, runner)
            print(f"q{number}: {done.records_in:,} in, {done.records_out:,} out, {done.seconds:.2f} s")
    except (PulseError, OSError) as error:
        parser.exit(1, f"{error}\n")


def _queries(text: str) -> list[int]:
    """Return the numbers of the queries that an argument names."""
    if text == "all":
        return list(QUERIES)
    try:
        numbers = [int(part.strip().removeprefix("q")) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, several numbers, or 'all'") from None
    for number in numbers:
        if number not in QUERIES:
            raise argparse.ArgumentTypeError(
                f"there is no query {number}; there are {', '.join(map(str, QUERIES))}"
            )
    return numbers


if __name__ == "__main__":
    main()
