"""The optimiser: an ordered list of rules. One rule is one file and one pure function from graph to graph."""

from __future__ import annotations

from pulse.graph.optimiser.run import RULES, Rule, optimise

__all__ = ["RULES", "Rule", "optimise"]
