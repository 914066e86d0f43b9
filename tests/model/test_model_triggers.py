"""Declarations of triggers: what they say of themselves, what they refuse, and their text."""

import copy

import pytest

from pulse.errors import PipelineError, WindowingError
from pulse.model.trigger_text import parse_trigger
from pulse.model.triggers import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Never,
    Repeatedly,
)

COUNT, DELAY, END = AfterCount(2), AfterProcessingTime("5s"), AfterWatermark()

FACTS = [
    # trigger, may finish without and with lateness, may repeat, speculates, fires at the end, by the clock
    (END, "no yes no no yes no"),
    (AfterWatermark(early=COUNT), "no yes yes yes yes no"),
    (AfterWatermark(late=COUNT), "no no yes no yes no"),
    (AfterWatermark(DELAY, COUNT), "no no yes yes yes yes"),
    (COUNT, "yes yes no yes no no"),
    (DELAY, "yes yes no yes no yes"),
    (Never(), "no no no no no no"),
    (Repeatedly(COUNT), "no no yes yes no no"),
    (Repeatedly(Never()), "no no no no no no"),
    (Repeatedly(END), "no no yes no yes no"),
    (AfterAny(COUNT, END), "yes yes no yes yes no"),
    (AfterAny(Repeatedly(COUNT), END), "no yes yes yes yes no"),
    (AfterAll(COUNT, END), "no yes no no yes no"),
    (AfterAll(COUNT, DELAY), "yes yes no yes no yes"),
    (AfterAll(COUNT, Never()), "no no no no no no"),
    (AfterEach(COUNT, END), "no yes yes yes yes no"),
    (AfterEach(COUNT, COUNT), "yes yes yes yes no no"),
    (AfterEach(COUNT), "yes yes no yes no no"),
    (Repeatedly(COUNT).or_finally(END), "no yes yes yes yes no"),
    (Repeatedly(COUNT).or_finally(DELAY), "yes yes yes yes no yes"),
]


@pytest.mark.parametrize(("trigger", "facts"), FACTS, ids=str)
def test_what_triggers_say_of_themselves(trigger, facts):
    found = [
        trigger.may_finish(0),
        trigger.may_finish(1),
        trigger.may_repeat,
        trigger.speculates,
        trigger.on_time,
        trigger.by_clock,
    ]
    assert " ".join("yes" if fact else "no" for fact in found) == facts


@pytest.mark.parametrize("trigger", [trigger for trigger, _ in FACTS], ids=str)
def test_the_text_of_a_trigger_is_read_back(trigger):
    text = str(trigger)
    assert parse_trigger(text) == trigger
    assert parse_trigger(f" {text}\n") == trigger


@pytest.mark.parametrize("trigger", [trigger for trigger, _ in FACTS], ids=str)
def test_triggers_are_values(trigger):
    again = parse_trigger(str(trigger))
    assert hash(again) == hash(trigger)
    assert copy.deepcopy(trigger) == trigger
    assert trigger != trigger.or_finally(END)


def test_early_and_late_repeat_in_any_case():
    assert AfterWatermark(Repeatedly(COUNT), Repeatedly(DELAY)) == AfterWatermark(COUNT, DELAY)


WRONG = {
    "count zero": (lambda: AfterCount(0), "AfterCount takes a positive integer, not 0"),
    "count negative": (lambda: AfterCount(-1), "a positive integer, not -1"),
    "count bool": (lambda: AfterCount(count=True), "a positive integer, not True"),
    "count float": (lambda: AfterCount(1.5), r"a positive integer, not 1\.5"),
    "count text": (lambda: AfterCount("2"), "a positive integer, not '2'"),
    "delay negative": (lambda: AfterProcessingTime("-1s"), "delay '-1s' is negative"),
    "delay number": (lambda: AfterProcessingTime(5), "delay 5 is not a duration"),
    "repeatedly a number": (lambda: Repeatedly(2), "Repeatedly takes a trigger, not 2"),
    "repeatedly a class": (
        lambda: Repeatedly(AfterWatermark),
        "Repeatedly takes a trigger, not AfterWatermark",
    ),
    "early": (lambda: AfterWatermark(early=100), r"AfterWatermark\(early=\.\.\.\) takes a trigger, not 100"),
    "late": (lambda: AfterWatermark(late="5s"), r"AfterWatermark\(late=\.\.\.\) takes a trigger, not '5s'"),
    "any of none": (AfterAny, "AfterAny takes at least 1 trigger, not 0"),
    "all of none": (AfterAll, "AfterAll takes at least 1 trigger, not 0"),
    "each of a list": (lambda: AfterEach([COUNT]), "AfterEach takes a trigger, not "),
    "finally nothing": (lambda: COUNT.or_finally(None), "OrFinally takes a trigger, not None"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name):
    make, message = WRONG[name]
    with pytest.raises(PipelineError, match=message):
        make()


def test_a_class_is_told_to_be_called():
    with pytest.raises(WindowingError) as caught:
        Repeatedly(AfterWatermark)
    assert caught.value.hint == "AfterWatermark is a class: write AfterWatermark(...)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "'x'",
        "AfterCount",
        "AfterCount(",
        "AfterCount(1) + 1",
        "AfterCount(1).or_else(Never())",
        "[Never()]",
    ],
)
def test_text_that_is_no_trigger(text):
    with pytest.raises(WindowingError, match="is not a trigger"):
        parse_trigger(text)


@pytest.mark.parametrize(
    "text", ["__import__('os').system('x')", "open('x')", "AfterCount(open('x'))", "Repeatedly(eval('1'))"]
)
def test_nothing_in_a_text_is_executed(text):
    with pytest.raises(WindowingError):
        parse_trigger(text)


def test_an_unknown_trigger_is_named():
    with pytest.raises(WindowingError, match="'AfterCounts' is not known") as caught:
        parse_trigger("AfterCounts(2)")
    assert "AfterCount" in caught.value.hint


def test_the_arguments_in_a_text_are_checked():
    with pytest.raises(WindowingError, match="a positive integer, not 0"):
        parse_trigger("Repeatedly(AfterCount(0))")
