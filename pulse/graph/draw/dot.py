"""Drawings for Graphviz."""

from __future__ import annotations

from html import escape
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from pulse.graph.draw.drawing import drawing_of

if TYPE_CHECKING:
    from pulse.graph.draw.drawing import Arrow, Box, Drawing, Frame, Kind

LOOKS: dict[Kind, tuple[str, str, str]] = {
    "source": ("box", "#DDF1E4", "#2F855A"),
    "sink": ("folder", "#DCE9F9", "#2B6CB0"),
    "python": ("note", "#FFF3D1", "#B7791F"),
    "state": ("cylinder", "#EBE1F8", "#6B46C1"),
    "route": ("hexagon", "#E9EDF2", "#4A5568"),
    "convert": ("box", "#FFFFFF", "#A0AEC0"),
    "step": ("box", "#F4F6F8", "#718096"),
}
"""Shape, fill and outline of each kind of step."""

WIDTH = 34
"""Characters of a line of text in a box."""

_FONT = 'fontname="Helvetica,Arial,sans-serif"'


def to_dot(what: Any, *, optimized: bool | None = None) -> str:
    """Return the Graphviz source of a drawing.

    A plan shows its stages as frames, with the number of replicas, and on each arrow between stages how
    records travel and in which layout. The fields of a collection show when the pointer rests on its arrow.

    Args:
        what: a ``Pipeline``, a ``Graph`` or a ``Plan``.
        optimized: True for the compiled plan, False for the steps as written; None: whichever ``what`` is.

    Example:
        >>> from pulse import Create, Filter, Pipeline
        >>> p = Pipeline("small")
        >>> _ = p | Create([{"a": 1}]) | Filter("a > 0")
        >>> print(to_dot(p).splitlines()[0])
        digraph "small" {
    """
    drawing = drawing_of(what, optimized=optimized)
    ids = {box.name: f"step{i}" for i, box in enumerate(drawing.boxes)}
    lines = [
        f"digraph {_quoted(drawing.name)} {{",
        f"  graph [{_FONT}, fontsize=11, rankdir=TB, nodesep=0.45, ranksep=0.5, compound=true, pad=0.3];",
        f'  node [{_FONT}, fontsize=11, style="filled", penwidth=1.2, margin="0.18,0.09"];',
        f'  edge [{_FONT}, fontsize=9, color="#4A5568", fontcolor="#4A5568", arrowsize=0.7, penwidth=1.1];',
    ]
    lines += _steps(drawing, ids)
    lines += [f"  {_arrow(arrow, ids)}" for arrow in drawing.arrows]
    return "\n".join([*lines, "}", ""])


def _steps(drawing: Drawing, ids: dict[str, str]) -> list[str]:
    boxes = {box.name: _box(box, ids[box.name]) for box in drawing.boxes}
    if not drawing.frames:
        return [f"  {text}" for text in boxes.values()]
    lines = []
    for number, frame in enumerate(drawing.frames):
        inner = [boxes[name] for name in frame.boxes]
        lines += _framed(frame, number, inner) if _worth(frame) else [f"  {text}" for text in inner]
    return lines


def _worth(frame: Frame) -> bool:
    """Return whether a frame says more than the one step in it does."""
    return len(frame.boxes) > 1 or frame.label != "1 replica"


def _framed(frame: Frame, number: int, inner: list[str]) -> list[str]:
    many = frame.label != "1 replica"
    color, fill, text = ("#6B46C1", "#FAF7FE", "#6B46C1") if many else ("#CBD5E0", "#FCFDFE", "#718096")
    return [
        f"  subgraph cluster_{number} {{",
        f'    label={_quoted(frame.label)}; labeljust="r"; style="rounded,filled"; fillcolor="{fill}";',
        f'    color="{color}"; fontcolor="{text}"; fontsize=10; penwidth=1.2; margin=12;',
        *(f"    {text}" for text in inner),
        "  }",
    ]


def _box(box: Box, ident: str) -> str:
    shape, fill, outline = LOOKS[box.kind]
    lines = [f"<b>{escape(line)}</b>" for line in wrap(box.title, WIDTH)]
    lines += [escape(line) for line in wrap(box.detail, WIDTH)]
    lines += [
        f'<font point-size="9" color="#4A5568">{escape(line)}</font>'
        for note in box.notes
        for line in wrap(note, WIDTH + 8)
    ]
    style = "rounded,filled" if shape == "box" else "filled"
    style += {"convert": ",dashed", "source": ",bold"}.get(box.kind, "")
    return (
        f'{ident} [label=<{"<br/>".join(lines)}>, shape={shape}, style="{style}", fillcolor="{fill}", '
        f'color="{outline}", tooltip={_quoted(box.hint)}];'
    )


def _arrow(arrow: Arrow, ids: dict[str, str]) -> str:
    looks = [f"tooltip={_quoted(arrow.hint)}", f"labeltooltip={_quoted(arrow.hint)}"]
    if arrow.label:
        looks.insert(0, f"label={_quoted(f' {arrow.label} ')}")
    if arrow.aside:
        looks.append('style="dashed", color="#C05621", fontcolor="#C05621"')
    elif arrow.crosses:
        looks.append('penwidth=2, color="#6B46C1", fontcolor="#6B46C1"')
    return f"{ids[arrow.source]} -> {ids[arrow.target]} [{', '.join(looks)}];"


def _quoted(text: str) -> str:
    r"""Return text as a quoted string of the language.

    Example:
        >>> print(_quoted('say "a\\b"'))
        "say \"a\\b\""
    """
    inner = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'
