"""What the properties of aggregation are tried on."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pulse.model.windows import Calendar, Global, Session, Sliding, Tumbling
from tests.support.runs import AGGREGATES, Case

EXAMPLES = int(os.environ.get("PULSE_EXAMPLES", "60"))
"""How many examples each property tries; set the variable for a longer search."""

thorough = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES <= 100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

DAY = 86_400_000_000
small = st.integers(-30, 60)
records = st.fixed_dictionaries(
    {
        "k": st.sampled_from(["a", "b", None, "c"]),
        "n": st.none() | st.integers(-5, 5) | st.sampled_from([2**53 + 1, -(2**60)]),
        "x": st.none() | st.floats(-100, 100, width=32),
        "s": st.none() | st.sampled_from(["u", "v", "wx", ""]),
    }
)


@st.composite
def aligned(draw, *, calendar=True):
    kind = draw(st.sampled_from(["tumbling", "sliding", "global", *(["calendar"] if calendar else [])]))
    size, slide = draw(st.integers(1, 20)), draw(st.integers(1, 20))
    if kind == "tumbling":
        return Tumbling(f"{size}us", offset=f"{draw(st.integers(0, size - 1))}us")
    if kind == "sliding":
        return Sliding(f"{size}us", f"{slide}us", offset=f"{draw(st.integers(0, slide - 1))}us")
    if kind == "calendar":
        unit = draw(st.sampled_from(["day", "week", "month", "year"]))
        return Calendar(unit, draw(st.sampled_from(["UTC", "Europe/Berlin", "America/Sao_Paulo"])))
    return Global()


chosen = st.lists(st.sampled_from(sorted(AGGREGATES)), min_size=1, max_size=4, unique=True)
sessions = st.integers(1, 15).map(lambda gap: Session(f"{gap}us"))


@st.composite
def cases(draw, windows, *, simple=False, lateness=False):
    """Return an aggregation over events; a simple one counts by key, and fires again only with lateness."""
    window = draw(windows)
    scale = DAY // 3 if isinstance(window, Calendar) else 1
    events = draw(st.lists(st.tuples(records, small), max_size=25))
    jumps = draw(st.lists(st.integers(0, 9), min_size=1, max_size=5))
    delay = draw(
        st.none()
        | st.integers(0, 12).map(lambda d: d * scale)
        | st.just(lambda time, mark: max(mark, time - jumps[time % len(jumps)] * scale))
    )
    allowed = 0 if simple and not lateness else draw(st.sampled_from([0, 0, 1, 5, 12, 100])) * scale
    return Case(
        [record for record, _ in events],
        [time * scale for _, time in events],
        window,
        ["count"] if simple else draw(chosen),
        keyed=simple or draw(st.booleans()),
        lateness=allowed,
        discarding=draw(st.booleans()),
        timestamp=draw(st.sampled_from(["end_of_window", "earliest", "latest"])),
        delay=delay,
    )


@st.composite
def ways(draw, replicas=3):
    """Return a way to run: block and bundle size, seed, replicas, layout, fusion, crashes."""
    way = {
        "seed": draw(st.integers(0, 1000)),
        "bundle_size": draw(st.sampled_from([None, 1, 2, 7])),
        "block": draw(st.sampled_from([1, 3, 1000])),
        "rows": draw(st.booleans()),
        "fuse": draw(st.booleans()),
        "parallelism": draw(st.integers(1, replicas)),
    }
    if draw(st.booleans()):
        way["checkpoint_every"] = draw(st.integers(1, 6))
        way["crash_at"] = draw(st.lists(st.integers(1, 40), max_size=3))
    return way
