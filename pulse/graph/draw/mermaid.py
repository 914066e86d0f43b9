"""Drawings for Mermaid, which Markdown viewers show in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.graph.draw.dot import LOOKS
from pulse.graph.draw.drawing import drawing_of

if TYPE_CHECKING:
    from pulse.graph.draw.drawing import Arrow, Box, Drawing, Kind

SHAPES: dict[Kind, tuple[str, str]] = {
    "source": ("([", "])"),
    "sink": ("[[", "]]"),
    "python": ("[/", "/]"),
    "state": ("[(", ")]"),
    "route": ("{{", "}}"),
    "convert": ("[", "]"),
    "step": ("[", "]"),
}
"""The brackets that give each kind of step its shape."""


def to_mermaid(what: Any, *, optimized: bool | None = None) -> str:
    r"""Return the Mermaid source of a drawing; see ``to_dot`` for what it shows.

    Example:
        >>> from pulse import Create, Filter, Pipeline
        >>> p = Pipeline()
        >>> _ = p | Create([{"a": 1}]) | Filter("a > 0")
        >>> print("\n".join(to_mermaid(p).splitlines()[:4]))
        flowchart TD
          step0(["<b>Create</b><br/>Read(memory(1 record))"]):::source
          step1["<b>Filter</b><br/>a #gt; 0"]:::step
          step0 --> step1
    """
    drawing = drawing_of(what, optimized=optimized)
    ids = {box.name: f"step{i}" for i, box in enumerate(drawing.boxes)}
    lines = ["flowchart TD", *_steps(drawing, ids)]
    lines += [f"  {_arrow(arrow, ids)}" for arrow in drawing.arrows]
    used = {box.kind for box in drawing.boxes}
    lines += [
        f"  classDef {kind} fill:{fill},stroke:{outline},color:#1A202C"
        for kind, (_, fill, outline) in LOOKS.items()
        if kind in used
    ]
    return "\n".join([*lines, ""])


def _steps(drawing: Drawing, ids: dict[str, str]) -> list[str]:
    boxes = {box.name: _box(box, ids[box.name]) for box in drawing.boxes}
    if not drawing.frames:
        return [f"  {text}" for text in boxes.values()]
    lines = []
    for number, frame in enumerate(drawing.frames):
        lines.append(f'  subgraph stage{number}["{_escaped(frame.label)}"]')
        lines += [f"    {boxes[name]}" for name in frame.boxes]
        lines.append("  end")
    return lines


def _box(box: Box, ident: str) -> str:
    left, right = SHAPES[box.kind]
    parts = [f"<b>{_escaped(box.title)}</b>", *map(_escaped, filter(None, [box.detail, *box.notes]))]
    return f'{ident}{left}"{"<br/>".join(parts)}"{right}:::{box.kind}'


def _arrow(arrow: Arrow, ids: dict[str, str]) -> str:
    line = "-.->" if arrow.aside else "==>" if arrow.crosses else "-->"
    label = f'|"{_escaped(arrow.label)}"|' if arrow.label else ""
    return f"{ids[arrow.source]} {line}{label} {ids[arrow.target]}"


def _escaped(text: str) -> str:
    """Return text in which no character means anything to Mermaid."""
    for sign, code in (
        ("#", "#35;"),
        ("&", "#amp;"),
        ('"', "#quot;"),
        ("<", "#lt;"),
        (">", "#gt;"),
        ("`", "#96;"),
    ):
        text = text.replace(sign, code)
    return text
