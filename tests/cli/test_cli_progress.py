"""Progress on a terminal and elsewhere, and the summary."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from pulse.cli.progress import Bar, Lines, Silence, display_for, facts
from pulse.cli.summary import as_text
from pulse.model.time import MAX_TIME
from pulse.runners.progress import Progress
from pulse.runners.result import RunResult

if TYPE_CHECKING:
    import pytest

SECOND = 1_000_000


def test_lines_come_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(clock=lambda: 12 * SECOND)
    for seconds in (0.5, 4.9, 5.0, 9.9, 10.5):
        lines.update(Progress(seconds, int(seconds * 1000), 3, 250, 1000, watermark=2 * SECOND))
    lines.stop()
    same = "3 out, watermark 1970-01-01T00:00:02Z, 250 B of 1000 B"
    assert capsys.readouterr().err.splitlines() == [
        f"5.00 s: 5,000 in (1,000/s), {same}, about 15.0 s left",
        f"10.5 s: 10,500 in (1,000/s), {same}, about 31.5 s left",
    ]


def test_facts_of_a_live_run() -> None:
    live = Progress(5.0, 10, 1, 500, None, watermark=2 * SECOND, late=1, errored=2)
    assert facts(live, 12 * SECOND) == {
        "watermark": "watermark 1970-01-01T00:00:02Z",
        "lag": "lag 10.0 s",
        "late": "1 late",
        "errored": "2 errors",
    }


def test_facts_at_the_ends() -> None:
    assert facts(Progress(0.0, 0, 0, 0, 1000), 0) == {"bytes": "0 B of 1000 B"}
    assert facts(Progress(1.0, 0, 0, 1000, 1000, watermark=MAX_TIME), 0) == {
        "watermark": "watermark end of time",
        "bytes": "1000 B of 1000 B",
    }


def test_a_bar_on_a_terminal() -> None:
    screen = io.StringIO()
    bar = Bar(Console(file=screen, force_terminal=True, width=160), clock=lambda: 0)
    bar.update(Progress(2.0, 4000, 3, 500, 1000, watermark=0))
    bar.stop()
    shown = screen.getvalue()
    assert (
        "4,000 in  2,000/s  3 out  watermark 1970-01-01T00:00:00Z  500 B of 1000 B  about 2.00 s left"
        in shown
    )


def test_the_display_fits_standard_error() -> None:
    assert isinstance(display_for(quiet=True), Silence)
    assert isinstance(display_for(quiet=False), Lines)


def test_a_summary_of_many_files() -> None:
    result = RunResult(seconds=2.0, written=tuple(f"part-{i}" for i in range(7)), interrupted=True)
    assert as_text(result).splitlines() == [
        "stopped after 2.00 s: 0 records in (0/s), 0 out, 0 late, 0 errors",
        *(f"wrote part-{i}" for i in range(5)),
        "and 2 more",
    ]
