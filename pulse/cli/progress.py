"""Progress on standard error: a bar on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, Protocol

import click

from pulse.cli.figures import show_bytes, show_lag, show_rate, show_seconds, show_watermark

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.runners.progress import Progress

EVERY = 5.0
"""Seconds between two lines."""


def now_micros() -> int:
    """Return the wall clock in microseconds since the epoch."""
    return time.time_ns() // 1000


class Display(Protocol):
    """Shows how far a run has got."""

    def update(self, progress: Progress) -> None:
        """Show a new look at the run."""

    def stop(self) -> None:
        """Leave the screen to what comes next."""


class Silence:
    """Shows nothing."""

    def update(self, progress: Progress) -> None:
        """Show nothing."""

    def stop(self) -> None:
        """Have nothing to leave."""


class Lines:
    """Writes a line every few seconds of the run.

    Args:
        clock: gives the wall clock in microseconds, for the lag of what never ends.
    """

    def __init__(self, *, clock: Callable[[], int] = now_micros) -> None:
        self._clock = clock
        self._due = EVERY
        self._before: tuple[float, int] = (0.0, 0)

    def update(self, progress: Progress) -> None:
        """Write a line when it is due."""
        if progress.seconds < self._due:
            return
        self._due = progress.seconds + EVERY
        seconds, records = self._before
        self._before = (progress.seconds, progress.records_in)
        rate = show_rate(progress.records_in - records, progress.seconds - seconds)
        parts = [f"{show_seconds(progress.seconds)}: {progress.records_in:,} in ({rate})"]
        parts += [f"{progress.records_out:,} out", *facts(progress, self._clock()).values()]
        click.echo(", ".join(parts), err=True)

    def stop(self) -> None:
        """Have nothing to leave."""


class Bar:
    """Draws a bar with rate, watermark, lag and the time that is left.

    Args:
        console: a rich console on standard error.
        clock: gives the wall clock in microseconds.
    """

    def __init__(self, console: Any, *, clock: Callable[[], int] = now_micros) -> None:
        from rich.progress import BarColumn, TextColumn  # noqa: PLC0415 - only a terminal needs rich
        from rich.progress import Progress as RichProgress  # noqa: PLC0415

        self._clock = clock
        self._bar = RichProgress(
            BarColumn(bar_width=24), TextColumn("{task.description}"), console=console, transient=True
        )
        self._task = self._bar.add_task("starting", total=None)
        self._bar.start()

    def update(self, progress: Progress) -> None:
        """Redraw."""
        rate = show_rate(progress.records_in, progress.seconds)
        parts = [f"{progress.records_in:,} in", rate, f"{progress.records_out:,} out"]
        parts += facts(progress, self._clock()).values()
        self._bar.update(
            self._task,
            description="  ".join(parts),
            total=progress.bytes_total,
            completed=progress.bytes_in,
        )

    def stop(self) -> None:
        """Take the bar away."""
        self._bar.stop()


def facts(progress: Progress, now: int) -> dict[str, str]:
    """Return what else there is to say: the watermark; what is left, or how far a live run lags behind.

    Args:
        progress: a look at the run.
        now: the wall clock, microseconds.

    Example:
        >>> from pulse.runners.progress import Progress
        >>> list(facts(Progress(2.0, 10, 1, 500, 1000, watermark=0, late=3), 0).values())
        ['watermark 1970-01-01T00:00:00Z', '500 B of 1000 B', 'about 2.00 s left', '3 late']
    """
    found: dict[str, str] = {}
    if (mark := show_watermark(progress.watermark)) != "-":
        found["watermark"] = f"watermark {mark}"
    if progress.bytes_total:
        found["bytes"] = f"{show_bytes(progress.bytes_in)} of {show_bytes(progress.bytes_total)}"
        if 0 < progress.bytes_in < progress.bytes_total:
            left = progress.seconds * (progress.bytes_total - progress.bytes_in) / progress.bytes_in
            found["left"] = f"about {show_seconds(left)} left"
    elif (lag := show_lag(progress.watermark, now)) != "-":
        found["lag"] = f"lag {lag}"
    if progress.late:
        found["late"] = f"{progress.late:,} late"
    if progress.errored:
        found["errored"] = f"{progress.errored:,} errors"
    return found


def display_for(*, quiet: bool) -> Display:
    """Return the display that fits standard error."""
    if quiet:
        return Silence()
    if not sys.stderr.isatty():
        return Lines()
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs rich

    return Bar(Console(file=sys.stderr))
