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


DRAWINGS = {"tutorial-watermark.svg": tutorial_watermark, "window-kinds.svg": window_kinds}


def main() -> None:
    """Write all drawings."""
    IMAGES.mkdir(exist_ok=True)
    for name, draw in DRAWINGS.items():
        (IMAGES / name).write_text(draw(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
