"""Golden files: what a person sees of a plan, kept as text.

After a change that is meant, write them anew and look at the diff::

    PULSE_UPDATE_GOLDEN=1 pytest tests/graph
"""

import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden():
    """Compare a text with the golden file of a name, or write it."""

    def compare(name, text):
        path = GOLDEN / name
        if os.environ.get("PULSE_UPDATE_GOLDEN"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


def _site():
    """A pipeline with a bit of everything; nothing in it depends on where this file is."""
    from pulse import (
        Aggregate,
        Collect,
        Filter,
        Flatten,
        KeyBy,
        Map,
        Nexmark,
        Partition,
        Pipeline,
        Read,
        Select,
        Tumbling,
        Window,
        WithColumns,
        Write,
        col,
        count,
        mean,
    )
    from pulse.model.trace import Trace

    p = Pipeline("auction site")
    with p.at(Trace("site.py", 1)):
        bids = p | "bids" >> Read(Nexmark(10_000, only="bid"))
        fields = {"bidder": "int64", "price": "int64"}
        scored = bids | Filter("price > 100") | Select("bidder", "price", "channel")
        scored = scored | "score" >> Map(dict, preserves=["bidder"], schema=fields)
        per = scored | WithColumns(half=col("price") / 2) | KeyBy("bidder") | Window(Tumbling("10s"))
        spent = per | "spending" >> Aggregate(n=count(), half=mean("half"))
        (
            spent
            | Select("bidder", often=col("n") / 2)
            | Filter("often > 1 and bidder > 1000")
            | "rich" >> Write(Collect())
        )
        spent.late | "too late" >> Write(Collect())
        items = bids | KeyBy("auction") | "hot items" >> Aggregate(n=count())
        hot, cold = items | Partition(["n > 10"])
        (hot, cold) | Flatten() | "items" >> Write(Collect())
        items.late | "never" >> Write(Collect())
    return p


@pytest.fixture
def site():
    """The pipeline that the golden files show."""
    return _site()
