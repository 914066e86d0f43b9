"""The one table of functions: to add a function, add a line to one of these, and a method that builds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulse.model.expressions.logic import LOGIC
from pulse.model.expressions.numeric import NUMERIC
from pulse.model.expressions.strings import STRINGS
from pulse.model.expressions.temporal import TEMPORAL

if TYPE_CHECKING:
    from pulse.model.expressions.function import Function

FUNCTIONS: dict[str, Function] = {**LOGIC, **NUMERIC, **STRINGS, **TEMPORAL}
"""Every function, by the name that ``Call.function`` holds."""
