"""Groupings as transcripts: what happens, line by line, and the panes that come out at each.

A line is ``event -> panes``. Events: records that arrive together (``1@3 b:2@4``: value, time in seconds, and
a key, ``k`` unless given), ``W10`` (the watermark is 10 s), ``P5`` (processing time goes on by 5 s), ``end``.
A pane is ``b[0,10) 1 2 early``: the key unless it is ``k``, the window, the values in order of their text or
``-``, and the timing unless it is on time. Panes of one line are told apart by ``;``, in order of the keys,
those of one key in the order in which they came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from pulse import Aggregate, KeyBy, Pipeline, Window, WithMetadata, collect
from pulse.model.windows import Tumbling, Windowing
from pulse.testing import TestStream

SECOND = 1_000_000
_ELEMENT = re.compile(r"(?:(\w+):)?(-?\w+)@(-?[\d.]+)")


def parse(text: str) -> tuple[list[str], list[str]]:
    """Return the events and what comes of each."""
    lines = [line.strip() for line in text.strip().splitlines()]
    pairs = [line.partition("->") for line in lines]
    return [event.strip() for event, _, _ in pairs], [panes.strip() for _, _, panes in pairs]


def stream(events: list[str], **options: Any) -> TestStream:
    """Return the script of some events."""
    made = TestStream(schema={"k": "string", "v": "string"}, **options)
    for event in events:
        if event == "end":
            made = made.end()
        elif "@" in event:
            found = [_ELEMENT.fullmatch(each) for each in event.split()]
            assert all(found), event
            groups = [each.groups() for each in found if each]
            records = [{"k": key or "k", "v": value} for key, value, _ in groups]
            made = made.elements(records, time=[micros(time) for _, _, time in groups])
        elif event[0] == "W":
            made = made.watermark(micros(event[1:]))
        else:
            assert event[0] == "P", event
            made = made.processing_time(micros(event[1:]))
    return made


def micros(seconds: str) -> int:
    """Return seconds as microseconds."""
    return int(Decimal(seconds) * SECOND)


def seconds(time: int) -> str:
    """Return microseconds as seconds."""
    return f"{(Decimal(time) / SECOND).normalize():f}"


def span(window: tuple[int, int]) -> str:
    """Return a window as text; the global one as ``[all)``."""
    return "[all)" if window[0] == -(2**63) else f"[{seconds(window[0])},{seconds(window[1])})"


def shown(outcome: Any, *, timed: bool = True) -> str:
    """Return a pane as text."""
    record, timing = outcome.record, outcome.pane.timing if outcome.pane else "on_time"
    key = record.get("k", "k")
    parts = [
        f"{'' if key == 'k' else key}{span(outcome.window)}",
        " ".join(sorted(record["vs"] or ())) or "-",
        "" if timing == "on_time" or not timed else timing,
    ]
    return " ".join(part for part in parts if part)


def line(step: list[Any], *, timed: bool = True) -> str:
    """Return the panes of one event."""
    return "; ".join(shown(each, timed=timed) for each in sorted(step, key=lambda o: o.record.get("k", "k")))


def play(
    runner: Any, text: str, window: Any, *, keyed: bool = True, late: int = 0, closed: int = 0, **options: Any
) -> None:
    """Assert that a grouping gives what a transcript says, one by one and, where it can be, in bulk.

    Args:
        runner: what runs it.
        text: the transcript.
        window: the window.
        keyed: whether by key, or over all.
        late: how many records are too late.
        closed: how many are dropped because their windows are closed, or they lie in no window.
        options: of ``Window``.
    """
    events, wanted = parse(text)
    by_default = Windowing(window, trigger=options.get("trigger")).by_default
    for numbered in (True, False) if by_default else (True,):
        p = Pipeline()
        source = p | stream(events)
        if keyed:
            source = source | KeyBy("k")
        grouped = source | Window(window, **options) | "group" >> Aggregate(vs=collect("v"))
        out = grouped | WithMetadata("timing") if numbered else grouped
        result = runner.run(p)
        found = [line(step, timed=numbered) for step in result.steps(out)]
        plain = [re.sub(r" (early|late)\b", "", each) for each in wanted]
        check(events, found, wanted if numbered else plain)
        step = result.ledger["group"]
        check(["late", "filtered"], [step.late, step.filtered], [late, closed])
        check(["late records"], [len(result.late_records(grouped))], [late])


def check(events: list[str], found: list[Any], wanted: list[Any]) -> None:
    """Assert that what came out at each event is what should."""
    wrong = [
        f"{event} -> {one}   instead of   {other}"
        for event, one, other in zip(events, found, wanted, strict=True)
        if one != other
    ]
    assert not wrong, "\n".join(wrong)


def bulk(runner: Any, text: str, wanted: list[str], window: Any, **options: Any) -> None:
    """Assert what comes of records that arrive together, once they have all come."""
    play(runner, f"{text} ->\nend -> {'; '.join(wanted)}", window, **options)


@dataclass
class Case:
    """A transcript with what it is about; see ``play``."""

    text: str
    window: Any = field(default_factory=lambda: Tumbling("10s"))
    options: dict[str, Any] = field(default_factory=dict)
    late: int = 0
    closed: int = 0
    keyed: bool = True

    def play(self, runner: Any) -> None:
        """Assert that the engine does what it says."""
        play(
            runner,
            self.text,
            self.window,
            keyed=self.keyed,
            late=self.late,
            closed=self.closed,
            **self.options,
        )
