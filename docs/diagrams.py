# ruff: noqa: INP001 - a script
"""Draw the pictures of the pages, as SVG.

Run:    python docs/diagrams.py
Expect: the files in docs/images, which a test compares with what this gives.

What is drawn is computed here from the definitions: the watermark is the running maximum minus the bound, a
record is late when its window has ended by the watermark before it.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

IMAGES = Path(__file__).parent / "images"

INK, SOFT, LINE, LATE, BANDS = "#1f2933", "#6b7785", "#2563a8", "#b3261e", ("#eef3f8", "#e0e9f2")
VIEWS = ((5, "/"), (50, "/docs"), (70, "/docs"), (40, "/docs"), (150, "/"), (20, "/docs"), (185, "/"))
"""The page views of the tutorial: seconds after 12:00:00, and the page."""

BOUND, SIZE = 30, 60


class Svg:
    """A drawing under construction; coordinates in pixels."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self.parts = [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
                f'height="{height}" font-family="system-ui, sans-serif" font-size="12" role="img">'
            ),
            f"<title>{title}</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        ]

    def box(
        self, x: float, y: float, width: float, height: float, fill: str, *, stroke: str = "none"
    ) -> None:
        """Draw a rectangle."""
        self.parts.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
            f'fill="{fill}" stroke="{stroke}"/>'
        )

    def path(self, points: list[tuple[float, float]], colour: str, *, dashed: bool = False) -> None:
        """Draw a line through points."""
        places = " ".join(f"{x:g},{y:g}" for x, y in points)
        dashes = ' stroke-dasharray="4 3"' if dashed else ""
        self.parts.append(
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="1.5"{dashes}/>'
        )

    def dot(self, x: float, y: float, colour: str, *, hollow: bool = False) -> None:
        """Draw a record."""
        fill = "#ffffff" if hollow else colour
        self.parts.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="5" fill="{fill}" stroke="{colour}" stroke-width="2"/>'
        )

    def text(self, x: float, y: float, text: str, colour: str = INK, anchor: str = "start") -> None:
        """Write a line of text."""
        escaped = text.replace("&", "&amp;").replace("<", "&lt;")
        self.parts.append(
            f'<text x="{x:g}" y="{y:g}" fill="{colour}" text-anchor="{anchor}">{escaped}</text>'
        )

    def done(self) -> str:
        """Return the drawing."""
        return "\n".join([*self.parts, "</svg>", ""])


def clock(seconds: int) -> str:
    """Return seconds after noon as a time.

    >>> clock(70)
    '12:01:10'
    """
    return f"{12 + seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def tutorial_watermark() -> str:
    """Draw the views of the tutorial by arrival and event time, with the watermark."""
    left, top, step, height = 90, 30, 80, 320
    width = left + step * (len(VIEWS) + 1) + 30
    svg = Svg(width, top + height + 50, "Page views in order of arrival, with the watermark")

    def y(seconds: float) -> float:
        return top + height - (seconds + 60) / 300 * height

    for index, start in enumerate(range(-60, 240, SIZE)):
        svg.box(left, y(start + SIZE), width - left - 20, y(start) - y(start + SIZE), BANDS[index % 2])
        svg.text(left - 8, y(start) + 4, clock(start) if start >= 0 else "11:59:00", SOFT, "end")
        if 0 <= start < 240 - SIZE:
            svg.text(
                width - 26,
                y(start + SIZE) + 14,
                f"[{clock(start)[:5]}, {clock(start + SIZE)[:5]})",
                SOFT,
                "end",
            )
    mark, highest = -60, -10_000
    trail = [(float(left), y(mark))]
    for index, (at, _) in enumerate(VIEWS):
        x = left + step * (index + 1)
        late = mark >= at // SIZE * SIZE + SIZE
        highest = max(highest, at)
        after = max(mark, highest - BOUND)
        trail += [(x, y(mark)), (x, y(after))]
        svg.dot(x, y(at), LATE if late else INK, hollow=late)
        svg.text(x + 9, y(at) - 7, f"{index + 1}" + (" late" if late else ""), LATE if late else INK)
        svg.text(x, top + height + 18, str(index + 1), SOFT, "middle")
        mark = after
    trail += [(width - 20, y(mark))]
    svg.path(trail, LINE)
    svg.text(width - 26, y(mark) + 16, "watermark", LINE, "end")
    svg.text(left - 8, 18, "event time", SOFT, "end")
    svg.text((left + width) / 2, top + height + 38, "order of arrival", SOFT, "middle")
    return svg.done()


class Kind(NamedTuple):
    """A kind of window, and the windows of it that are drawn."""

    name: str
    windows: tuple[tuple[int, int], ...]


KINDS = (
    Kind("Tumbling('60s')", tuple((s, s + 60) for s in range(0, 240, 60))),
    Kind("Sliding('60s', '30s')", tuple((s, s + 60) for s in range(-30, 240, 30))),
    Kind("Session('30s')", ((5, 49), (70, 145), (190, 220))),
)
RECORDS = (5, 12, 19, 70, 95, 115, 190)
"""Seconds of the records of one key; the sessions above follow from them."""


def window_kinds() -> str:
    """Draw the same records in tumbling, sliding and session windows."""
    left, row, width = 150, 92, 760
    svg = Svg(width, row * len(KINDS) + 40, "The records of one key in three kinds of windows")

    def x(seconds: float) -> float:
        return left + seconds / 240 * (width - left - 20)

    for index, kind in enumerate(KINDS):
        top = 14 + row * index
        svg.text(left - 12, top + 22, kind.name, INK, "end")
        for number, (start, end) in enumerate(kind.windows):
            lane = number % 2 if kind.name.startswith("Sliding") else 0
            low, high = max(start, 0), min(end, 240)
            svg.box(x(low), top + 34 + 18 * lane, x(high) - x(low) - 2, 14, BANDS[1], stroke="#9fb3c8")
        for at in RECORDS:
            svg.dot(x(at), top + 16, INK)
    bottom = 10 + row * len(KINDS)
    svg.path([(x(0), bottom), (x(240), bottom)], SOFT)
    for at in range(0, 241, 60):
        svg.text(x(at), bottom + 18, clock(at)[:5], SOFT, "middle")
    return svg.done()


SKEWED = ((10, 0), (30, 14), (62, 55), (80, 70), (112, 98), (130, 40), (150, 125), (170, 160))
"""Records of the picture of skew: when each came, and when it happened, in seconds."""


def watermark_skew() -> str:
    """Draw event time over processing time: the ideal, the records, and the watermark behind them."""
    left, top, width, height, span = 90, 20, 640, 300, 180
    svg = Svg(width, top + height + 48, "Event time over processing time, with the watermark")

    def x(seconds: float) -> float:
        return left + seconds / span * (width - left - 20)

    def y(seconds: float) -> float:
        return top + height - (seconds + 30) / (span + 30) * height

    for index, start in enumerate(range(0, span, SIZE)):
        svg.box(x(0), y(start + SIZE), x(span) - x(0), y(start) - y(start + SIZE), BANDS[index % 2])
        svg.text(x(0) + 6, y(start + SIZE) + 14, f"window {index + 1}", SOFT)
    svg.path([(x(0), y(0)), (x(span), y(span))], SOFT, dashed=True)
    svg.text(x(100), y(122), "as it happens", SOFT, "end")
    mark = -30
    trail = [(x(0), y(mark))]
    for came, at in SKEWED:
        late = mark >= at // SIZE * SIZE + SIZE
        after = max(mark, at - BOUND)
        trail += [(x(came), y(mark)), (x(came), y(after))]
        svg.dot(x(came), y(at), LATE if late else INK, hollow=late)
        if late:
            svg.text(x(came) + 9, y(at) + 4, "late: window 1 is over", LATE)
        mark = after
    svg.path([*trail, (x(span), y(mark))], LINE)
    svg.text(x(84), y(18), "watermark", LINE)
    svg.text(left - 8, top + 10, "event time", SOFT, "end")
    svg.text((x(0) + x(span)) / 2, top + height + 32, "processing time", SOFT, "middle")
    return svg.done()


PANE_RECORDS = (10, 25, 20, 40, 75, 50, 95, 55, 30, 140, 35)
"""Event times, in order of arrival, of the picture of panes; the window drawn is the first minute."""

LATENESS, EARLY = 45, 2
"""The window takes late records for so long, and fires early at every second record."""


class Firing(NamedTuple):
    """A firing of the window that is drawn: after which record, when by the watermark, and of how many."""

    after: int
    timing: str
    records: int


def firings() -> list[Firing]:
    """Return when the first minute fires: early at every second record, on time, and for each late one."""
    found, records, fresh, mark = [], 0, 0, -10_000
    for index, at in enumerate(PANE_RECORDS):
        if at < SIZE and mark < SIZE + LATENESS:
            records, fresh = records + 1, fresh + 1
            if mark >= SIZE or fresh == EARLY:
                found.append(Firing(index, "late" if mark >= SIZE else "early", records))
                fresh = 0
        after = max(mark, at - BOUND)
        if mark < SIZE <= after:
            found.append(Firing(index, "on_time", records))
            fresh = 0
        mark = after
    return found


def window_panes() -> str:
    """Draw the early, on-time and late panes of one window, by order of arrival."""
    left, top, step, height = 110, 30, 60, 250
    width = left + step * (len(PANE_RECORDS) + 1) + 20
    svg = Svg(width, top + height + 92, "The early, on-time and late panes of one window")

    def y(seconds: float) -> float:
        return top + height - (seconds + 20) / 180 * height

    def x(index: float) -> float:
        return left + step * (index + 1)

    svg.box(left, y(SIZE), width - left - 20, y(0) - y(SIZE), BANDS[1])
    svg.text(width - 26, y(0) - 6, "the window", SOFT, "end")
    for seconds, name in ((0, "start"), (SIZE, "end"), (SIZE + LATENESS, "end + lateness")):
        svg.path([(left, y(seconds)), (width - 20, y(seconds))], SOFT, dashed=seconds > SIZE)
        svg.text(left - 8, y(seconds) + 4, name, SOFT, "end")
    mark, trail = -20, [(float(left), y(-20))]
    for index, at in enumerate(PANE_RECORDS):
        gone = at < SIZE and mark >= SIZE + LATENESS
        after = max(mark, at - BOUND)
        trail += [(x(index), y(mark)), (x(index), y(after))]
        svg.dot(x(index), y(at), LATE if gone else INK if at < SIZE else SOFT, hollow=gone)
        if gone:
            svg.text(x(index), y(at) + 18, "too late", LATE, "middle")
        mark = after
    svg.path([*trail, (width - 20.0, y(mark))], LINE)
    svg.text(width - 26, y(mark) - 8, "watermark", LINE, "end")
    bottom = top + height
    for firing in firings():
        place = x(firing.after) + step / 2 - 6
        svg.path([(place, y(SIZE)), (place, bottom + 12)], INK, dashed=True)
        svg.text(place, bottom + 26, firing.timing.replace("_", " "), INK, "middle")
        svg.text(place, bottom + 42, f"{firing.records} records", SOFT, "middle")
    svg.text((left + width) / 2, bottom + 74, "order of arrival", SOFT, "middle")
    return svg.done()


def sliding_slices() -> str:
    """Draw the slices that sliding windows share."""
    left, width, slide, size, span = 150, 760, 15, 60, 120
    svg = Svg(width, 218, "Sliding windows of 60 s every 15 s are made of shared slices of 15 s")

    def x(seconds: float) -> float:
        return left + seconds / span * (width - left - 20)

    svg.text(left - 12, 28, "records", INK, "end")
    for at in (4, 9, 17, 33, 36, 41, 52, 66, 78, 83, 97, 112):
        svg.dot(x(at), 24, INK)
    svg.text(left - 12, 61, "slices, in state", INK, "end")
    for index, start in enumerate(range(0, span, slide)):
        svg.box(x(start), 44, x(start + slide) - x(start) - 2, 26, BANDS[index % 2], stroke="#9fb3c8")
    svg.text(left - 12, 101, "windows", INK, "end")
    for lane, start in enumerate(range(0, span - size + 1, slide)):
        top = 88 + 18 * lane
        svg.box(x(start), top, x(start + size) - x(start) - 2, 14, BANDS[1], stroke="#9fb3c8")
        svg.text(x(start) + 6, top + 11, f"[{start} s, {start + size} s)", SOFT)
    svg.path([(x(0), 184), (x(span), 184)], SOFT)
    for at in range(0, span + 1, slide):
        svg.text(x(at), 202, f"{at} s", SOFT, "middle")
    return svg.done()


def sessions_merge() -> str:
    """Draw how a record that comes between two sessions of a key makes them one."""
    left, width, gap, span = 150, 760, 30, 120
    svg = Svg(width, 216, "A record between two sessions merges them")

    def x(seconds: float) -> float:
        return left + seconds / span * (width - left - 20)

    rows = (("after 5 and 18 s", (5, 18)), ("after 63 s", (5, 18, 63)), ("after 40 s", (5, 18, 63, 40)))
    for index, (name, records) in enumerate(rows):
        top = 18 + 56 * index
        svg.text(left - 12, top + 14, name, INK, "end")
        merged: list[list[int]] = []
        for at in sorted(records):
            if merged and at < merged[-1][1]:
                merged[-1][1] = at + gap
            else:
                merged.append([at, at + gap])
        for start, end in merged:
            svg.box(x(start), top + 22, x(end) - x(start), 16, BANDS[1], stroke="#9fb3c8")
            svg.text(x(start) + 6, top + 34, f"[{start} s, {end} s)", SOFT)
        for at in records:
            svg.dot(x(at), top + 10, LINE if at == records[-1] else INK)
    svg.path([(x(0), 184), (x(span), 184)], SOFT)
    for at in range(0, span + 1, 30):
        svg.text(x(at), 202, f"{at} s", SOFT, "middle")
    return svg.done()


QUIET, BACK, CAUGHT_UP = 60, 130, 160
"""Of the picture of idle inputs: the input stops, counts as idle 20 s later, speaks again, has caught up."""


def idle_input() -> str:
    """Draw the watermarks of two inputs, one of which is idle for a while, and what follows from them."""
    left, top, width, height, span = 90, 20, 660, 260, 200
    svg = Svg(width, top + height + 48, "The watermark of two inputs, one of which goes quiet")

    def x(seconds: float) -> float:
        return left + seconds / span * (width - left - 90)

    def y(seconds: float) -> float:
        return top + height - seconds / span * height

    def quiet(at: float) -> float:
        """Return the watermark of the input that goes quiet; what it brings back is old at first."""
        last = 0.65 * min(at, QUIET)
        if at < BACK:
            return last
        caught_up = busy(CAUGHT_UP)
        if at < CAUGHT_UP:
            return last + (at - BACK) / (CAUGHT_UP - BACK) * (caught_up - last)
        return caught_up + 0.6 * (at - CAUGHT_UP)

    def busy(at: float) -> float:
        return 0.9 * at

    idle = QUIET + 20
    svg.box(x(idle), top, x(CAUGHT_UP) - x(idle), height, BANDS[0])
    svg.text((x(idle) + x(CAUGHT_UP)) / 2, top + 14, "B does not count", SOFT, "middle")
    moments = range(0, span + 1, 2)
    svg.path([(x(at), y(busy(at))) for at in moments], SOFT)
    svg.path([(x(at), y(quiet(at))) for at in moments], SOFT, dashed=True)
    svg.text(x(span) + 6, y(busy(span)) + 2, "input A", SOFT)
    svg.text(x(BACK) + 4, y(quiet(BACK)) + 16, "input B", SOFT)
    mark, trail = 0.0, []
    for at in moments:
        lowest = busy(at) if idle <= at < CAUGHT_UP else min(busy(at), quiet(at))
        mark = max(mark, lowest)
        trail.append((x(at), y(mark) + 3))
    svg.path(trail, LINE)
    svg.text(x(40), y(quiet(40)) + 22, "watermark of both", LINE)
    svg.text(left - 8, top + 10, "event time", SOFT, "end")
    svg.text((x(0) + x(span)) / 2, top + height + 32, "processing time", SOFT, "middle")
    return svg.done()


DRAWINGS = {
    "tutorial-watermark.svg": tutorial_watermark,
    "window-kinds.svg": window_kinds,
    "watermark-skew.svg": watermark_skew,
    "window-panes.svg": window_panes,
    "sliding-slices.svg": sliding_slices,
    "sessions-merge.svg": sessions_merge,
    "idle-input.svg": idle_input,
}


def main() -> None:
    """Write all drawings."""
    IMAGES.mkdir(exist_ok=True)
    for name, draw in DRAWINGS.items():
        (IMAGES / name).write_text(draw(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
