"""Mistakes in a process: the error says what is meant, and does not advise to leave records out."""

from __future__ import annotations

import pytest

from pulse import Create, DeterministicRunner, EventTimer, KeyBy, Map, Pipeline, Process, ValueState
from pulse.errors import RecordError


def failure(transform) -> RecordError:
    p = Pipeline()
    _ = p | Create([{"a": 1}], times=[1]) | KeyBy("a") | transform
    with pytest.raises(RecordError) as raised:
        DeterministicRunner().run(p)
    assert __file__ in str(raised.value.where)
    return raised.value


def helper(record):
    return record


class Doing(Process):
    seen = ValueState("int64")
    held = ValueState()
    quiet = EventTimer()

    def __init__(self, body, on_timer=None):
        self.body, self.after = body, on_timer

    def process(self, ctx, record):
        return self.body(ctx, record)

    def on_timer(self, ctx, name):
        return self.after


@pytest.mark.parametrize(
    ("body", "message", "hint"),
    [
        (
            lambda ctx, _: ctx.sen.read(),
            (
                "AttributeError: ctx has no 'sen'; declared state and timers: seen, held, quiet; "
                "did you mean 'seen'?"
            ),
            None,
        ),
        (lambda ctx, _: ctx.seen.rede(), "AttributeError: 'Value' object has no attribute 'rede'", None),
        (
            lambda *_: 5,
            "process returned int 5, but must return a dict, an iterable of records, or None",
            "return a dict, or wrap a single record in a list",
        ),
        (
            lambda *_: "x",
            "process returned str 'x', but must return a dict, an iterable of records, or None",
            "return a dict, or wrap a single record in a list",
        ),
        (
            lambda ctx, _: ctx.quiet.set_after(5),
            "delay of timer 'quiet' 5 is not a duration",
            "write a timedelta or text such as '10s'",
        ),
        (
            lambda ctx, _: ctx.held.write(int),
            "state 'held' holds plain data, but was given type <class 'int'>",
            "state is plain data: numbers, text, bytes, times, and lists",
        ),
    ],
)
def test_of_a_process(body, message, hint):
    error = failure(Doing(body))
    assert error.message == message
    assert (error.hint or "").startswith(hint) if hint else error.hint is None


def test_of_a_timer_that_returns_no_records():
    error = failure(Doing(lambda ctx, _: ctx.quiet.set(5), on_timer=5))
    assert error.message.startswith("on_timer returned int 5, but must return a dict")
    assert error.hint == "return a dict, or wrap a single record in a list"


@pytest.mark.parametrize(
    ("function", "is_about_data"),
    [
        (lambda record: record["x"], True),
        (lambda record: record.get("x").lower(), True),
        (lambda record: record["a"] + "x", True),
        (lambda record: int("x"), True),
        (lambda record: unknown, False),  # noqa: F821 - the mistake
        (lambda record: helper(record, record), False),
        (lambda record: helper(recrod=record), False),
        (lambda record: Doing.nothing, False),
        (lambda record: __import__("nowhere"), False),
    ],
)
def test_only_errors_about_data_advise_to_skip(function, is_about_data):
    assert ("skip" in (failure(Map(function)).hint or "")) is is_about_data
