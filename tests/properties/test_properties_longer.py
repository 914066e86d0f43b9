"""Hundreds of records in disorder, many keys, long watermark series: what small examples do not reach."""

from __future__ import annotations

from random import Random

import pytest

from pulse.model.windows import Session, Sliding, Tumbling
from tests.properties.strategies import EXAMPLES
from tests.support.runs import Case, check, run

WINDOWS = {
    "session wide": Session("200us"),
    "session as wide as the disorder": Session("50us"),
    "session narrow": Session("20us"),
    "tumbling": Tumbling("60us", offset="7us"),
    "sliding": Sliding("100us", "30us"),
    "sliding in gaps": Sliding("20us", "45us"),
}
LATENESS = {
    "none": {},
    "accumulating": {"lateness": 70},
    "discarding": {"lateness": 30, "discarding": True},
    "accumulating earliest": {"lateness": 1000, "timestamp": "earliest"},
}


def disordered(seed, window, *, count=300, keys=6, disorder=50, step=5, **how):
    """Return an aggregation over records that come up to ``disorder`` late, with a watermark that does not wait."""
    random = Random(seed)
    times = [i * step + random.randint(-disorder, 0) for i in range(count)]
    records = [
        {"k": f"k{random.randrange(keys)}", "n": i, "x": random.random(), "s": random.choice("uvw")}
        for i in range(count)
    ]
    names = ["count", "collect_n", "mean_x", random.choice(["joined", "folded", "last_n", "top_n"])]
    return Case(records, times, window, names, delay=random.choice([0, 0, 10]), **how)


@pytest.mark.parametrize("seed", range(max(1, EXAMPLES // 60)))
@pytest.mark.parametrize("how", LATENESS)
@pytest.mark.parametrize("window", WINDOWS)
def test_disorder(window, how, seed):
    case = disordered(f"{window} {how} {seed}", WINDOWS[window], **LATENESS[how])
    check(case, run(case, rows=seed % 2 == 1))
    check(case, run(case, block=17, seed=seed, parallelism=2, checkpoint_every=9, crash_at=[20, 35]))
