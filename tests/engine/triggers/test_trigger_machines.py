"""Trigger machines by themselves: what makes them ready, and what they remember."""

import json

import pytest

from pulse.engine.triggers import build_trigger
from pulse.engine.triggers.machine import Moment
from pulse.errors import PulseInternalError
from pulse.model.triggers import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Never,
    Repeatedly,
    Trigger,
)

END = 100


class Window:
    """A window of one trigger: a letter for each time it fires, as records come and time goes on."""

    def __init__(self, trigger, marks=None):
        self.machine = build_trigger(trigger)
        self.marks = {} if marks is None else marks
        self.watermark, self.now, self.fired, self.finished = 0, 0, 0, False

    def look(self):
        at = Moment(self.watermark, END, self.now)
        if not self.finished and self.machine.ready(self.marks, at):
            self.fired += 1
            self.finished = self.machine.fire(self.marks, at)

    def play(self, events):
        """``.`` is a record, ``W`` the end of the window, ``P`` a unit of processing time; return the firings."""
        found = ""
        for event in events:
            before = self.fired
            if event == "W":
                self.watermark = END
            elif event == "P":
                self.now += 1
            else:
                self.machine.add(self.marks, Moment(self.watermark, END, self.now))
            self.look()
            found += "!" if self.fired > before else "-"
        return found


PLAYED = {
    # trigger: (events, firings, whether it is finished)
    "default": (None, "..W.", "--!!", False),
    "watermark": (AfterWatermark(), "..W.", "--!-", True),
    "early": (AfterWatermark(early=AfterCount(2)), ".....W.", "-!-!-!-", True),
    "late": (AfterWatermark(late=AfterCount(2)), "..W.....", "--!-!-!-", False),
    "both": (AfterWatermark(AfterCount(2), AfterCount(1)), "...W..", "-!-!!!", False),
    "early by the clock": (AfterWatermark(early=AfterProcessingTime("2us")), ".PP.PPPW", "--!--!-!", True),
    "count": (AfterCount(2), "...", "-!-", True),
    "count of one": (AfterCount(1), ".", "!", True),
    "clock": (AfterProcessingTime("2us"), "P.P.PP", "----!-", True),
    "no delay": (AfterProcessingTime("0s"), ".", "!", True),
    "never": (Never(), "..W.PP", "------", False),
    "repeated count": (Repeatedly(AfterCount(2)), ".....", "-!-!-", False),
    "repeated clock": (Repeatedly(AfterProcessingTime("1us")), ".P.P", "-!-!", False),
    "repeated watermark": (Repeatedly(AfterWatermark()), "..W..", "--!!!", False),
    "repeated twice": (Repeatedly(Repeatedly(AfterCount(2))), "....", "-!-!", False),
    "any": (AfterAny(AfterCount(3), AfterWatermark()), ".W.", "-!-", True),
    "any that goes on": (AfterAny(Repeatedly(AfterCount(2)), AfterCount(5)), "......", "-!-!!-", True),
    "all": (AfterAll(AfterCount(2), AfterWatermark()), ".W..", "--!-", True),
    "all, with one that goes on": (AfterAll(AfterCount(2), Repeatedly(AfterCount(1))), "...", "-!!", False),
    "each": (AfterEach(AfterCount(2), AfterCount(1)), "....", "-!!-", True),
    "each, for ever": (AfterEach(AfterCount(1), Repeatedly(AfterCount(2))), ".....", "!-!-!", False),
    "each, repeated": (Repeatedly(AfterEach(AfterCount(1), AfterCount(2))), "......", "!-!!-!", False),
    "until the end": (Repeatedly(AfterCount(2)).or_finally(AfterWatermark()), "...W.", "-!-!-", True),
    "until a count": (Repeatedly(AfterCount(2)).or_finally(AfterCount(3)), "....", "-!!-", True),
    "finished before": (AfterCount(2).or_finally(AfterCount(3)), "....", "-!--", True),
    "early until": (
        AfterWatermark(early=AfterCount(3).or_finally(AfterProcessingTime("1us"))),
        "..P...",
        "--!--!",
        False,
    ),
}


@pytest.mark.parametrize("name", PLAYED)
def test_when_it_fires(name):
    trigger, events, wanted, finished = PLAYED[name]
    window = Window(trigger)
    assert window.play(events) == wanted
    assert window.finished is finished


@pytest.mark.parametrize("name", PLAYED)
def test_all_that_it_remembers_is_in_its_marks(name):
    """Built anew after each event, from marks that were plain data in between, it does the same."""
    trigger, events, wanted, _ = PLAYED[name]
    window, found = Window(trigger), ""
    for event in events:
        plain = json.loads(json.dumps(list(window.marks.items())))
        window.machine, window.marks = build_trigger(trigger), dict(map(tuple, plain))
        found += window.play(event)
    assert found == wanted


@pytest.mark.parametrize("name", PLAYED)
def test_after_a_reset_it_does_the_same_again(name):
    trigger, events, wanted, _ = PLAYED[name]
    window = Window(trigger)
    window.play(events)
    window.machine.reset(window.marks)
    again = Window(trigger, window.marks)
    assert again.play(events) == wanted


JOINED = {
    # trigger: (records before in one window, in the other, in both, firings then)
    "count": (AfterCount(3), ".", ".", ".", "!"),
    "repeated count": (Repeatedly(AfterCount(4)), "..", ".", "..", "!-"),
    "early count": (AfterWatermark(early=AfterCount(3)), ".", ".", ".W", "!!"),
    "all": (AfterAll(AfterCount(3), AfterWatermark()), ".", ".", ".W", "-!"),
    "each in the further place": (AfterEach(AfterCount(1), AfterCount(3)), ".", "", "...", "--!"),
    "the end": (AfterWatermark(), ".", ".", ".W", "-!"),
    "late stays late": (AfterWatermark(late=AfterCount(2)), ".W", ".", "..", "-!"),
}


@pytest.mark.parametrize("name", JOINED)
def test_windows_that_merge(name):
    trigger, here, there, after, wanted = JOINED[name]
    one, other = Window(trigger), Window(trigger)
    one.play(here)
    other.play(there)
    one.machine.join(one.marks, other.marks)
    one.machine.merged(one.marks)
    one.watermark = 0
    assert one.play(after) == wanted


def test_the_first_delay_counts_when_windows_merge():
    one, other = Window(AfterProcessingTime("5us")), Window(AfterProcessingTime("5us"))
    other.play("PP.")
    one.play(".")
    other.machine.join(other.marks, one.marks)
    assert list(other.marks.values()) == [5]


def test_every_trigger_of_a_tree_has_a_place_of_its_own():
    machine = build_trigger(AfterEach(AfterCount(1), AfterAny(AfterCount(2), AfterWatermark(AfterCount(3)))))
    assert [each.slot for each in machine.all()] == list(range(6))


def test_what_waits_for_the_end_keeps_the_hold():
    early = AfterWatermark(early=AfterCount(1))
    kept = [
        trigger
        for trigger in (None, early, Repeatedly(early), Never(), AfterCount(1))
        if build_trigger(trigger).keeps_hold
    ]
    assert kept == [None, early, Repeatedly(early)]


def test_a_trigger_of_another_kind_has_no_machine():
    with pytest.raises(PulseInternalError, match="has no machine"):
        build_trigger(Trigger())
