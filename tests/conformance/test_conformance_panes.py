"""Panes that another engine emitted, step by step, replayed through the adapter in every way of running."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import pytest

from pulse.model.time import MAX_EVENT_TIME
from pulse.testing.panes import adapter

SHARED = os.environ.get("PULSE_SHARED")
WAYS = {
    "whole": {},
    "one by one": {"one_by_one": True},
    "trio": {"runner": "trio"},
    "restored": {"restore_each_step": True},
}

pytestmark = pytest.mark.skipif(SHARED is None, reason="PULSE_SHARED is not set: the scenarios are not here")


@cache
def scenarios():
    with Path(SHARED or "", "conformance", "beam_panes_public.jsonl").open() as lines:
        return list(map(json.loads, lines))


def shown(pane):
    """Return what panes are compared by; the global window and its end under their names there."""
    window, time = pane["window"], pane["timestamp"]
    everything = window == "GLOBAL" or window[1] > MAX_EVENT_TIME
    return repr(
        (
            pane["key"],
            "GLOBAL" if everything else tuple(window),
            sorted(pane["values"]),
            "EOG" if time == MAX_EVENT_TIME else time,
            pane["timing"],
            pane["is_first"],
        )
    )


@pytest.mark.parametrize("way", WAYS)
def test_scenarios(way):
    # A restore after every step of every run takes long: a part of them has to do.
    chosen = scenarios()[:: 12 if way == "restored" else 1]
    assert len(chosen) >= 15
    for scenario in chosen:
        grouping = adapter.with_options(**WAYS[way]).group_by_key(**scenario["spec"])
        for kind, given in scenario["steps"]:
            grouping.add(kind, given)
        for found, emitted in zip(grouping.steps(), scenario["emitted"], strict=True):
            wanted = set(map(shown, emitted))
            assert wanted <= set(map(shown, found)), scenario["id"]
            # What no trigger fired is given at cleanup; the other engine loses it.
            extra = [pane for pane in found if shown(pane) not in wanted]
            assert all(pane["is_last"] and pane["values"] for pane in extra), scenario["id"]


def test_a_snapshot_goes_on_where_it_was_taken():
    spec = {
        "window": ("fixed", 10),
        "trigger": ("repeatedly", ("count", 2)),
        "mode": "accumulating",
        "combiner": "latest",
        "allowed_lateness": 0,
    }
    grouping = adapter.group_by_key(**spec)
    assert grouping.push([("k", 1, 3)]) == []
    restored = adapter.restore(grouping.snapshot(), **spec)
    [pane] = restored.push([("k", 2, 5)])
    assert (pane["values"], pane["timestamp"], pane["timing"]) == ([1, 2], 5, "EARLY")
    assert restored.dropped() == 0
