"""Every NEXMark query equals a plain computation over the events, on both runners."""

from functools import cache

import pyarrow.parquet as pq
import pytest

from benchmarks.nexmark.queries import QUERIES
from benchmarks.nexmark.run import dump, run
from benchmarks.nexmark.site import Site
from pulse import DeterministicRunner, Nexmark, TrioRunner
from pulse.testing import run_test
from tests.benchmarks.nexmark_reference import Answers

CLOCK = 12
"""The query whose windows are those of the clock."""

STATEFUL = (3, 4, 5, 6, 7, 8, 9, 11, 16, 17, 18, 19, 20, 23)
"""Queries that remember something from record to record, beside the clock and the large table of query 13."""

SITES = {
    "few events": Nexmark(3),
    "no bid": Nexmark(4),
    "over days": Nexmark(2_000, inter_event_us=60_000_000),
    "small, shuffled": Nexmark(2_000, group=100, inter_event_us=1_000_000),
    "windows": Nexmark(20_000, inter_event_us=20_000),
    "windows, shuffled": Nexmark(20_000, group=100, inter_event_us=20_000),
    "crowded, shuffled": Nexmark(20_000, group=1_000),
}
SMALL = [name for name, site in SITES.items() if site.events < 10_000]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    @cache
    def of_site(site):
        folder = tmp_path_factory.mktemp("events")
        dump(SITES[site], folder)
        return Answers(
            *(
                pq.read_table(folder / f"{name}.parquet").to_pylist()
                for name in ("persons", "auctions", "bids", "side_input")
            )
        )

    return lambda site, number: of_site(site).of(number)


def rows(records):
    return sorted(tuple(record.values()) for record in records)


def check(number, site, runner, answers, folder):
    run(number, SITES[site], folder, runner)
    table = pq.read_table(folder / f"q{number}")
    expected = answers(site, number)
    assert all(list(record) == table.column_names for record in expected[:1])
    return table, expected


@pytest.mark.parametrize("number", [number for number in QUERIES if number != CLOCK])
@pytest.mark.parametrize("site", SITES)
def test_on_the_trio_runner(site, number, answers, tmp_path):
    table, expected = check(number, site, TrioRunner(), answers, tmp_path)
    assert rows(table.to_pylist()) == rows(expected)


@pytest.mark.parametrize("number", QUERIES)
@pytest.mark.parametrize("site", SMALL)
def test_on_the_deterministic_runner(site, number, answers, tmp_path):
    runner = DeterministicRunner(seed=number, bundle_size=97, parallelism=2, crash_at="random")
    table, expected = check(number, site, runner, answers, tmp_path)
    assert rows(table.to_pylist()) == rows(expected)


@pytest.mark.parametrize("number", STATEFUL)
def test_whatever_the_schedule(number):
    result = run_test(
        lambda p: QUERIES[number](Site(p, Nexmark(200, group=7, inter_event_us=300_000))), seeds=1
    )
    assert result.late == 0
