"""Query 12 counts by the clock of the run."""

from collections import Counter
from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from benchmarks.nexmark.clock import EPOCH, CountByClock
from benchmarks.nexmark.run import dump, run
from pulse import DeterministicRunner, KeyBy, Nexmark, Pipeline, TrioRunner
from pulse.testing import TestStream, assert_that, equal_to, run_test

SITE = Nexmark(1_000, group=10)


def counted(runner, folder):
    dump(SITE, folder)
    run(12, SITE, folder, runner)
    found = Counter()
    for row in pq.read_table(folder / "q12").to_pylist():
        assert (row["end"] - row["start"]).total_seconds() == 10
        assert row["start"].second % 10 == 0
        found[row["bidder"]] += row["count"]
    return found, Counter(pq.read_table(folder / "bids.parquet")["bidder"].to_pylist())


@pytest.mark.parametrize("runner", [TrioRunner(), DeterministicRunner(parallelism=2)])
def test_the_counts_of_a_person_add_up(runner, tmp_path):
    found, bids = counted(runner, tmp_path)
    assert found == bids


def test_a_bid_counts_in_the_window_in_which_it_is_seen():
    stream = (
        TestStream(schema={"bidder": "int64"})
        .elements([{"bidder": 1}, {"bidder": 2}])
        .processing_time("9999ms")
        .add({"bidder": 1}, at="1h")
        .processing_time("1ms")
        .add({"bidder": 1}, at=0)
        .processing_time("25s")
        .elements([{"bidder": 2}, {"bidder": 2}])
    )
    p = Pipeline()
    counts = p | stream | KeyBy("bidder") | CountByClock()
    seconds = [(1, 2, 0), (2, 1, 0), (1, 1, 10), (2, 2, 30)]
    expected = [
        {
            "bidder": bidder,
            "count": count,
            "start": EPOCH + timedelta(seconds=at),
            "end": EPOCH + timedelta(seconds=at + 10),
        }
        for bidder, count, at in seconds
    ]
    assert_that(run_test(p), equal_to(expected), of=counts)
