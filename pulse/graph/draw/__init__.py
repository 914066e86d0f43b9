"""Drawings of graphs and plans: Graphviz, Mermaid and JSON."""

from __future__ import annotations

from pulse.graph.draw.dot import to_dot
from pulse.graph.draw.json import to_data, to_json
from pulse.graph.draw.mermaid import to_mermaid
from pulse.graph.draw.render import render

__all__ = ["render", "to_data", "to_dot", "to_json", "to_mermaid"]
